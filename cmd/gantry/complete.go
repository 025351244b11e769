package main

import (
	"context"
	"maps"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
)

type completer = func(cmd *cobra.Command, args []string, typed string) ([]string, cobra.ShellCompDirective)

// completePlaces completes up to n arguments with locations, or files.
func (a *app) completePlaces(n int) completer {
	return func(cmd *cobra.Command, args []string, typed string) ([]string, cobra.ShellCompDirective) {
		if len(args) >= n {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		if a.settings.load(cmd, a.config) != nil {
			return nil, cobra.ShellCompDirectiveDefault
		}
		set, err := a.documents()
		if err != nil {
			return nil, cobra.ShellCompDirectiveDefault
		}
		var names []string
		for _, name := range slices.Sorted(maps.Keys(set.Locations)) {
			if strings.HasPrefix(name+":", typed) {
				names = append(names, name+":")
			}
		}
		if len(names) == 0 {
			return nil, cobra.ShellCompDirectiveDefault
		}
		return names, cobra.ShellCompDirectiveNoSpace
	}
}

// completeThings completes a kind, and then what the hub has of it.
func (a *app) completeThings(cmd *cobra.Command, args []string, typed string) ([]string, cobra.ShellCompDirective) {
	switch len(args) {
	case 0:
		return kindNames(), cobra.ShellCompDirectiveNoFileComp
	case 1:
		return a.completeNames(args[0])(cmd, nil, typed)
	}
	return nil, cobra.ShellCompDirectiveNoFileComp
}

// completeNames completes one argument with what the hub has of a kind. A hub that
// does not answer at once completes nothing.
func (a *app) completeNames(kind string) completer {
	return func(cmd *cobra.Command, args []string, typed string) ([]string, cobra.ShellCompDirective) {
		k, err := findKind(kind)
		if err != nil || len(args) > 0 || a.settings.load(cmd, a.config) != nil {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
		defer cancel()
		var page struct {
			Items []struct{ ID, Name string }
		}
		if err := a.client().get(ctx, k.path, k.query(url.Values{}), &page); err != nil {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		var names []string
		for _, item := range page.Items {
			name := item.Name
			if item.ID != "" {
				name = item.ID
			}
			if strings.HasPrefix(name, typed) {
				names = append(names, name)
			}
		}
		return names, cobra.ShellCompDirectiveNoFileComp
	}
}
