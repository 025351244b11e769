package main

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"gantry/transfer"
	"gantry/transfer/journal"
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

// movedBefore is for a source that is not there: an earlier run may have been killed
// after it had deleted the last file, and before it could say so. It gives what that
// run has receipts of, or the reason why there is nothing to move.
func (c *copier) movedBefore(reason error) (pairs []pair, err error) {
	dir, err := statePath(copyID(c.from.address(c.from.path), c.to.address(c.to.path)))
	if err != nil {
		return nil, err
	}
	if _, err := os.Stat(filepath.Join(dir, "store")); errors.Is(err, os.ErrNotExist) {
		return nil, reason
	}
	j, err := journal.Recover(dir, journal.Options{Logger: c.app.logger()})
	if err != nil {
		return nil, err
	}
	defer j.Close()
	for data, err := range j.Receipts() {
		var r transfer.Receipt
		if err == nil {
			err = json.Unmarshal(data, &r)
		}
		if err != nil {
			return nil, err
		}
		if r.Source.Location == c.from.label() && len(r.Copies) == 1 {
			pairs = append(pairs, pair{Source: r.Source.Path, Destination: r.Copies[0].Path, Size: r.Size})
		}
	}
	if len(pairs) == 0 {
		return nil, reason
	}
	return pairs, nil
}
