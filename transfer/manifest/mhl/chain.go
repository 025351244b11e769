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

// ChainFile names the chain in a folder's history.
const ChainFile = "ascmhl_chain.xml"

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
	if err := checkPath(name); err != nil || strings.Contains(name, "/") {
		return nil, fmt.Errorf("mhl: %q is not the name of a manifest beside the chain", name)
	}
	id := C4(manifest)
	for _, l := range links {
		switch {
		case l.Name == name && l.C4 == id:
			return prev, nil
		case l.Name == name:
			return nil, fmt.Errorf("mhl: the chain pins another manifest as %q: a generation is never rewritten, add the next one", name)
		}
	}
	next := Link{len(links) + 1, name, id}
	if want := fmt.Sprintf("%04d_", next.Number); !strings.HasPrefix(name, want) {
		return nil, fmt.Errorf("mhl: %q does not follow generation %d: its name has to begin with %s", name, len(links), want)
	}
	return writeChain(append(links, next)), nil
}

// ParseChain reads a chain. Its generations are complete and in order, or it is an error.
func ParseChain(r io.Reader) ([]Link, error) {
	var doc struct {
		XMLName xml.Name `xml:"urn:ASC:MHL:DIRECTORY:v2.0 ascmhldirectory"`
		Lists   []struct {
			Number int    `xml:"sequencenr,attr"`
			Path   string `xml:"path"`
			C4     string `xml:"c4"`
		} `xml:"hashlist"`
	}
	if err := decode(r, &doc); err != nil {
		return nil, fmt.Errorf("mhl: chain: %w", err)
	}
	if len(doc.Lists) == 0 {
		return nil, errors.New("mhl: chain: it holds no generation")
	}
	links := make([]Link, len(doc.Lists))
	for i, l := range doc.Lists {
		id := strings.TrimSpace(l.C4)
		_, err := digest.DecodeC4(id)
		switch {
		case l.Number != i+1:
			return nil, fmt.Errorf("mhl: chain: generation %d is where %d belongs: it was altered", l.Number, i+1)
		case err != nil:
			return nil, fmt.Errorf("mhl: chain: generation %d: %w", l.Number, err)
		case checkPath(l.Path) != nil || strings.Contains(l.Path, "/"):
			return nil, fmt.Errorf("mhl: chain: generation %d: %q is not the name of a manifest beside the chain", l.Number, l.Path)
		}
		links[i] = Link{l.Number, l.Path, id}
	}
	return links, nil
}

func writeChain(links []Link) []byte {
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
