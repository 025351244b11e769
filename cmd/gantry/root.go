package main

import (
	"log/slog"
	"os"

	"github.com/spf13/cobra"
)

// An app is what all commands share: settings, and how to print.
type app struct {
	settings settings
	format   string // of results: table, json, yaml
	config   string // file of settings
	began    bool   // what was typed and set is well-formed, and the command runs
}

func newRoot(a *app) *cobra.Command {
	root := &cobra.Command{
		Use:   "gantry",
		Short: "Moves media between venues, storages and partners, and drives what happens around each move",
		Long: `Gantry moves media between venues, storages and partners with checksummed, resumable
transfers, and drives what happens around each move: QC, transcoding, delivery, archive.

  gantry demo                     see all of it on one clip
  gantry up                       hub and agent on this machine, for good
  gantry copy SRC DST             one verified transfer between any two places

Exit codes: 0 done, 1 failed, 2 wrong usage, 3 not found, 4 hub or place not reachable,
130 interrupted.`,
		SilenceErrors: true, SilenceUsage: true,
		PersistentPreRunE: func(cmd *cobra.Command, _ []string) error {
			if err := checkFormat(a.format); err != nil {
				return err
			}
			return a.settings.load(cmd, a.config)
		},
	}
	flags := root.PersistentFlags()
	flags.StringVarP(&a.format, "output", "o", "table", "how results are printed: table, json or yaml")
	flags.StringVar(&a.config, "config", "", "file of settings (default: gantry.yaml in the user's configuration folder, if there is one)")
	declareSettings(flags)
	_ = root.RegisterFlagCompletionFunc("output", cobra.FixedCompletions([]string{"table", "json", "yaml"}, cobra.ShellCompDirectiveNoFileComp))
	_ = root.RegisterFlagCompletionFunc("log-level", cobra.FixedCompletions([]string{"debug", "info", "warn", "error"}, cobra.ShellCompDirectiveNoFileComp))
	root.AddCommand(
		upCommand(a), demoCommand(a), copyCommand(a), moveCommand(a), lsCommand(a), statCommand(a), sweepCommand(a), watchCommand(a), probeCommand(a), connectorsCommand(a), applyCommand(a), getCommand(a), describeCommand(a),
		assetCommand(a), runCommand(a), transferCommand(a), manifestCommand(a), doctorCommand(a), versionCommand(a),
	)
	root.SetFlagErrorFunc(flagMistake)
	a.watchUsage(root)
	return root
}

// logger writes to standard error, in the level that the settings say.
func (a *app) logger() *slog.Logger {
	var level slog.Level
	_ = level.UnmarshalText([]byte(a.settings.LogLevel)) // checked by settings.load
	return slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: level}))
}
