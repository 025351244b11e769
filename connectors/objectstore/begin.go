package objectstore

import (
	"context"
	"fmt"
	"mime"
	"strconv"
	"strings"
	"time"

	"gantry/connectors"
)

// Begin starts a multipart upload, or one in memory for a small file. Resume
// takes the ID of a multipart upload, which is looked for.
func (p *Place) Begin(ctx context.Context, path string, o connectors.UploadOptions) (connectors.Upload, error) {
	key, err := p.key(path)
	if err != nil {
		return nil, err
	}
	properties, err := propertiesOf(path, o)
	if err != nil {
		return nil, err
	}
	file := target{place: p, path: path, key: key, properties: properties, exclusive: o.Exclusive, brief: o.Brief}
	if o.Resume == "" && 0 <= o.Size && o.Size <= SmallSize && ctx.Err() == nil && p.closed.Err() == nil {
		return &small{target: file, size: o.Size}, nil
	}
	ctx, done := p.use(ctx)
	defer done()
	if err := ctx.Err(); err != nil {
		return nil, p.failed(ctx, "begin", path, err)
	}
	switch {
	case o.Resume == smallID:
		return nil, connectors.Errorf(connectors.KindNotFound, "begin", path, "a small upload ends with its process")
	case o.Resume != "":
		return p.resume(ctx, file, o.Resume)
	}
	var id string
	sums := false
	err = p.sums.try(func(with bool) error {
		sums, properties.Checksum = with, with
		id, err = p.client.CreateUpload(ctx, key, properties)
		return err
	})
	if err != nil {
		return nil, p.failed(ctx, "begin", path, err)
	}
	return &multipart{target: file, id: id, sums: sums}, nil
}

func (p *Place) resume(ctx context.Context, file target, id string) (connectors.Upload, error) {
	if strings.ContainsFunc(id, func(r rune) bool { return r < ' ' || r > '~' }) {
		return nil, connectors.Errorf(connectors.KindInvalid, "begin", file.path, "%q is no ID of an upload", id)
	}
	page, err := p.client.ListParts(ctx, file.key, id, 0)
	if err != nil {
		return nil, p.failed(ctx, "begin", file.path, err)
	}
	return &multipart{target: file, id: id, sums: page.Checksum}, nil
}

// A target is the object that an upload becomes.
type target struct {
	place      *Place
	path, key  string
	properties Properties
	exclusive  bool
	brief      bool
}

// propertiesOf makes an object's headers. Values beyond ASCII are written as in
// mail (RFC 2047), which is how S3 gives them back.
func propertiesOf(path string, o connectors.UploadOptions) (Properties, error) {
	p := Properties{ContentType: o.ContentType, Metadata: make(map[string]string, len(o.Metadata)+1)}
	if p.ContentType == "" {
		p.ContentType = contentType(path)
	}
	for name, value := range o.Metadata {
		if name == "" || strings.ContainsFunc(name, notInName) {
			return Properties{}, &connectors.Error{
				Kind: connectors.KindInvalid, Op: "begin", Path: path, Err: fmt.Errorf("metadata cannot be called %q", name),
				Remedy: "use lower-case letters, digits, dashes, dots and underscores",
			}
		}
		p.Metadata[name] = mime.QEncoding.Encode("utf-8", value)
	}
	if !o.ModTime.IsZero() {
		p.Metadata["mtime"] = unixTime(o.ModTime)
	}
	return p, nil
}

func notInName(r rune) bool {
	return !strings.ContainsRune("abcdefghijklmnopqrstuvwxyz0123456789-._", r)
}

// unixTime writes seconds since 1970 with their fraction.
func unixTime(t time.Time) string {
	whole, nanos := t.Unix(), t.Nanosecond()
	sign := ""
	if whole < 0 {
		sign = "-"
		whole = -whole
		if nanos > 0 {
			whole, nanos = whole-1, 1e9-nanos
		}
	}
	text := sign + strconv.FormatInt(whole, 10)
	if nanos > 0 {
		text += "." + strings.TrimRight(fmt.Sprintf("%09d", nanos), "0")
	}
	return text
}
