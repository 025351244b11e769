package main

import (
	"github.com/spf13/cobra"

	"gantry/transfer"
)

func moveCommand(a *app) *cobra.Command {
	c := &copier{app: a, move: transfer.MoveProved}
	unproved := false
	cmd := c.command(&cobra.Command{
		Use: "move SRC DST", Short: "Moves a file or a folder between any two places: copies it, and deletes the source on a receipt",
		Long: `Copies as gantry copy does, and deletes each source file once its copy is proved and the receipt is on
disk, if the file still is the version that was copied. A file that is at its destination already with the
same digest is deleted without being sent again. Killed at any moment, the same command goes on; at every
moment the file is whole at one of the two ends, or at both.

Folders that become empty are left. A file whose copy is proved by nothing but its size (a drop box)
stays, unless --delete-unproved says otherwise. Where the two ends turn out to be the same file by two
names, nothing is moved; to find that out, a small file is put beside the source for a moment.`,
		Example: `  gantry move /Volumes/CARD/DCIM archive:2026/card-7/
  gantry move sftp://me@host/outgoing/ s3://bucket/in/ --dry-run`,
	})
	run := cmd.RunE
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if unproved {
			c.move = transfer.MoveAnyway
		}
		return run(cmd, args)
	}
	cmd.Flags().BoolVar(&unproved, "delete-unproved", false, "delete a source also where nothing but the size speaks for its copy")
	return cmd
}
