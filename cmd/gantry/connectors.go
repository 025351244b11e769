package main

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"gantry/connectors/all"
)

// A protocol is a connector as it is printed.
type protocol struct {
	Name    string   `json:"name"`
	Schemes []string `json:"schemes"`
	Summary string   `json:"summary"`
	Options []option `json:"options"`
}

type option struct {
	Name    string `json:"name"`
	Help    string `json:"help"`
	Default string `json:"default,omitempty"`
	Example string `json:"example,omitempty"`
	Secret  bool   `json:"secret,omitempty"`
}

func connectorsCommand(a *app) *cobra.Command {
	markdown := false
	cmd := &cobra.Command{
		Use: "connectors [NAME]", Short: "Lists the kinds of places, and the options of each",
		Long: "Lists the kinds of places that Gantry can read and write, or explains every option of one of them.\nAn option that is a secret takes a reference: env:NAME or file:PATH.",
		Example: `  gantry connectors
  gantry connectors sftp`,
		Args: cobra.MaximumNArgs(1), ValidArgs: protocolNames(),
		RunE: func(cmd *cobra.Command, args []string) error {
			list := protocols()
			if len(args) == 1 {
				i := slices.IndexFunc(list, func(p protocol) bool { return p.Name == args[0] || slices.Contains(p.Schemes, args[0]) })
				if i < 0 {
					return coded(exitNotFound, fmt.Errorf("there is no connector %q: there are %s", args[0], strings.Join(protocolNames(), ", ")))
				}
				list = list[i : i+1]
			}
			if markdown {
				return reference(cmd.OutOrStdout(), list)
			}
			return a.print(cmd.OutOrStdout(), list, func(w io.Writer) error {
				if len(args) == 1 {
					return list[0].table(w)
				}
				return protocolTable(w, list)
			})
		},
	}
	cmd.Flags().BoolVar(&markdown, "markdown", false, "print the page of the manual")
	return cmd
}

func protocols() []protocol {
	var list []protocol
	for _, c := range all.Connectors() {
		p := protocol{Name: c.Name, Schemes: c.Schemes, Summary: c.Summary, Options: []option{}}
		for _, o := range c.Options {
			p.Options = append(p.Options, option{o.Name, o.Help, o.Default, o.Example, o.Secret})
		}
		list = append(list, p)
	}
	return list
}

func protocolNames() []string {
	var names []string
	for _, c := range all.Connectors() {
		names = append(names, c.Name)
	}
	return names
}

func protocolTable(w io.Writer, list []protocol) error {
	rows := make([][]string, len(list))
	for i, p := range list {
		rows[i] = []string{p.Name, strings.Join(p.urls(), " "), p.Summary}
	}
	return columns(w, "NAME URL SUMMARY", rows)
}

func (p protocol) urls() []string {
	urls := make([]string, len(p.Schemes))
	for i, scheme := range p.Schemes {
		urls[i] = scheme + "://"
	}
	return urls
}

func (p protocol) table(w io.Writer) error {
	if _, err := fmt.Fprintf(w, "%s: %s\n\n", p.Name, p.Summary); err != nil {
		return err
	}
	rows := make([][]string, len(p.Options))
	for i, o := range p.Options {
		rows[i] = []string{o.Name, orDash(o.Default), orDash(o.Example), o.help()}
	}
	return columns(w, "OPTION DEFAULT EXAMPLE HELP", rows)
}

func (o option) help() string {
	if o.Secret {
		return o.Help + " (secret: a reference)"
	}
	return o.Help
}

// reference writes the page of the manual: every connector with its options.
func reference(w io.Writer, list []protocol) error {
	var b strings.Builder
	b.WriteString("# Kinds of places, and their options\n\nMade by `gantry connectors --markdown` from what the connectors declare. A secret is a reference, `env:NAME` or\n`file:PATH`, and never the value itself.\n")
	for _, p := range list {
		fmt.Fprintf(&b, "\n## %s\n\n`%s` %s\n\n", p.Name, strings.Join(p.urls(), "` `"), p.Summary)
		if len(p.Options) == 0 {
			b.WriteString("It has no options.\n")
			continue
		}
		b.WriteString("| option | meaning | default | example |\n|---|---|---|---|\n")
		for _, o := range p.Options {
			fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n", o.Name, cell(o.help()), code(o.Default), code(o.Example))
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func cell(text string) string { return strings.ReplaceAll(text, "|", `\|`) }

func code(text string) string {
	if text == "" {
		return ""
	}
	return "`" + cell(text) + "`"
}
