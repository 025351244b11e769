package probe

import (
	"context"
	"strings"

	"gantry/connectors"
)

// awkward names, by what is awkward about them.
var awkward = []struct{ what, name string }{
	{"names with spaces", " two  spaces "},
	{"names with a leading dash", "-rf"},
	{"names with special characters", `100% #1? a+b&c;d=e,f'g"h*<|>`},
	{"names with a backslash", `back\slash`},
	{"names in Unicode", "日本語 über é.mxf"},
	{"names that are not UTF-8", "latin-1-\xfc"},
	{"names with a newline", "new\nline"},
	{"names with a trailing dot", "dot."},
	{"names that Windows reserves", "CON"},
	{"names of 255 bytes", strings.Repeat("n", 255)},
}

// names tries each, and whether two spellings are the same name to the place.
func (p *probe) names(ctx context.Context) error {
	for i, each := range awkward {
		data := bytesOf(uint64(100+i), 10)
		path := p.path(each.name)
		_, err := p.put(ctx, path, data, connectors.UploadOptions{})
		if err == nil {
			err = p.holds(ctx, path, data, 0, -1)
		}
		if err == nil && p.profile.Can["list"] == "yes" {
			err = p.listed(ctx, path)
		}
		if err := p.can(each.what, err); err != nil {
			return err
		}
	}
	if p.sameName(ctx, "Spelling.mov", "sPELLING.MOV") {
		p.quirk("folds-case", "names that differ only in upper and lower case are the same file: the second of such twins is held back")
	}
	if p.sameName(ctx, "spelling-\u00e9.mov", "spelling-e\u0301.mov") {
		p.quirk("folds-unicode", "the composed and the decomposed spelling of a name are the same file: the second of such twins is held back")
	}
	return nil
}

func (p *probe) listed(ctx context.Context, path string) error {
	for entry, err := range p.place.List(ctx, p.folder) {
		if err != nil {
			return err
		}
		if entry.Path == path {
			return nil
		}
	}
	return connectors.Errorf(connectors.KindInvalid, "list", path, "it can be written and read, but is not listed under this name")
}

func (p *probe) sameName(ctx context.Context, name, twin string) bool {
	if _, err := p.put(ctx, p.path(name), []byte("one"), connectors.UploadOptions{}); err != nil {
		return false
	}
	_, err := p.place.Stat(ctx, p.folder+"/"+twin)
	return err == nil
}
