package main

import (
	"errors"

	"github.com/spf13/cobra"

	"gantry/transfer/custody"
)

func manifestFlattenCommand(a *app) *cobra.Command {
	k := &keeper{app: a, parallel: 4}
	cmd := &cobra.Command{
		Use: "flatten FOLDER DEST", Short: "Writes one packing list of all that a folder's histories know",
		Long: `Puts the generations of a folder, and of the folders inside that have histories of their own, together
in one manifest outside: a packing list. It goes to DEST/collection_DATE. No file is read.`,
		Example: `  gantry manifest flatten /mnt/raid/A001 /mnt/raid/lists`,
		Args:    cobra.ExactArgs(2), ValidArgsFunction: a.completePlaces(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			from, err := k.begin(cmd.Context(), args[0])
			if err != nil {
				return err
			}
			defer from.Close()
			to, err := k.folder(cmd.Context(), args[1])
			if err != nil {
				return err
			}
			defer to.Close()
			if within(to.address(to.path), from.address(from.path)) {
				return coded(exitUsage, errors.New("the packing list would lie inside the folder, and count as a new file there: name a DEST outside"))
			}
			report, err := custody.Flatten(cmd.Context(), from.patient, from.path, to.patient, to.path, custody.FlattenOptions{
				Maker: k.maker, Name: from.name(), Ignore: k.ignore, DryRun: k.dryRun, Now: now,
			})
			return k.tell(cmd, report, err, func(*custody.Report) int { return 0 })
		},
	}
	k.makerFlags(cmd)
	k.ignoreFlags(cmd)
	k.placeFlags(cmd)
	return cmd
}
