package main

import (
	"cmp"
	"fmt"
	"io"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"gantry/transfer/custody"
	"gantry/transfer/manifest/mhl"
)

// historyInfo is what is shown of one history.
type historyInfo struct {
	Folder      string           `json:"folder"` // "." is the one that was named
	Files       int              `json:"files"`
	Generations []generationInfo `json:"generations"`
	Ignore      []string         `json:"ignore"`
	Notes       []string         `json:"notes,omitempty"`
	Trail       []fileInfo       `json:"trail,omitempty"`
}

type generationInfo struct {
	Number   int          `json:"generation"`
	Created  time.Time    `json:"created"`
	Process  string       `json:"process"`
	Host     string       `json:"host"`
	Tool     string       `json:"tool"`
	Authors  []mhl.Author `json:"authors,omitempty"`
	Location string       `json:"location,omitempty"`
	Comment  string       `json:"comment,omitempty"`
	Files    int          `json:"files"`
	Failed   int          `json:"failed"`
	Bytes    int64        `json:"bytes"`
	Manifest string       `json:"manifest"`
	C4       string       `json:"c4"`
}

// fileInfo is one digest of one file in one generation.
type fileInfo struct {
	Path       string    `json:"path"`
	Generation int       `json:"generation"`
	Then       string    `json:"then,omitempty"` // its path then, if it was another
	Digest     string    `json:"digest"`
	Value      string    `json:"value"`
	Action     string    `json:"action"`
	Date       time.Time `json:"date,omitzero"`
}

func manifestInfoCommand(a *app) *cobra.Command {
	k := &keeper{app: a, parallel: 4}
	var files []string
	cmd := &cobra.Command{
		Use: "info FOLDER", Short: "Shows a folder's history: who made which generation when, and what it says of a file",
		Example: `  gantry manifest info A001
  gantry manifest info A001 --file Clips/A001C001.mov`,
		Args: cobra.ExactArgs(1), ValidArgsFunction: a.completePlaces(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			s, err := k.folder(cmd.Context(), args[0])
			if err != nil {
				return err
			}
			defer s.Close()
			for i := range files {
				if files[i], err = s.inside(files[i]); err != nil {
					return err
				}
			}
			var trace func(string) bool
			if len(files) > 0 {
				trace = func(string) bool { return true } // of a renamed file, the earlier names count, too
			}
			h, err := custody.Read(withPassedOver(cmd.Context()), s.patient, s.path, trace)
			if err != nil {
				return historyError(err)
			}
			infos, err := describeHistories(h, files)
			if err != nil {
				return err
			}
			return a.print(cmd.OutOrStdout(), infos, func(w io.Writer) error { return historyTables(w, infos, len(files) > 0) })
		},
	}
	cmd.Flags().StringArrayVar(&files, "file", nil, "show what each generation says of this file; may be repeated")
	k.placeFlags(cmd)
	return cmd
}

func describeHistories(top *custody.History, files []string) ([]historyInfo, error) {
	var infos []historyInfo
	for _, h := range top.All() {
		info := historyInfo{Folder: h.Home, Files: len(h.Files()), Ignore: h.Ignore(), Notes: slices.Clone(h.Doubts)}
		for _, name := range h.Loose {
			info.Notes = append(info.Notes, fmt.Sprintf("%q is not in the chain, and does not count", name))
		}
		for _, g := range h.Generations {
			info.Generations = append(info.Generations, generationInfo{
				Number: g.Number, Created: g.Created, Process: g.Process, Host: g.Host, Tool: strings.TrimSpace(g.Tool + " " + g.ToolVersion),
				Authors: g.Authors, Location: g.Location, Comment: g.Comment, Files: g.FileCount, Failed: g.FailedCount, Bytes: g.Bytes,
				Manifest: g.Link.Name, C4: g.Link.C4,
			})
		}
		infos = append(infos, info)
	}
	for _, p := range files {
		h, rel := top.Owner(p)
		record := h.File(rel)
		if record == nil {
			return nil, coded(exitNoFile, fmt.Errorf("the history does not know %s: list what is there with `gantry ls`", printable(p)))
		}
		i := slices.IndexFunc(infos, func(i historyInfo) bool { return i.Folder == h.Home })
		infos[i].Trail = append(infos[i].Trail, trail(record)...)
	}
	return infos, nil
}

func trail(r *mhl.Record) []fileInfo {
	var all []fileInfo
	for _, e := range r.Entries {
		for _, format := range mhl.Formats() {
			if e.Digests[format] == "" {
				continue
			}
			f := fileInfo{Path: r.Path, Generation: e.Generation, Digest: format, Value: e.Digests[format], Action: e.Marks[format].Action, Date: e.Marks[format].Date}
			if e.Path != r.Path {
				f.Then = e.Path
			}
			all = append(all, f)
		}
	}
	return all
}

func historyTables(w io.Writer, infos []historyInfo, trails bool) error {
	for i, info := range infos {
		if trails && len(info.Trail) == 0 {
			continue
		}
		if i > 0 {
			fmt.Fprintf(w, "\n%s\n", printable(path.Clean(info.Folder)))
		}
		if err := info.table(w, trails); err != nil {
			return err
		}
	}
	return nil
}

func (info historyInfo) table(w io.Writer, trails bool) error {
	if trails {
		var rows [][]string
		for _, f := range info.Trail {
			rows = append(rows, []string{f.Path, strconv.Itoa(f.Generation), f.Digest, f.Value, f.Action, orDash(f.Then)})
		}
		return columns(w, "FILE GENERATION DIGEST VALUE ACTION EARLIER-NAME", rows)
	}
	var rows [][]string
	for _, g := range info.Generations {
		var by []string
		for _, a := range g.Authors {
			by = append(by, cmp.Or(a.Name, a.Email))
		}
		rows = append(rows, []string{strconv.Itoa(g.Number), g.Created.Format(time.RFC3339), g.Process, strconv.Itoa(g.Files), strconv.Itoa(g.Failed), size(g.Bytes), g.Tool, orDash(g.Host), orDash(strings.Join(by, ", ")), orDash(g.Location), orDash(g.Comment)})
	}
	if err := columns(w, "GENERATION CREATED PROCESS FILES FAILED SIZE TOOL HOST BY LOCATION COMMENT", rows); err != nil {
		return err
	}
	for _, note := range info.Notes {
		fmt.Fprintf(w, "note: %s\n", printable(note))
	}
	_, err := fmt.Fprintf(w, "%s in %s; it ignores %s\n", count(info.Files, "file"), count(len(info.Generations), "generation"), strings.Join(info.Ignore, ", "))
	return err
}
