package web

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// A resource is what WebDAV tells of one file or folder.
type resource struct {
	href       string
	collection bool
	size       int64 // -1 if not told
	modified   string
	etag       string
}

// xmlResponse is an element of a multistatus, RFC 4918 section 14.24.
type xmlResponse struct {
	Href      string        `xml:"DAV: href"`
	Status    string        `xml:"DAV: status"`
	Propstats []xmlPropstat `xml:"DAV: propstat"`
}

type xmlPropstat struct {
	Status string `xml:"DAV: status"`
	Prop   struct {
		Size     string `xml:"DAV: getcontentlength"`
		Modified string `xml:"DAV: getlastmodified"`
		ETag     string `xml:"DAV: getetag"`
		Type     struct {
			Collection *struct{} `xml:"DAV: collection"`
		} `xml:"DAV: resourcetype"`
	} `xml:"DAV: prop"`
}

// parseMultistatus hands on the resources of a multistatus as they come. One that
// breaks off is an error.
func parseMultistatus(r io.Reader, each func(resource) error) error {
	d := xml.NewDecoder(r)
	inside := false
	for {
		token, err := d.Token()
		switch {
		case err == io.EOF && inside:
			return io.ErrUnexpectedEOF
		case err == io.EOF:
			return errors.New("it is empty")
		case err != nil:
			return err
		}
		switch t := token.(type) {
		case xml.StartElement:
			if !inside {
				if t.Name.Space != "DAV:" || t.Name.Local != "multistatus" {
					return fmt.Errorf("it is no multistatus, but %q", t.Name.Local)
				}
				inside = true
				continue
			}
			if err := element(d, t, each); err != nil {
				return err
			}
		case xml.EndElement:
			return nil
		}
	}
}

func element(d *xml.Decoder, t xml.StartElement, each func(resource) error) error {
	if t.Name.Space != "DAV:" || t.Name.Local != "response" {
		return d.Skip()
	}
	var x xmlResponse
	if err := d.DecodeElement(&x, &t); err != nil {
		return err
	}
	if x.Status != "" && !success(x.Status) {
		return fmt.Errorf("it tells of trouble with one of its files: %q", x.Status)
	}
	return each(x.resource())
}

func (x xmlResponse) resource() resource {
	r := resource{href: strings.TrimSpace(x.Href), size: -1}
	for _, p := range x.Propstats {
		if !success(p.Status) {
			continue
		}
		if p.Prop.Type.Collection != nil {
			r.collection = true
		}
		if n, err := strconv.ParseUint(strings.TrimSpace(p.Prop.Size), 10, 63); err == nil {
			r.size = int64(n)
		}
		if p.Prop.Modified != "" {
			r.modified = strings.TrimSpace(p.Prop.Modified)
		}
		if p.Prop.ETag != "" {
			r.etag = strings.TrimSpace(p.Prop.ETag)
		}
	}
	return r
}

// success reads a status line: "HTTP/1.1 200 OK".
func success(line string) bool {
	fields := strings.Fields(line)
	return len(fields) >= 2 && len(fields[1]) == 3 && fields[1][0] == '2'
}
