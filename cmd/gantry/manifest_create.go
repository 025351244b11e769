package main

import (
	"context"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"gantry/transfer/custody"
	"gantry/transfer/manifest/mhl"
)

func manifestCreateCommand(a *app) *cobra.Command {
	k := &keeper{app: a, parallel: 4}
	var o custody.CreateOptions
	cmd := &cobra.Command{
		Use: "create FOLDER", Short: "Hashes a folder and adds a generation to its history, or begins one",
		Long: `Hashes every file of a folder, holds it against all earlier generations, and adds a generation that
says what was found: original, verified or failed. Histories of folders inside get a generation, too.
The generation is written even if files are missing or have changed: the exit code tells.`,
		Example: `  gantry manifest create /media/card/A001
  gantry manifest create archive:2026/A001 --digest md5 --author-name "Jo Doe" --location "OB van 3"`,
		Args: cobra.ExactArgs(1), ValidArgsFunction: a.completePlaces(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			s, err := k.begin(cmd.Context(), args[0])
			if err != nil {
				return err
			}
			defer s.Close()
			for i := range o.Only {
				if o.Only[i], err = s.inside(o.Only[i]); err != nil {
					return err
				}
			}
			p := newHashProgress(cmd)
			o.Maker, o.Name, o.Ignore, o.Parallel, o.DryRun, o.Now, o.Progress = k.maker, s.name(), k.ignore, k.parallel, k.dryRun, now, p
			report, err := custody.Create(cmd.Context(), s.patient, s.path, o)
			p.stop()
			return k.tell(cmd, report, err, createdCode)
		},
	}
	flags := cmd.Flags()
	flags.StringSliceVar(&o.Formats, "digest", []string{"xxh128"}, "digests to record: "+strings.Join(mhl.Formats(), ", "))
	_ = cmd.RegisterFlagCompletionFunc("digest", cobra.FixedCompletions(mhl.Formats(), cobra.ShellCompDirectiveNoFileComp))
	flags.BoolVar(&o.NoFolders, "no-directory-hashes", false, "record folders without their hashes")
	flags.BoolVar(&o.DetectRenames, "detect-renaming", false, "find files under new names by their digests")
	flags.StringArrayVar(&o.Only, "file", nil, "record this file or folder below FOLDER alone; may be repeated")
	flags.StringVar(&o.Process, "process", mhl.InPlace, "what has happened: in-place, or transfer for a copy that was just made")
	k.makerFlags(cmd)
	k.ignoreFlags(cmd)
	k.readFlags(cmd)
	k.placeFlags(cmd)
	return cmd
}

// inside takes a file as typed to its path below the folder: it may be written with the folder's path before it.
func (s *spot) inside(typed string) (string, error) {
	file, ok := s.local(s.path)
	p := typed
	if ok && strings.HasPrefix(typed, "/") {
		rest, below := strings.CutPrefix(resolve(typed), resolve(file)+"/")
		if !below {
			return "", coded(exitNoFile, fmt.Errorf("%s is not below %s: name a file that is", printable(typed), printable(s.typed)))
		}
		p = rest
	}
	return strings.Trim(p, "/"), nil
}

// createdCode is the exit code for what was found, 0 for nothing.
func createdCode(r *custody.Report) int {
	switch {
	case r.Has(custody.Changed):
		return exitChanged
	case r.Has(custody.Missing, custody.MissingFolder):
		return exitMissing
	case r.Has(custody.LostHistory):
		return exitNoHistory
	}
	return 0
}

// tell prints a report and ends with the exit code that it has.
func (k *keeper) tell(cmd *cobra.Command, r *custody.Report, err error, code func(*custody.Report) int) error {
	if err != nil {
		return historyError(err)
	}
	if err := k.print(cmd.OutOrStdout(), r, func(w io.Writer) error { return k.reportTable(w, r) }); err != nil {
		return err
	}
	if cause := context.Cause(cmd.Context()); cause != nil {
		return cause
	}
	if n := code(r); n != 0 {
		return coded(n, fmt.Errorf("%s", conclusion(r, n)))
	}
	return nil
}

func (k *keeper) reportTable(w io.Writer, r *custody.Report) error {
	if len(r.Written) > 0 {
		rows := make([][]string, len(r.Written))
		for i, g := range r.Written {
			rows[i] = []string{g.Folder, strconv.Itoa(g.Number), strconv.Itoa(g.Files), g.Path}
		}
		if err := columns(w, "FOLDER GENERATION FILES MANIFEST", rows); err != nil {
			return err
		}
	}
	for _, note := range r.Notes {
		fmt.Fprintf(w, "note: %s\n", printable(note))
	}
	if len(r.Findings) > 0 {
		rows := make([][]string, len(r.Findings))
		for i, f := range r.Findings {
			rows[i] = []string{string(f.Kind), f.Path, f.Detail}
		}
		if err := columns(w, "FINDING PATH DETAIL", rows); err != nil {
			return err
		}
	}
	text := fmt.Sprintf("%s, %s: %d as recorded, %d new to the history, %s", count(r.Files, "file"), size(r.Bytes), r.Verified, r.Original, count(len(r.Findings), "finding"))
	if k.dryRun {
		text += "; nothing was written (--dry-run)"
	}
	_, err := fmt.Fprintln(w, text)
	return err
}

// conclusion says in words what an exit code stands for.
func conclusion(r *custody.Report, code int) string {
	switch code {
	case exitChanged:
		return "files are not what the history says: compare them with another copy"
	case exitFolderHash:
		return "folders are not what the history says: `gantry manifest verify` without --directory-hash names the files"
	case exitMissing:
		return "files that the history names are missing: look for them in another copy"
	case exitNewFiles:
		return "there are files that the history does not name: record them with `gantry manifest create`"
	case exitNoHistory:
		return "the history of a folder inside is gone: bring its ascmhl folder back from another copy"
	}
	return fmt.Sprintf("%d findings", len(r.Findings))
}
