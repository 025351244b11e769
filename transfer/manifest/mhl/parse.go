package mhl

import (
	"cmp"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Parse reads a manifest of version 2.0, written by any tool. Elements that it does not know, such as metadata, are passed over. Root and Number are
// not in a manifest but in its name, and stay empty. A file's Action is that of its first digest, or Failed if one has failed; Marks has those
// that differ.
//
// The directory hashes are returned as they stand; Check compares them with the files. The document is read as a stream: it takes as much memory as
// what it says.
func Parse(r io.Reader) (Generation, error) {
	p := parser{d: xml.NewDecoder(r)}
	if err := p.document(); err != nil {
		return Generation{}, fmt.Errorf("mhl: manifest: %w", err)
	}
	return p.g, nil
}

type parser struct {
	d    *xml.Decoder
	g    Generation
	head bool // the process was told
}

// document reads the whole of it.
func (p *parser) document() error {
	started := false
	err := eachElement(p.d, func(e xml.StartElement) error {
		if started {
			return errors.New("a second document follows")
		}
		started = true
		return p.list(e)
	})
	switch {
	case err != nil:
		return err
	case !started:
		return io.ErrUnexpectedEOF
	case !p.head:
		return errors.New("it has no processinfo")
	}
	p.conclude()
	return nil
}

func (p *parser) list(e xml.StartElement) error {
	if want := (xml.Name{Space: listSpace, Local: "hashlist"}); e.Name != want {
		return fmt.Errorf("it is a <%s> of the namespace %q, not a <hashlist> of %q", e.Name.Local, e.Name.Space, listSpace)
	}
	if v := attribute(e, "version"); v != "2.0" {
		return fmt.Errorf("version %q is not 2.0", v)
	}
	return eachElement(p.d, func(e xml.StartElement) error {
		switch e.Name.Local {
		case "creatorinfo":
			return p.creator(e)
		case "processinfo":
			return p.process(e)
		case "hashes":
			return eachElement(p.d, p.hash)
		case "references":
			return eachElement(p.d, p.reference)
		}
		return p.d.Skip()
	})
}

func (p *parser) creator(e xml.StartElement) (err error) {
	var x xmlCreator
	if err := p.d.DecodeElement(&x, &e); err != nil {
		return err
	}
	p.g.Host, p.g.Tool, p.g.ToolVersion = x.Host, x.Tool.Name, x.Tool.Version
	p.g.Location, p.g.Comment = x.Location, x.Comment
	for _, a := range x.Authors {
		p.g.Authors = append(p.g.Authors, Author(a))
	}
	if p.g.Created, err = parseDate(x.Created); err != nil {
		return fmt.Errorf("creationdate: %w", err)
	}
	return nil
}

func (p *parser) process(e xml.StartElement) (err error) {
	var x xmlProcess
	if err := p.d.DecodeElement(&x, &e); err != nil {
		return err
	}
	p.head = true
	p.g.Process, p.g.Ignore = strings.TrimSpace(x.Process), x.Ignore
	if !slices.Contains([]string{Transfer, InPlace, Flatten}, p.g.Process) {
		return fmt.Errorf("process %q is not transfer, in-place or flatten", p.g.Process)
	}
	if p.g.RootHash, err = x.Root.hash(); err != nil {
		return fmt.Errorf("roothash: %w", err)
	}
	return nil
}

func (p *parser) hash(e xml.StartElement) error {
	switch e.Name.Local {
	case "hash":
		var x xmlFile
		if err := p.d.DecodeElement(&x, &e); err != nil {
			return err
		}
		f, err := x.file()
		p.g.Files = append(p.g.Files, f)
		return err
	case "directoryhash":
		var x xmlDirectory
		if err := p.d.DecodeElement(&x, &e); err != nil {
			return err
		}
		d, err := x.directory()
		p.g.Directories = append(p.g.Directories, d)
		return err
	}
	return p.d.Skip()
}

func (p *parser) reference(e xml.StartElement) error {
	var x xmlReference
	if err := p.d.DecodeElement(&x, &e); err != nil {
		return err
	}
	if err := checkPath(x.Path); err != nil {
		return fmt.Errorf("reference: %w", err)
	}
	p.g.References = append(p.g.References, Reference{x.Path, strings.TrimSpace(x.C4)})
	return nil
}

// conclude fills in what follows from the whole.
func (p *parser) conclude() {
	nested := map[string]bool{}
	for _, r := range p.g.References {
		nested[r.Folder()] = true
	}
	for i := range p.g.Directories {
		p.g.Directories[i].Nested = nested[p.g.Directories[i].Path]
	}
	switch {
	case len(p.g.RootHash.Content) > 0:
		p.g.Coverage = Whole
	case len(p.g.Directories) > 0:
		p.g.Coverage = Unhashed
	default:
		p.g.Coverage = Partial
	}
}

// Folder is the root of the history that the reference is about.
func (r Reference) Folder() string { return path.Dir(path.Dir(r.Path)) }

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
	marks, err := x.marks(&f)
	if err != nil {
		return f, fmt.Errorf("file %q: %w", f.Path, err)
	}
	f.Action = cmp.Or(f.Action, Original)
	for format, m := range marks {
		m.Action = cmp.Or(m.Action, Original)
		if m.Action != f.Action || date(m.Date) != date(f.HashDate) {
			if f.Marks == nil {
				f.Marks = map[string]Mark{}
			}
			f.Marks[format] = m
		}
	}
	return f, nil
}

// marks reads the digests into f, with the action and date that stand for all.
func (x *xmlFile) marks(f *File) (map[string]Mark, error) {
	marks := map[string]Mark{}
	err := x.each(func(format string, d *xmlDigest) error {
		at, err := parseDate(d.HashDate)
		if err != nil {
			return fmt.Errorf("hashdate: %w", err)
		}
		if d.Action != "" && !slices.Contains(actions, d.Action) {
			return fmt.Errorf("action %q is not original, verified or failed", d.Action)
		}
		f.Digests[format] = strings.TrimSpace(d.Digest)
		marks[format] = Mark{d.Action, at}
		if f.Action == "" || d.Action == Failed {
			f.Action = d.Action
		}
		if f.HashDate.IsZero() {
			f.HashDate = at
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	_, err = known(f.Digests)
	return marks, err
}

func (x *xmlDirectory) directory() (d Directory, err error) {
	d.Path, d.PreviousPath = x.Path.Path, x.Previous
	if err := checkPath(d.Path); err != nil {
		return d, err
	}
	if d.PreviousPath != "" {
		if err := checkPath(d.PreviousPath); err != nil {
			return d, err
		}
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
