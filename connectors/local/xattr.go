package local

import (
	"context"
	"encoding/json"
	"errors"
	"os"

	"gantry/connectors"
)

// XattrsKey is the metadata key of an upload that carries extended attributes: a
// JSON object of their names, without "user.", to their values in base64. One key,
// since metadata keys are lower case and attributes' names are not.
const XattrsKey = "xattrs"

// EncodeXattrs makes the value of [XattrsKey] from a place's tags.
func EncodeXattrs(tags map[string]string) string {
	values := make(map[string][]byte, len(tags))
	for name, value := range tags {
		values[name] = []byte(value)
	}
	text, err := json.Marshal(values)
	if err != nil {
		return "" // a map of bytes can be written
	}
	return string(text)
}

// tagged is a place whose extended attributes are wanted.
type tagged struct{ *place }

var _ connectors.Tagger = (*tagged)(nil)

// Tags implements connectors.Tagger: the attributes user.*, without "user.". A
// value may be any bytes.
func (t *tagged) Tags(ctx context.Context, path string) (tags map[string]string, err error) {
	err = t.within(ctx, "read tags of", path, func(root *os.Root, path string) error {
		return t.withFile(root, path, func(f *os.File) error {
			tags, err = readXattrs(f)
			return err
		})
	})
	return tags, err
}

// SetTags implements connectors.Tagger. Attributes user.* that are not among the
// tags are removed.
func (t *tagged) SetTags(ctx context.Context, path string, tags map[string]string) error {
	return t.within(ctx, "set tags of", path, func(root *os.Root, path string) error {
		return t.withFile(root, path, func(f *os.File) error { return replaceXattrs(f, tags) })
	})
}

func (t *tagged) withFile(root *os.Root, path string, use func(*os.File) error) error {
	f, _, err := t.openFile(root, path, "open")
	if err != nil {
		return err
	}
	defer f.Close()
	return noXattrs(path, use(f))
}

func replaceXattrs(f *os.File, tags map[string]string) error {
	there, err := readXattrs(f)
	if err != nil {
		return err
	}
	for name, value := range tags {
		if old, ok := there[name]; ok && old == value {
			continue
		}
		if err := setXattr(f, name, value); err != nil {
			return err
		}
	}
	for name := range there {
		if _, ok := tags[name]; ok {
			continue
		}
		if err := removeXattr(f, name); err != nil {
			return err
		}
	}
	return nil
}

// carryXattrs gives a staged file what an upload's metadata says.
func (p *place) carryXattrs(f *os.File, text string) error {
	if !p.set.xattrs || text == "" {
		return nil
	}
	var values map[string][]byte
	if err := json.Unmarshal([]byte(text), &values); err != nil {
		return &connectors.Error{
			Kind: connectors.KindInvalid, Op: "begin", Path: XattrsKey, Err: err, Remedy: "write a JSON object of names to values in base64",
		}
	}
	for name, value := range values {
		if err := setXattr(f, name, string(value)); err != nil {
			return noXattrs(name, err)
		}
	}
	return nil
}

func copyXattrs(target, source *os.File) error {
	tags, err := readXattrs(source)
	if errors.Is(err, errors.ErrUnsupported) {
		return nil // then it has none
	}
	if err != nil {
		return err
	}
	for name, value := range tags {
		if err := setXattr(target, name, value); err != nil {
			return noXattrs(name, err)
		}
	}
	return nil
}

func noXattrs(path string, err error) error {
	if !errors.Is(err, errors.ErrUnsupported) {
		return err
	}
	return &connectors.Error{
		Kind: connectors.KindUnsupported, Op: "use extended attributes of", Path: path, Err: err,
		Remedy: "the file system keeps none: leave the option xattrs out",
	}
}
