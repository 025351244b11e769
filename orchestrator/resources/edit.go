package resources

import (
	"bytes"
	"path/filepath"
	"slices"
	"strings"

	"gantry/configs/resource"
)

// An edit is new texts for files: every byte that belongs to no changed document
// stays as it is.
type edit struct {
	dir     string
	files   []File
	changes []Change
	touched map[string]bool // names of files
}

// put replaces a document where it stands, or gives it a file of its own.
func (e *edit) put(in Document) {
	change := Change{Kind: in.Kind, Name: in.Name, Action: "created"}
	file, at, ok := e.find(ref{in.Kind, in.Name})
	switch {
	case !ok:
		e.create(in)
	case bytes.Equal(bytes.TrimSpace(at.Text), bytes.TrimSpace([]byte(in.Source))):
		change.Action = "unchanged"
	default:
		change.Action = "configured"
		f := &e.files[file]
		before, after := f.Text[:at.Start], f.Text[at.Start+len(at.Text):]
		f.Text = slices.Concat(before, ended(in.Source, len(after) > 0), after)
		e.touched[f.Name] = true
	}
	e.changes = append(e.changes, change)
}

func (e *edit) find(wanted ref) (file int, at resource.Document, ok bool) {
	for i, f := range e.files {
		for _, d := range resource.Split(f.Text) {
			if found, _ := headOf(d.Text); found == wanted {
				return i, d, true
			}
		}
	}
	return 0, resource.Document{}, false
}

// create makes a file, or appends to one that has the name already. Kinds and
// names are checked: they hold nothing that leaves the folder.
func (e *edit) create(in Document) {
	name := filepath.Join(e.dir, strings.ToLower(in.Kind)+"-"+in.Name+".yaml")
	e.touched[name] = true
	text := ended(in.Source, true)
	i := slices.IndexFunc(e.files, func(f File) bool { return f.Name == name })
	if i < 0 {
		e.files = append(e.files, File{Name: name, Text: text})
		return
	}
	f := &e.files[i]
	f.Text = slices.Concat(ended(string(f.Text), true), []byte("---\n"), text)
}

// ended gives the text with a newline at its end, where one is needed.
func ended(text string, needed bool) []byte {
	if needed && !strings.HasSuffix(text, "\n") {
		text += "\n"
	}
	return []byte(text)
}
