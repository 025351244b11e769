package main

import (
	"context"
	"fmt"
	"maps"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"gantry/connectors"
	"gantry/connectors/all"
)

func optionFlag(cmd *cobra.Command, into *[]string, name, usage string) {
	cmd.Flags().StringArrayVar(into, name, nil, strings.ReplaceAll(usage, "`", "'"))
	_ = cmd.RegisterFlagCompletionFunc(name, func(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
		var names []string
		for _, c := range all.Connectors() {
			for _, o := range c.Options {
				names = append(names, o.Name+"=\t"+c.Name+": "+o.Help)
			}
		}
		return names, cobra.ShellCompDirectiveNoSpace
	})
}

// withOptions adds what was typed to a location's own options.
func withOptions(l connectors.Location, typed []string) (connectors.Location, error) {
	if len(typed) == 0 {
		return l, nil
	}
	options := maps.Clone(l.Options)
	if options == nil {
		options = make(map[string]string, len(typed))
	}
	for _, each := range typed {
		name, value, ok := strings.Cut(each, "=")
		if !ok || name == "" {
			return l, coded(exitUsage, fmt.Errorf("option is %q: write NAME=VALUE", each))
		}
		options[name] = value
	}
	l.Options = options
	return l, nil
}

// withPassedOver says on standard error which names a listing leaves out.
func withPassedOver(ctx context.Context) context.Context {
	return connectors.WithPassedOver(ctx, func(name string, reason error) {
		fmt.Fprintf(os.Stderr, "passed over %s: %v\n", printable(name), reason)
	})
}
