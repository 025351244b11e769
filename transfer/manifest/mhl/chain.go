package mhl

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"gantry/transfer/digest"
)

// The names in a folder's history, and beside packing lists.
const (
	Folder         = "ascmhl"
	ChainFile      = "ascmhl_chain.xml"
	CollectionFile = "ascmhl_collection.xml"
	Extension      = ".mhl"
)

// Namespaces of the two kinds of document.
const (
	listSpace  = "urn:ASC:MHL:v2.0"
	chainSpace = "urn:ASC:MHL:DIRECTORY:v2.0"
)

// Link pins one generation's manifest.
type Link struct {
	Number int
	Name   string // of the manifest, beside the chain
	C4     string // of its bytes
}

// Chain adds a manifest to the chain of a folder, prev, which is nil for the first generation. Adding the same manifest again changes
// nothing, so it may be repeated after a crash; adding another one under a name that is taken is an error.
func Chain(prev []byte, name string, manifest []byte) ([]byte, error) {
	var links []Link
	if prev != nil {
		var err error
		if links, err = ParseChain(bytes.NewReader(prev)); err != nil {
			return nil, err
		}
	}
	return addLink(prev, links, Link{len(links) + 1, name, C4(manifest)}, fmt.Sprintf("%04d_", len(links)+1))
}

// Collect adds a packing list to the file that pins those of a folder, prev, which is nil for the first one. Packing lists stand alone: none
// follows from another.
func Collect(prev []byte, name string, manifest []byte) ([]byte, error) {
	var links []Link
	if prev != nil {
		var err error
		if links, err = parseLinks(bytes.NewReader(prev)); err != nil {
			return nil, err
		}
	}
	return addLink(prev, links, Link{len(links) + 1, name, C4(manifest)}, "")
}

func addLink(prev []byte, links []Link, next Link, prefix string) ([]byte, error) {
	if err := checkPath(next.Name); err != nil || strings.Contains(next.Name, "/") {
		return nil, fmt.Errorf("mhl: %q is not the name of a manifest beside the chain", next.Name)
	}
	for _, l := range links {
		switch {
		case l.Name == next.Name && l.C4 == next.C4:
			return prev, nil
		case l.Name == next.Name:
			return nil, fmt.Errorf("mhl: the chain pins another manifest as %q: a generation is never rewritten, add the next one", next.Name)
		}
	}
	if !strings.HasPrefix(next.Name, prefix) {
		return nil, fmt.Errorf("mhl: %q does not follow generation %d: its name has to begin with %s", next.Name, len(links), prefix)
	}
	return WriteChain(append(links, next)), nil
}

// ParseChain reads a chain. Its generations are complete, in order and under different names, or it is an error.
func ParseChain(r io.Reader) ([]Link, error) {
	links, err := parseLinks(r)
	if err != nil {
		return nil, err
	}
	names := make(map[string]int, len(links))
	for i, l := range links {
		if l.Number != i+1 {
			return nil, fmt.Errorf("mhl: chain: generation %d is where %d belongs: it was altered", l.Number, i+1)
		}
		if twin := names[l.Name]; twin > 0 {
			return nil, fmt.Errorf("mhl: chain: generations %d and %d are the same manifest: it was altered", twin, l.Number)
		}
		names[l.Name] = l.Number
	}
	return links, nil
}

func parseLinks(r io.Reader) ([]Link, error) {
	var links []Link
	d, started := xml.NewDecoder(r), false
	err := eachElement(d, func(e xml.StartElement) error {
		switch want := (xml.Name{Space: chainSpace, Local: "ascmhldirectory"}); {
		case started:
			return errors.New("a second document follows")
		case e.Name != want:
			return fmt.Errorf("it is a <%s> of the namespace %q, not an <ascmhldirectory> of %q", e.Name.Local, e.Name.Space, chainSpace)
		}
		started = true
		return eachElement(d, func(e xml.StartElement) error {
			if e.Name.Local != "hashlist" {
				return d.Skip()
			}
			l, err := link(d, e)
			links = append(links, l)
			return err
		})
	})
	switch {
	case err != nil:
		return nil, fmt.Errorf("mhl: chain: %w", err)
	case !started:
		return nil, fmt.Errorf("mhl: chain: %w", io.ErrUnexpectedEOF)
	case len(links) == 0:
		return nil, errors.New("mhl: chain: it holds no generation")
	}
	return links, nil
}

func link(d *xml.Decoder, e xml.StartElement) (Link, error) {
	var x struct {
		Number int    `xml:"sequencenr,attr"`
		Path   string `xml:"path"`
		C4     string `xml:"c4"`
	}
	if err := d.DecodeElement(&x, &e); err != nil {
		return Link{}, err
	}
	l := Link{x.Number, x.Path, strings.TrimSpace(x.C4)}
	if _, err := digest.DecodeC4(l.C4); err != nil {
		return l, fmt.Errorf("generation %d: %w", l.Number, err)
	}
	if checkPath(l.Name) != nil || strings.Contains(l.Name, "/") {
		return l, fmt.Errorf("generation %d: %q is not the name of a manifest beside the chain", l.Number, l.Name)
	}
	return l, nil
}

// WriteChain writes links as a chain.
func WriteChain(links []Link) []byte {
	w := &writer{}
	w.buf.WriteString(`<?xml version="1.0" encoding="UTF-8"?>` + "\n")
	w.group("ascmhldirectory", func() {
		for _, l := range links {
			w.group("hashlist", func() {
				w.element("path", l.Name)
				w.element("c4", l.C4)
			}, "sequencenr", strconv.Itoa(l.Number))
		}
	}, "xmlns", chainSpace)
	return w.buf.Bytes()
}
