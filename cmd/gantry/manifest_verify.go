package main

import (
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"gantry/connectors"
	"gantry/transfer/custody"
)

func manifestVerifyCommand(a *app) *cobra.Command {
	k := &keeper{app: a, parallel: 4}
	var o custody.VerifyOptions
	var f custody.FolderOptions
	var list string
	var folders bool
	cmd := &cobra.Command{
		Use: "verify FOLDER", Short: "Hashes a folder and holds it against its history",
		Long: `Hashes every file of a folder and holds it against the digest that its history recorded first. Nothing
is written. Files that are missing, new or different are named, and the exit code tells the worst.`,
		Example: `  gantry manifest verify /mnt/delivery/A001
  gantry manifest verify s3://bucket/2026/A001 --packing-list packinglist_A001_2026-05-01_120000Z.mhl
  gantry manifest verify A001 --directory-hash`,
		Args: cobra.ExactArgs(1), ValidArgsFunction: a.completePlaces(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			s, err := k.begin(cmd.Context(), args[0])
			if err != nil {
				return err
			}
			defer s.Close()
			p := newHashProgress(cmd)
			if folders || f.Calculate || f.RootOnly {
				f.Ignore, f.Parallel, f.Progress = k.ignore, k.parallel, p
				return k.verifyFolders(cmd, s, f, p)
			}
			if list != "" {
				if o.PackingList, err = os.ReadFile(list); err != nil {
					return err
				}
			}
			if o.File != "" {
				if o.File, err = s.inside(o.File); err != nil {
					return err
				}
			}
			o.Ignore, o.Parallel, o.Progress = k.ignore, k.parallel, p
			report, err := custody.Verify(cmd.Context(), s.patient, s.path, o)
			p.stop()
			if o.File != "" && report != nil && connectors.KindOf(err) == connectors.KindNotFound {
				return coded(exitNoFile, err)
			}
			return k.tell(cmd, report, err, verifiedCode)
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&o.File, "file", "", "verify this file below FOLDER alone")
	flags.StringVar(&list, "packing-list", "", "hold the files against this manifest, a file of this machine, in place of the history")
	flags.BoolVar(&folders, "directory-hash", false, "hold the hashes of folders against those that were recorded last")
	flags.BoolVar(&f.Calculate, "calculate-only", false, "print the hashes of folders and compare none")
	flags.BoolVar(&f.RootOnly, "root-only", false, "of the folders, look at FOLDER alone")
	flags.StringVar(&f.Format, "digest", "", "the digest of folder hashes (default: that of the last generation)")
	k.ignoreFlags(cmd)
	k.readFlags(cmd)
	k.placeFlags(cmd)
	return cmd
}

func verifiedCode(r *custody.Report) int {
	switch {
	case r.Has(custody.Changed, custody.UnreadableFile):
		return exitChanged
	case r.Has(custody.New):
		return exitNewFiles
	case r.Has(custody.Missing, custody.MissingFolder):
		return exitMissing
	}
	return 0
}

// folderReport is what was found of folders, and their hashes.
type folderReport struct {
	*custody.Report
	Sums []custody.FolderSum `json:"folders"`
}

func (k *keeper) verifyFolders(cmd *cobra.Command, s *spot, o custody.FolderOptions, p *hashProgress) error {
	report, sums, err := custody.VerifyFolders(cmd.Context(), s.patient, s.path, o)
	p.stop()
	if err != nil {
		return historyError(err)
	}
	err = k.print(cmd.OutOrStdout(), folderReport{report, sums}, func(w io.Writer) error {
		rows := make([][]string, len(sums))
		for i, f := range sums {
			rows[i] = []string{f.Path, f.Format, f.Content, f.Structure}
		}
		if err := columns(w, "FOLDER DIGEST CONTENT STRUCTURE", rows); err != nil {
			return err
		}
		for _, f := range report.Findings {
			fmt.Fprintf(w, "%s: %s\n", printable(f.Path), f.Detail)
		}
		return nil
	})
	if err == nil && report.Has(custody.FolderHash) {
		err = coded(exitFolderHash, fmt.Errorf("%s", conclusion(report, exitFolderHash)))
	}
	return err
}

func manifestDiffCommand(a *app) *cobra.Command {
	k := &keeper{app: a, parallel: 4}
	cmd := &cobra.Command{
		Use: "diff FOLDER", Short: "Says which files are missing or new, without reading any",
		Long: "Says which files of a folder are missing from what its history names, or new to it. No file is read: one\nthat has changed does not show.",
		Args: cobra.ExactArgs(1), ValidArgsFunction: a.completePlaces(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			s, err := k.begin(cmd.Context(), args[0])
			if err != nil {
				return err
			}
			defer s.Close()
			report, err := custody.Verify(cmd.Context(), s.patient, s.path, custody.VerifyOptions{Quick: true, Ignore: k.ignore})
			return k.tell(cmd, report, err, func(r *custody.Report) int {
				if r.Has(custody.Missing, custody.MissingFolder) {
					return exitMissing
				}
				return verifiedCode(r)
			})
		},
	}
	k.ignoreFlags(cmd)
	k.placeFlags(cmd)
	return cmd
}
