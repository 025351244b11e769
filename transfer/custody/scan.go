package custody

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"
	"time"

	"golang.org/x/text/unicode/norm"

	"gantry/connectors"
	"gantry/transfer/manifest/mhl"
)

// A scan is what lies below a root, beside what its histories say of it.
type scan struct {
	*survey
	root   string
	top    *History
	ignore mhl.Ignore
	given  []string // all patterns in use

	found   map[string]*found // files that count, by path
	missing []string          // recorded, not there, and not to be ignored
	report  *Report
}

// found is a file that is there.
type found struct {
	connectors.Entry
	home   *History
	rel    string // its path in home
	record *mhl.Record
	was    string // its path in home before, if it was renamed
}

// begin surveys a root and reads its histories. patterns are beside those of the history.
func begin(ctx context.Context, place connectors.Place, root string, patterns []string) (*scan, error) {
	if _, err := mhl.NewIgnore(patterns); err != nil {
		return nil, connectors.Errorf(connectors.KindInvalid, "read patterns", root, "%w", err)
	}
	s, err := look(ctx, place, root)
	if err != nil {
		return nil, err
	}
	top, err := s.read(ctx, place, root, nil)
	if err != nil {
		return nil, err
	}
	c := &scan{survey: s, root: root, top: top, report: &Report{Root: cmp.Or(root, "."), Findings: []Finding{}, Odd: s.odd}}
	c.given = union(top.Ignore(), patterns)
	if c.ignore, err = mhl.NewIgnore(c.given); err != nil {
		c.report.Notes = append(c.report.Notes, err.Error())
	}
	for _, h := range top.All() {
		c.report.Notes = append(c.report.Notes, h.Doubts...)
		for _, name := range h.Loose {
			c.report.Notes = append(c.report.Notes, fmt.Sprintf("%q is not in the chain, and does not count", path.Join(root, h.abs(mhl.Folder), name)))
		}
	}
	maps.DeleteFunc(c.folders, func(p string, _ time.Time) bool { return c.ignore.Match(p) })
	return c, nil
}

func union(a, b []string) []string {
	all := slices.Clone(a)
	for _, s := range b {
		if !slices.Contains(all, s) {
			all = append(all, s)
		}
	}
	return all
}

// match holds the files that are there against the records. Files that only decides are looked at: nil takes all.
func (c *scan) match(only func(path string) bool) {
	c.found = map[string]*found{}
	for _, e := range c.files {
		if c.ignore.Match(e.Path) || only != nil && !only(e.Path) {
			continue
		}
		f := &found{Entry: e}
		f.home, f.rel = c.top.Owner(e.Path)
		f.record = f.home.File(f.rel)
		c.found[e.Path] = f
	}
	for _, h := range c.top.All() {
		for _, rel := range h.Files() {
			p := h.abs(rel)
			if _, there := c.found[p]; !there && !c.ignore.Match(p) && (only == nil || only(p)) {
				c.missing = append(c.missing, p)
			}
		}
	}
	c.matchForms()
	slices.Sort(c.missing)
}

// matchForms finds missing files under the other Unicode form of their names, which some file systems give them.
func (c *scan) matchForms() {
	forms := map[string]*found{}
	for p, f := range c.found {
		if f.record == nil {
			forms[norm.NFC.String(p)] = f
		}
	}
	c.missing = slices.DeleteFunc(c.missing, func(p string) bool {
		f := forms[norm.NFC.String(p)]
		if f == nil || f.record != nil {
			return false
		}
		h, rel := c.top.Owner(p)
		if f.home != h {
			return false
		}
		f.record, f.was = h.File(rel), rel
		return true
	})
}

// sorted lists the files by path.
func (c *scan) sorted() []*found {
	list := slices.Collect(maps.Values(c.found))
	slices.SortFunc(list, func(a, b *found) int { return strings.Compare(a.Path, b.Path) })
	return list
}

// missingFolders lists the recorded folders that are gone, and whose files do not tell it.
func (c *scan) missingFolders() []string {
	if c.folders == nil {
		return nil
	}
	forms := map[string]bool{}
	for p := range c.folders {
		forms[norm.NFC.String(p)] = true
	}
	var gone []string
	for _, h := range c.top.All() {
		for _, rel := range h.Folders() {
			p := h.abs(rel)
			if !forms[norm.NFC.String(p)] && !c.ignore.Match(p) && !slices.ContainsFunc(c.missing, func(f string) bool { return strings.HasPrefix(f, p+"/") }) {
				gone = append(gone, p)
			}
		}
	}
	return gone
}

// tellMissing reports what is not there. Of folders, those that gone says so of; nil means all.
func (c *scan) tellMissing(gone func(folder string) bool) {
	for _, p := range c.missing {
		c.report.found(Missing, p, "")
	}
	for _, p := range c.missingFolders() {
		if gone == nil || gone(p) {
			c.report.found(MissingFolder, p, "")
		}
	}
}

// unnamed is the error of names that a manifest cannot hold, or that no path may have.
func (c *scan) unnamed() error {
	var errs []error
	for _, o := range c.odd {
		if o.kind == connectors.KindInvalid && !c.ignore.Match(strings.TrimPrefix(o.Name, c.root+"/")) {
			errs = append(errs, fmt.Errorf("%q: %s", o.Name, o.Reason))
		}
	}
	names := slices.Collect(maps.Keys(c.folders))
	for p := range c.found {
		names = append(names, p)
	}
	slices.Sort(names)
	for _, p := range names {
		if err := mhl.CheckPath(p); err != nil {
			errs = append(errs, err)
		}
	}
	if len(errs) == 0 {
		return nil
	}
	more := len(errs) - mostNamed
	errs = errs[:min(len(errs), mostNamed)]
	if more > 0 {
		errs = append(errs, fmt.Errorf("and %d more", more))
	}
	return &connectors.Error{
		Kind: connectors.KindInvalid, Op: "record names", Path: c.root, Err: errors.Join(errs...),
		Remedy: "rename them, or leave them out with --ignore; nothing was written",
	}
}

func below(root, p string) string {
	if p == "." {
		return root
	}
	return path.Join(root, p)
}
