package main

import (
	"net/url"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"gantry/transfer/steer"
)

// forThisRun are flags that do not belong to what was asked for.
var forThisRun = []string{"dry-run", "output", "progress", "verbose", "priority", "deadline", "bwlimit", "help", "log-level"}

// askedOf writes down a command as it was typed, so that it can be carried out again.
func askedOf(cmd *cobra.Command, args []string, a *app) steer.Record {
	r := steer.Record{Command: append([]string{cmd.Name()}, args...), Flags: map[string][]string{}, Asked: time.Now().UTC()}
	r.Dir, _ = os.Getwd() // without one, paths were absolute
	r.Flags["data"] = []string{a.settings.Data}
	cmd.Flags().Visit(func(f *pflag.Flag) {
		if slices.Contains(forThisRun, f.Name) {
			return
		}
		r.Flags[f.Name] = []string{f.Value.String()}
		if list, ok := f.Value.(pflag.SliceValue); ok {
			r.Flags[f.Name] = list.GetSlice()
		}
	})
	return r
}

// reopen gives what was typed in a form that carries no secret, and the options that
// name where those are kept.
func (s *spot) reopen(typed string, options []string) (string, []string) {
	if redacted(typed) == typed {
		return typed, options
	}
	u, err := url.Parse(s.location.URL)
	if err != nil {
		return redacted(typed), options
	}
	u = u.JoinPath(s.path)
	if strings.HasSuffix(s.typed, "/") && !strings.HasSuffix(u.Path, "/") {
		u.Path += "/"
	}
	options = nil
	for name, value := range s.location.Options {
		options = append(options, name+"="+value)
	}
	slices.Sort(options)
	return u.String(), options
}

// again gives the words of the command line that asks for the same again.
func again(r steer.Record) []string {
	args := slices.Clone(r.Command)
	for name, values := range r.Flags {
		for _, value := range values {
			args = append(args, "--"+name+"="+value)
		}
	}
	slices.Sort(args[len(r.Command):])
	return args
}
