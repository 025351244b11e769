package mhl

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"gantry/transfer/digest"
)

// Build writes a generation's manifest, with the hashes of all its directories, and names it. The name belongs into the folder ascmhl below
// the root. The files may be in any order; without any, only a root hash is recorded. Where a file has failed and therefore lacks the format of
// the others, the directories have no hash.
//
// An error says which file or field the standard cannot hold. It is final: the same generation fails again.
func Build(g Generation) (name string, manifest []byte, err error) {
	g, err = prepare(g)
	if err != nil {
		return "", nil, fmt.Errorf("mhl: %w", err)
	}
	root, err := grow(g)
	if err != nil {
		return "", nil, fmt.Errorf("mhl: %w", err)
	}
	if g.Coverage == Whole {
		shared := sharedFormats(g)
		if len(shared) == 0 && !slices.ContainsFunc(g.Files, File.Failed) {
			return "", nil, errors.New("mhl: the files have no digest format in common, and directory hashes need one: hash all with xxh128")
		}
		root.digest(shared)
	}
	return FileName(g.Root, g.Number, g.Created), write(g, root), nil
}

// FileName names the manifest of a generation.
func FileName(root string, number int, created time.Time) string {
	return fmt.Sprintf("%04d_%s_%s.mhl", number, root, created.UTC().Format("2006-01-02_150405Z"))
}

// prepare checks g, fills in what has a default, and leaves out what the standard leaves out. What the caller's slices hold is not changed.
func prepare(g Generation) (Generation, error) {
	if err := checkHead(g); err != nil {
		return g, err
	}
	ignore := DefaultIgnore()
	for _, p := range g.Ignore {
		if !slices.Contains(ignore, p) {
			ignore = append(ignore, p)
		}
	}
	g.Ignore = ignore

	files := make([]File, 0, len(g.Files))
	for _, f := range g.Files {
		if ignoredByDefault(f.Path) {
			continue
		}
		f, err := prepareFile(f, g.Created)
		if err != nil {
			return g, err
		}
		files = append(files, f)
	}
	g.Files = files

	dirs := make([]Directory, 0, len(g.Directories))
	for _, d := range g.Directories {
		if err := checkPath(d.Path); err != nil {
			return g, err
		}
		if d.PreviousPath != "" {
			if err := checkPath(d.PreviousPath); err != nil {
				return g, err
			}
		}
		if !ignoredByDefault(d.Path) {
			dirs = append(dirs, d)
		}
	}
	g.Directories = dirs
	return g, nil
}

func checkHead(g Generation) error {
	switch {
	case g.Number < 1:
		return fmt.Errorf("generation %d: the first is 1", g.Number)
	case g.Root == "" || g.Root == "." || g.Root == ".." || strings.Contains(g.Root, "/"):
		return fmt.Errorf("root %q is not the name of a folder", g.Root)
	case len(FileName(g.Root, g.Number, g.Created)) > 255:
		return fmt.Errorf("root %q is too long: the manifest's name would have more than 255 bytes", g.Root)
	case date(g.Created) == "":
		return fmt.Errorf("created %v is not a date of the years 1 to 9999: set Created", g.Created)
	case !slices.Contains([]string{Transfer, InPlace, Flatten}, g.Process):
		return fmt.Errorf("process %q is not transfer, in-place or flatten", g.Process)
	case g.Tool == "":
		return errors.New("no tool is named: set Tool")
	}
	texts := map[string]string{"root": g.Root, "host": g.Host, "tool": g.Tool, "tool version": g.ToolVersion, "location": g.Location, "comment": g.Comment}
	for what, s := range texts {
		if err := checkText(what, s); err != nil {
			return err
		}
	}
	for _, p := range g.Ignore {
		if err := checkText("ignore pattern", p); err != nil {
			return err
		}
	}
	for _, a := range g.Authors {
		if err := checkAuthor(a); err != nil {
			return err
		}
	}
	for _, r := range g.References {
		if _, err := digest.DecodeC4(r.C4); err != nil {
			return fmt.Errorf("reference %q: %w", r.Path, err)
		}
		if err := checkPath(r.Path); err != nil {
			return err
		}
	}
	return nil
}

func checkAuthor(a Author) error {
	user, host, ok := strings.Cut(a.Email, "@")
	before, after, dot := strings.Cut(host, ".")
	if a.Email != "" && (!ok || !dot || user == "" || before == "" || after == "") {
		return fmt.Errorf("author %q: %q is not an e-mail address", a.Name, a.Email)
	}
	return checkText("author", a.Name+a.Email+a.Phone+a.Role)
}

func prepareFile(f File, created time.Time) (File, error) {
	if err := checkPath(f.Path); err != nil {
		return f, err
	}
	if f.PreviousPath != "" {
		if err := checkPath(f.PreviousPath); err != nil {
			return f, err
		}
	}
	digests, err := known(f.Digests)
	if err != nil {
		return f, fmt.Errorf("file %q: %w", f.Path, err)
	}
	if len(digests) == 0 {
		return f, fmt.Errorf("file %q has no digest that the standard knows: hash it with xxh128, md5, sha1, c4, xxh3 or xxh64", f.Path)
	}
	f.Digests = digests
	f.Action = cmp.Or(f.Action, Original)
	if f.HashDate.IsZero() {
		f.HashDate = created
	}
	for format := range digests {
		if a := f.Mark(format).Action; !slices.Contains(actions, a) {
			return f, fmt.Errorf("file %q: action %q is not original, verified or failed", f.Path, a)
		}
	}
	return f, nil
}

var actions = []string{Original, Verified, Failed}

// Failed tells whether a digest of the file differs from an earlier one.
func (f File) Failed() bool {
	for format := range f.Digests {
		if f.Mark(format).Action == Failed {
			return true
		}
	}
	return false
}
