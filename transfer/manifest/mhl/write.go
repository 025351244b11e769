package mhl

import (
	"bytes"
	"encoding/xml"
	"strconv"
	"time"
)

// writer puts out XML in the shape that the trade's tools give it: two blanks a level, one element a line.
type writer struct {
	buf   bytes.Buffer
	level int
}

func (w *writer) indent() {
	for range w.level {
		w.buf.WriteString("  ")
	}
}

func (w *writer) escape(s string) {
	// A bytes.Buffer does not fail.
	_ = xml.EscapeText(&w.buf, []byte(s))
}

func (w *writer) tag(name string, attributes []string) {
	w.indent()
	w.buf.WriteByte('<')
	w.buf.WriteString(name)
	for i := 0; i+1 < len(attributes); i += 2 {
		if attributes[i+1] == "" {
			continue
		}
		w.buf.WriteString(" " + attributes[i] + `="`)
		w.escape(attributes[i+1])
		w.buf.WriteByte('"')
	}
	w.buf.WriteByte('>')
}

// element writes one with text in it. Attributes are names and values in turn; those with an empty value are left out.
func (w *writer) element(name, text string, attributes ...string) {
	w.tag(name, attributes)
	w.escape(text)
	w.buf.WriteString("</" + name + ">\n")
}

// group writes one with elements in it.
func (w *writer) group(name string, inner func(), attributes ...string) {
	w.tag(name, attributes)
	w.buf.WriteByte('\n')
	w.level++
	inner()
	w.level--
	w.indent()
	w.buf.WriteString("</" + name + ">\n")
}

func write(g Generation, root *node) []byte {
	w := &writer{}
	w.buf.WriteString(`<?xml version="1.0" encoding="UTF-8"?>` + "\n")
	w.group("hashlist", func() {
		w.creator(g)
		w.process(g, root)
		if len(g.Files) > 0 || g.Coverage != Partial && len(root.children) > 0 {
			w.group("hashes", func() { w.children(root, g) })
		}
		if len(g.References) > 0 {
			w.group("references", func() { w.references(g.References) })
		}
	}, "version", "2.0", "xmlns", listSpace)
	return w.buf.Bytes()
}

func (w *writer) creator(g Generation) {
	w.group("creatorinfo", func() {
		w.element("creationdate", date(g.Created))
		w.element("hostname", g.Host)
		w.element("tool", g.Tool, "version", g.ToolVersion)
		for _, a := range g.Authors {
			w.element("author", a.Name, "email", a.Email, "phone", a.Phone, "role", a.Role)
		}
		if g.Location != "" {
			w.element("location", g.Location)
		}
		if g.Comment != "" {
			w.element("comment", g.Comment)
		}
	})
}

func (w *writer) process(g Generation, root *node) {
	w.group("processinfo", func() {
		w.element("process", g.Process)
		if len(root.hash.Content) > 0 {
			w.group("roothash", func() { w.directoryHash(root.hash, g.Created) })
		}
		w.group("ignore", func() {
			for _, p := range g.Ignore {
				w.element("pattern", p)
			}
		})
	})
}

// children writes the tree depth first, each directory after what is in it.
func (w *writer) children(n *node, g Generation) {
	for _, c := range n.children {
		if c.file != nil {
			w.file(c.file)
			continue
		}
		w.children(c, g)
		if g.Coverage == Partial {
			continue
		}
		w.group("directoryhash", func() {
			w.element("path", c.path, "lastmodificationdate", date(c.modTime))
			w.directoryHash(c.hash, g.Created)
			if c.previous != "" {
				w.element("previousPath", c.previous)
			}
		})
	}
}

func (w *writer) file(f *File) {
	w.group("hash", func() {
		size := ""
		if f.Size >= 0 {
			size = strconv.FormatInt(f.Size, 10)
		}
		w.element("path", f.Path, "size", size, "lastmodificationdate", date(f.ModTime))
		for _, format := range formats {
			if d := f.Digests[format.name]; d != "" {
				m := f.Mark(format.name)
				w.element(format.name, d, "action", m.Action, "hashdate", date(m.Date))
			}
		}
		if f.PreviousPath != "" {
			w.element("previousPath", f.PreviousPath)
		}
	})
}

func (w *writer) directoryHash(h DirectoryHash, created time.Time) {
	for _, part := range []struct {
		name   string
		hashes map[string]string
	}{{"content", h.Content}, {"structure", h.Structure}} {
		w.group(part.name, func() {
			for _, f := range formats {
				if d := part.hashes[f.name]; d != "" {
					w.element(f.name, d, "hashdate", date(created))
				}
			}
		})
	}
}

func (w *writer) references(refs []Reference) {
	for _, r := range refs {
		w.group("hashlistreference", func() {
			w.element("path", r.Path)
			w.element("c4", r.C4)
		})
	}
}

// date spells a time as the schema's dateTime in UTC, to the second; "" for one that is not set or that the schema cannot hold.
func date(t time.Time) string {
	t = t.UTC()
	if t.IsZero() || t.Year() < 1 || t.Year() > 9999 {
		return ""
	}
	return t.Format("2006-01-02T15:04:05+00:00")
}
