package mhl

import (
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Parse reads a manifest of version 2.0, written by any tool. Elements that it does not know, such as metadata, are passed over. Root and Number are
// not in a manifest but in its name, and stay empty. Where the digests of one file record different actions, a failed one counts.
//
// The directory hashes are returned as they stand; Check compares them with the files.
func Parse(r io.Reader) (Generation, error) {
	var doc document
	if err := decode(r, &doc); err != nil {
		return Generation{}, fmt.Errorf("mhl: manifest: %w", err)
	}
	g, err := doc.generation()
	if err != nil {
		return Generation{}, fmt.Errorf("mhl: manifest: %w", err)
	}
	return g, nil
}

func (doc *document) generation() (g Generation, err error) {
	if doc.Version != "2.0" {
		return g, fmt.Errorf("version %q is not 2.0", doc.Version)
	}
	g = Generation{
		Process: strings.TrimSpace(doc.Process.Process),
		Host:    doc.Creator.Host, Tool: doc.Creator.Tool.Name, ToolVersion: doc.Creator.Tool.Version,
		Location: doc.Creator.Location, Comment: doc.Creator.Comment, Ignore: doc.Process.Ignore,
	}
	if g.Created, err = parseDate(doc.Creator.Created); err != nil {
		return g, fmt.Errorf("creationdate: %w", err)
	}
	if !slices.Contains([]string{Transfer, InPlace, Flatten}, g.Process) {
		return g, fmt.Errorf("process %q is not transfer, in-place or flatten", g.Process)
	}
	for _, a := range doc.Creator.Authors {
		g.Authors = append(g.Authors, Author(a))
	}
	for _, r := range doc.References {
		if err := checkPath(r.Path); err != nil {
			return g, fmt.Errorf("reference: %w", err)
		}
		g.References = append(g.References, Reference{r.Path, strings.TrimSpace(r.C4)})
	}
	for i := range doc.Files {
		f, err := doc.Files[i].file()
		if err != nil {
			return g, err
		}
		g.Files = append(g.Files, f)
	}
	for i := range doc.Directories {
		d, err := doc.Directories[i].directory()
		if err != nil {
			return g, err
		}
		g.Directories = append(g.Directories, d)
	}
	g.RootHash, err = doc.Process.Root.hash()
	return g, err
}

func (x *xmlFile) file() (f File, err error) {
	f = File{Path: x.Path.Path, PreviousPath: x.Previous, Size: -1, Digests: map[string]string{}}
	if err := checkPath(f.Path); err != nil {
		return f, err
	}
	if f.PreviousPath != "" {
		if err := checkPath(f.PreviousPath); err != nil {
			return f, err
		}
	}
	if x.Path.Size != "" {
		if f.Size, err = strconv.ParseInt(x.Path.Size, 10, 64); err != nil || f.Size < 0 {
			return f, fmt.Errorf("file %q: size %q is not a number of bytes", f.Path, x.Path.Size)
		}
	}
	if f.ModTime, err = parseDate(x.Path.ModTime); err != nil {
		return f, fmt.Errorf("file %q: lastmodificationdate: %w", f.Path, err)
	}
	err = x.each(func(format string, d *xmlDigest) error {
		f.Digests[format] = strings.TrimSpace(d.Digest)
		if f.Action == "" || d.Action == Failed {
			f.Action = d.Action
		}
		if f.HashDate.IsZero() {
			f.HashDate, err = parseDate(d.HashDate)
		}
		return err
	})
	if err != nil {
		return f, fmt.Errorf("file %q: hashdate: %w", f.Path, err)
	}
	if !slices.Contains([]string{"", Original, Verified, Failed}, f.Action) {
		return f, fmt.Errorf("file %q: action %q is not original, verified or failed", f.Path, f.Action)
	}
	if _, err := known(f.Digests); err != nil {
		return f, fmt.Errorf("file %q: %w", f.Path, err)
	}
	return f, nil
}

func (x *xmlDirectory) directory() (d Directory, err error) {
	d.Path = x.Path.Path
	if err := checkPath(d.Path); err != nil {
		return d, err
	}
	if d.ModTime, err = parseDate(x.Path.ModTime); err != nil {
		return d, fmt.Errorf("directory %q: lastmodificationdate: %w", d.Path, err)
	}
	if d.Hash, err = x.hash(); err != nil {
		return d, fmt.Errorf("directory %q: %w", d.Path, err)
	}
	return d, nil
}

func (x *xmlDirectory) hash() (h DirectoryHash, err error) {
	h = DirectoryHash{map[string]string{}, map[string]string{}}
	_ = x.Content.each(func(format string, d *xmlDigest) error {
		h.Content[format] = strings.TrimSpace(d.Digest)
		return nil
	})
	_ = x.Structure.each(func(format string, d *xmlDigest) error {
		h.Structure[format] = strings.TrimSpace(d.Digest)
		return nil
	})
	if _, err = known(h.Content); err == nil {
		_, err = known(h.Structure)
	}
	return h, err
}

// parseDate reads the schema's dateTime. One without a zone, which the schema allows, is taken as UTC.
func parseDate(s string) (time.Time, error) {
	if s = strings.TrimSpace(s); s == "" {
		return time.Time{}, nil
	}
	t, err := time.Parse(time.RFC3339Nano, s)
	if err != nil {
		if t, err = time.Parse("2006-01-02T15:04:05.999999999", s); err != nil {
			return t, fmt.Errorf("%q is not a date and time", s)
		}
	}
	return t.UTC(), nil
}
