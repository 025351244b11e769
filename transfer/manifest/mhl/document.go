package mhl

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
)

// document mirrors the XML of a manifest.
type document struct {
	XMLName xml.Name `xml:"urn:ASC:MHL:v2.0 hashlist"`
	Version string   `xml:"version,attr"`
	Creator struct {
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
	} `xml:"creatorinfo"`
	Process struct {
		Process string       `xml:"process"`
		Root    xmlDirectory `xml:"roothash"`
		Ignore  []string     `xml:"ignore>pattern"`
	} `xml:"processinfo"`
	Files       []xmlFile      `xml:"hashes>hash"`
	Directories []xmlDirectory `xml:"hashes>directoryhash"`
	References  []struct {
		Path string `xml:"path"`
		C4   string `xml:"c4"`
	} `xml:"references>hashlistreference"`
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

// decode reads exactly one document.
func decode(r io.Reader, doc any) error {
	d := xml.NewDecoder(r)
	if err := d.Decode(doc); err != nil {
		line, column := d.InputPos()
		return fmt.Errorf("line %d, column %d: %w", line, column, err)
	}
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			return nil
		}
		line, column := d.InputPos()
		if err != nil {
			return fmt.Errorf("line %d, column %d: %w", line, column, err)
		}
		if _, ok := token.(xml.StartElement); ok {
			return fmt.Errorf("line %d, column %d: a second document follows", line, column)
		}
	}
}
