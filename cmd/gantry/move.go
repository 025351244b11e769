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
		Use: "move SRC DST", Aliases: []string{"mv"}, Short: "Moves a file or a folder between any two places: copies it, and deletes the source on a receipt",
		Long: `Copies as gantry copy does, and deletes each source file once its copy is proved and the receipt is on
disk, if the file still is the version that was copied. A file that is at its destination already with the
same digest is deleted without being sent again. Killed at any moment, the same command goes on; at every
moment the file is whole at one of the two ends, or at both.

Folders that become empty are left. A file whose copy is proved by nothing but its size (a drop box)
stays, unless --delete-unproved says otherwise. Inside one storage a file is renamed where nothing has its
new path; two hard links are two names, of which the source's goes. Where the two ends turn out to be the same file by two
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

// movedBefore adds what a listing of the source lacks because an earlier run was killed:
// files that had been moved or deleted before that could be written down. reason is why
// there was nothing to list, if so; it is returned if nothing is found.
func (c *copier) movedBefore(pairs []pair, reason error) ([]pair, error) {
	dir, err := statePath(copyID(c.from.address(c.from.path), c.to.address(c.to.path)))
	if err != nil {
		return nil, err
	}
	if _, err := os.Stat(filepath.Join(dir, "store")); errors.Is(err, os.ErrNotExist) {
		return pairs, reason
	}
	j, err := journal.Recover(dir, journal.Options{Logger: c.app.logger()})
	if err != nil {
		return pairs, reason // carryOut says what is wrong, if anything is left to do
	}
	defer j.Close()
	listed := map[string]bool{}
	for _, p := range pairs {
		listed[p.Source] = true
	}
	add := func(location, source, destination string, size int64) {
		if location == c.from.label() && !listed[source] {
			listed[source] = true
			pairs = append(pairs, pair{Source: source, Destination: destination, Size: size})
		}
	}
	renamed, err := transfer.HalfRenamed(j)
	if err != nil {
		return nil, err
	}
	for _, r := range renamed {
		add(r.From, r.Source.Path, r.Path, r.Source.Size)
	}
	if reason == nil || len(pairs) > 0 {
		return pairs, nil
	}
	for data, err := range j.Receipts() {
		var r transfer.Receipt
		if err == nil {
			err = json.Unmarshal(data, &r)
		}
		if err != nil {
			return nil, err
		}
		if len(r.Copies) == 1 {
			add(r.Source.Location, r.Source.Path, r.Copies[0].Path, r.Size)
		}
	}
	if len(pairs) == 0 {
		return nil, reason
	}
	return pairs, nil
}
