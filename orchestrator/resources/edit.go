package resources

import (
	"bytes"
	"path/filepath"
	"slices"
	"strings"

	"gantry/configs/resource"
)

// An edit is new texts for files: every byte that belongs to no changed document
// stays as it is. No document is put twice.
type edit struct {
	dir     string
	files   []File
	changes []Change
	touched map[string]bool // names of files
	at      map[ref]spot    // of every document of files, as they were
	cuts    map[int][]cut   // by file
	more    map[int][]string
}

// A spot is where a document stands.
type spot struct {
	file int
	resource.Document
}

// A cut is a new text for a document.
type cut struct {
	resource.Document

	text string
}

func newEdit(dir string, files []File) *edit {
	e := &edit{dir: dir, files: files, touched: map[string]bool{}, at: map[ref]spot{}, cuts: map[int][]cut{}, more: map[int][]string{}}
	for i, f := range files {
		for _, d := range resource.Split(f.Text) {
			found, _ := headOf(d.Text)
			if _, ok := e.at[found]; !ok {
				e.at[found] = spot{file: i, Document: d}
			}
		}
	}
	return e
}

// preview gives the files as they are without the documents that come in, and the
// file that those stand in.
func (e *edit) preview(incoming []Document, from File) []File {
	files := slices.Clone(e.files)
	for _, in := range incoming {
		at, ok := e.at[ref{in.Kind, in.Name}]
		if !ok {
			continue
		}
		f := &files[at.file]
		f.Text = slices.Concat(f.Text[:at.Start], blank(at.Text), f.Text[at.Start+len(at.Text):])
	}
	return append(files, from)
}

// blank keeps only the lines' ends, so that what follows keeps its place.
func blank(text []byte) []byte {
	out := slices.Clone(text)
	for i, c := range out {
		if c != '\n' {
			out[i] = ' '
		}
	}
	return out
}

// put replaces a document where it stands, or gives it a file of its own, when the
// edit is finished.
func (e *edit) put(in Document) {
	change := Change{Kind: in.Kind, Name: in.Name, Action: "created"}
	at, ok := e.at[ref{in.Kind, in.Name}]
	switch {
	case !ok:
		e.create(in)
	case bytes.Equal(bytes.TrimSpace(at.Text), bytes.TrimSpace([]byte(in.Source))):
		change.Action = "unchanged"
	default:
		change.Action = "configured"
		e.cuts[at.file] = append(e.cuts[at.file], cut{at.Document, in.Source})
		e.touched[e.files[at.file].Name] = true
	}
	e.changes = append(e.changes, change)
}

// create makes a file, or appends to one that has the name already. Kinds and
// names are checked: they hold nothing that leaves the folder.
func (e *edit) create(in Document) {
	name := filepath.Join(e.dir, strings.ToLower(in.Kind)+"-"+in.Name+".yaml")
	e.touched[name] = true
	i := slices.IndexFunc(e.files, func(f File) bool { return f.Name == name })
	if i < 0 {
		e.files = append(e.files, File{Name: name, Text: ended(in.Source, true)})
		return
	}
	e.more[i] = append(e.more[i], in.Source)
}

// finish gives all files with their new texts.
func (e *edit) finish() []File {
	for i, cuts := range e.cuts {
		e.files[i].Text = replace(e.files[i].Text, cuts)
	}
	for i, texts := range e.more {
		f := &e.files[i]
		for _, text := range texts {
			f.Text = slices.Concat(ended(string(f.Text), true), []byte("---\n"), ended(text, true))
		}
	}
	return e.files
}

// replace puts new documents in the place of old ones.
func replace(text []byte, cuts []cut) []byte {
	slices.SortFunc(cuts, func(a, b cut) int { return a.Start - b.Start })
	var out bytes.Buffer
	from := 0
	for _, c := range cuts {
		end := c.Start + len(c.Text)
		out.Write(text[from:c.Start])
		out.Write(ended(c.text, end < len(text)))
		from = end
	}
	out.Write(text[from:])
	return out.Bytes()
}

// ended gives the text with a newline at its end, where one is needed.
func ended(text string, needed bool) []byte {
	if needed && !strings.HasSuffix(text, "\n") {
		text += "\n"
	}
	return []byte(text)
}
