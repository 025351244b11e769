package mhl

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
)

// The types of this file mirror the XML of a manifest.

type xmlCreator struct {
	Created string `xml:"creationdate"`
	Host    string `xml:"hostname"`
	Tool    struct {
		Name    string `xml:",chardata"`
		Version string `xml:"version,attr"`
	} `xml:"tool"`
	Authors []struct {
		Name  string `xml:",chardata"`
		Email string `xml:"email,attr"`
		Phone string `xml:"phone,attr"`
		Role  string `xml:"role,attr"`
	} `xml:"author"`
	Location string `xml:"location"`
	Comment  string `xml:"comment"`
}

type xmlProcess struct {
	Process string       `xml:"process"`
	Root    xmlDirectory `xml:"roothash"`
	Ignore  []string     `xml:"ignore>pattern"`
}

type xmlReference struct {
	Path string `xml:"path"`
	C4   string `xml:"c4"`
}

type xmlFile struct {
	Path struct {
		Path    string `xml:",chardata"`
		Size    string `xml:"size,attr"`
		ModTime string `xml:"lastmodificationdate,attr"`
	} `xml:"path"`
	Previous string `xml:"previousPath"`
	xmlDigests
}

type xmlDirectory struct {
	Path struct {
		Path    string `xml:",chardata"`
		ModTime string `xml:"lastmodificationdate,attr"`
	} `xml:"path"`
	Content   xmlDigests `xml:"content"`
	Structure xmlDigests `xml:"structure"`
	Previous  string     `xml:"previousPath"`
}

type xmlDigests struct {
	C4     *xmlDigest `xml:"c4"`
	MD5    *xmlDigest `xml:"md5"`
	SHA1   *xmlDigest `xml:"sha1"`
	XXH128 *xmlDigest `xml:"xxh128"`
	XXH3   *xmlDigest `xml:"xxh3"`
	XXH64  *xmlDigest `xml:"xxh64"`
}

type xmlDigest struct {
	Digest   string `xml:",chardata"`
	Action   string `xml:"action,attr"`
	HashDate string `xml:"hashdate,attr"`
}

// each calls f for the digests that are there, in the standard's order.
func (d xmlDigests) each(f func(format string, d *xmlDigest) error) error {
	for i, digest := range []*xmlDigest{d.C4, d.MD5, d.SHA1, d.XXH128, d.XXH3, d.XXH64} {
		if digest == nil {
			continue
		}
		if err := f(formats[i].name, digest); err != nil {
			return err
		}
	}
	return nil
}

// eachElement calls f, which has to read to its end, for every element up to the end of the one that d is in. An error says where it is.
func eachElement(d *xml.Decoder, f func(xml.StartElement) error) error {
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if start, ok := token.(xml.StartElement); ok && err == nil {
			err = f(start)
		}
		var told *placed
		if err != nil && !errors.As(err, &told) {
			line, column := d.InputPos()
			return &placed{line, column, err}
		}
		if _, end := token.(xml.EndElement); err != nil || end {
			return err
		}
	}
}

// placed is an error and where in the document it is.
type placed struct {
	line, column int
	err          error
}

func (p *placed) Error() string {
	return fmt.Sprintf("line %d, column %d: %v", p.line, p.column, p.err)
}
func (p *placed) Unwrap() error { return p.err }

func attribute(e xml.StartElement, name string) string {
	for _, a := range e.Attr {
		if a.Name.Local == name && a.Name.Space == "" {
			return a.Value
		}
	}
	return ""
}
