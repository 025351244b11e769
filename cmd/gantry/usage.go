package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"
)

// watchUsage has cmd and all below it say how they are used when they are used
// wrongly, and note when they begin: what fails before that is wrong usage.
func (a *app) watchUsage(cmd *cobra.Command) {
	if check := cmd.Args; check != nil {
		cmd.Args = func(cmd *cobra.Command, args []string) error {
			if err := check(cmd, args); err != nil {
				return argumentMistake(cmd, args)
			}
			return nil
		}
	}
	if begin := cmd.RunE; begin != nil {
		cmd.RunE = func(cmd *cobra.Command, args []string) error {
			a.began = true
			return begin(cmd, args)
		}
	}
	for _, sub := range cmd.Commands() {
		a.watchUsage(sub)
	}
}

func flagMistake(cmd *cobra.Command, err error) error {
	return fmt.Errorf("%w: see `%s --help`", err, cmd.CommandPath())
}

func argumentMistake(cmd *cobra.Command, args []string) error {
	if cmd.HasSubCommands() {
		return unknownCommand(cmd, args[0])
	}
	count := fmt.Sprintf("%d arguments are", len(args))
	if len(args) == 1 {
		count = "1 argument is"
	}
	return fmt.Errorf("%s not what this command takes: write `%s`, or see `%s --help`", count, cmd.UseLine(), cmd.CommandPath())
}

func unknownCommand(cmd *cobra.Command, typed string) error {
	cmd.SuggestionsMinimumDistance = 2
	text := fmt.Sprintf("there is no command %q", cmd.CommandPath()+" "+typed)
	if near := cmd.SuggestionsFor(typed); len(near) > 0 {
		text += ": did you mean " + strings.Join(near, ", ") + "?"
	} else {
		text += ": see `" + cmd.CommandPath() + " --help`"
	}
	return fmt.Errorf("%s", text)
}

// group is a command that only holds others.
func group(use, short string, subs ...*cobra.Command) *cobra.Command {
	cmd := &cobra.Command{
		Use: use, Short: short, Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(subs...)
	return cmd
}
