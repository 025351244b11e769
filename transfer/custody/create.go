package custody

import (
	"cmp"
	"context"
	"fmt"
	"path"
	"slices"
	"strings"
	"time"

	"gantry/connectors"
	"gantry/transfer/manifest/mhl"
)

// Create adds a generation to the history at root, or begins one: all files are hashed and held against what was recorded of them. Histories
// nested below get generations of their own, which the outer ones refer to. Files that differ are recorded as failed, and told in
// the report; so are files that are missing. The generation is written all the same: it says what was found.
//
// An error means that nothing was written, or not all of it where nested histories are involved; the same call may be repeated then. Names
// that a manifest cannot hold, and files that cannot be read, are refused, all at once. A report that comes with an error says how far it got.
func Create(ctx context.Context, place connectors.Place, root string, o CreateOptions) (*Report, error) {
	o = o.withDefaults()
	if !o.DryRun {
		unlock, err := Lock(ctx, place, root, o.Wait)
		if err != nil {
			return nil, err
		}
		defer unlock()
	}
	created := o.Now().UTC().Truncate(time.Second)
	c, err := begin(ctx, place, root, o.Ignore)
	if err == nil && !o.DryRun && c.hasLoose() {
		if err = c.adopt(ctx, place, created); err == nil {
			c, err = begin(ctx, place, root, o.Ignore)
		}
	}
	if err != nil {
		return nil, err
	}
	a := &author{scan: c, place: place, o: o, created: created}
	if err := a.gather(); err != nil {
		return c.report, err
	}
	if err := a.hash(ctx); err != nil {
		return c.report, err
	}
	if o.DetectRenames {
		a.detect()
	}
	a.judge()
	a.tellLost()
	return c.report, a.compose(ctx)
}

func (o CreateOptions) withDefaults() CreateOptions {
	o.Process = cmp.Or(o.Process, mhl.InPlace)
	o.Parallel = cmp.Or(o.Parallel, 4)
	if len(o.Formats) == 0 {
		o.Formats = []string{string(connectors.XXH128)}
	}
	return o
}

// author makes the generations of one call.
type author struct {
	*scan
	place   connectors.Place
	o       CreateOptions
	created time.Time

	read  map[string]*reading // by path
	files map[*History][]mhl.File
	moved map[*History]map[string]string // earlier path of a folder by its path
	done  map[*History]Written
	roots map[*History]mhl.DirectoryHash
}

// gather finds the files, and refuses what cannot be recorded.
func (a *author) gather() error {
	for _, f := range a.o.Formats {
		if !slices.Contains(mhl.Formats(), f) {
			return connectors.Errorf(connectors.KindInvalid, "hash", a.root, "the standard has no digest %q: use one of %s", f, strings.Join(mhl.Formats(), ", "))
		}
	}
	a.match(a.only())
	for _, o := range a.o.Only {
		if !slices.ContainsFunc(a.sorted(), func(f *found) bool { return within(f.Path, o) }) {
			return &connectors.Error{Kind: connectors.KindNotFound, Op: "record file", Path: path.Join(a.root, o), Remedy: "name a file or folder below the root that is not ignored"}
		}
	}
	return a.unnamed()
}

func (a *author) only() func(string) bool {
	if a.o.Known != nil {
		return func(p string) bool { _, ok := a.o.Known(p); return ok }
	}
	if len(a.o.Only) == 0 {
		return nil
	}
	return func(p string) bool {
		return slices.ContainsFunc(a.o.Only, func(o string) bool { return within(p, o) })
	}
}

func within(p, folder string) bool { return p == folder || strings.HasPrefix(p, folder+"/") }

// partial tells whether there may be files that this generation does not tell.
func (a *author) partial() bool {
	if a.o.Known == nil {
		return len(a.o.Only) > 0
	}
	return slices.ContainsFunc(a.survey.files, func(e connectors.Entry) bool { return a.found[e.Path] == nil && !a.ignore.Match(e.Path) })
}

// hash reads what is not known.
func (a *author) hash(ctx context.Context) error {
	a.read = map[string]*reading{}
	var list []*reading
	for _, f := range a.sorted() {
		a.report.Files++
		a.report.Bytes += max(f.Size, 0)
		r := &reading{path: f.Path, size: f.Size, formats: f.record.Wanted(a.o.Formats)}
		if a.o.DetectRenames && f.record == nil {
			r.formats = a.alsoOfMissing(r.formats, f.Size)
		}
		a.read[f.Path] = r
		if !a.isKnown(r) {
			list = append(list, r)
		}
	}
	if err := hashAll(ctx, a.place, a.root, list, a.o.Parallel, a.o.Progress); err != nil {
		return err
	}
	return unreadable(list)
}

// isKnown fills in a reading from what the caller knows, if that is enough.
func (a *author) isKnown(r *reading) bool {
	if a.o.Known == nil {
		return false
	}
	sums, _ := a.o.Known(r.path)
	digests := plain(sums)
	for _, f := range r.formats {
		if digests[f] == "" {
			return false
		}
	}
	r.digests = map[string]string{}
	for _, f := range mhl.Formats() {
		if digests[f] != "" {
			r.digests[f] = digests[f]
		}
	}
	return true
}

// judge makes the records of all files.
func (a *author) judge() {
	a.moved = map[*History]map[string]string{}
	for _, h := range a.top.All() {
		a.moved[h] = a.renamedFolders(h)
	}
	a.files = map[*History][]mhl.File{}
	for _, f := range a.sorted() {
		r := a.read[f.Path]
		keep, actions := f.record.Judge(r.digests, f.was != "")
		file := mhl.File{Path: f.rel, PreviousPath: f.was, Size: f.Size, ModTime: f.ModTime, HashDate: a.created}.With(keep, actions)
		a.files[f.home] = append(a.files[f.home], file)
		switch {
		case file.Failed():
			a.report.found(Changed, f.Path, f.record.Contradicts(r.digests))
		case f.was != "":
			a.report.Verified++
			a.report.found(Renamed, f.Path, f.home.abs(f.was))
		case f.record == nil:
			a.report.Original++
		default:
			a.report.Verified++
		}
	}
	if len(a.o.Only) == 0 && a.o.Known == nil {
		a.tellMissing(a.gone)
	}
}

// tellLost reports nested histories that the last generation refers to and that are gone.
func (a *author) tellLost() {
	last, _ := a.top.Last()
	for _, r := range last.References {
		if _, there := a.ledgers[r.Folder()]; !there && !a.renamedFolder(r.Folder()) {
			a.report.found(LostHistory, r.Folder(), fmt.Sprintf("generation %d refers to it", last.Number))
		}
	}
}

// renamedFolder tells whether a folder is known to have another name now.
func (a *author) renamedFolder(was string) bool {
	for _, old := range a.moved[a.top] {
		if old == was {
			return true
		}
	}
	return false
}

// gone tells whether a folder that is not there has no new name either.
func (a *author) gone(p string) bool {
	h, rel := a.top.Owner(p)
	for _, was := range a.moved[h] {
		if within(rel, was) {
			return false
		}
	}
	return true
}
