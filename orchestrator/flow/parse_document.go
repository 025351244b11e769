package flow

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

var (
	namePattern    = regexp.MustCompile(`^[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?$`)
	versionPattern = regexp.MustCompile(`^(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(-[0-9A-Za-z-]+(\.[0-9A-Za-z-]+)*)?(\+[0-9A-Za-z-]+(\.[0-9A-Za-z-]+)*)?$`)
	variableName   = regexp.MustCompile(`^[a-zA-Z_][a-zA-Z0-9_]*$`)
)

func (p *parser) document(n *node) {
	f := p.object(n, "dsl", "namespace", "name", "version", "title", "summary", "tags", "metadata")
	if f == nil {
		return
	}
	d := &p.def.Document
	if v := f.need("dsl"); v != nil {
		s, ok := p.text(v)
		if ok && !slices.Contains(dslVersions, s) {
			p.problem(v, fmt.Sprintf("version %q of the DSL is not supported", s), "this version knows "+strings.Join(dslVersions, ", "))
		}
		d.DSL = s
	}
	d.Namespace = p.matching(f.need("namespace"), namePattern, "letters, digits and inner hyphens, at most 63")
	d.Name = p.matching(f.need("name"), namePattern, "letters, digits and inner hyphens, at most 63")
	d.Version = p.matching(f.need("version"), versionPattern, "a semantic version such as 1.0.0")
	d.Title, d.Summary = f.text("title"), f.text("summary")
	if tags := f.get("tags"); tags != nil {
		p.tags(tags)
	}
	p.metadata(f)
}

func (p *parser) tags(n *node) {
	if n.kind != mapNode {
		p.problem(n, fmt.Sprintf("must be an object, not %s", n.what()), "")
		return
	}
	p.def.Document.Tags = map[string]string{}
	for i, item := range n.items {
		text, isText := item.scalar.(string)
		if !isText {
			text = string(encode(item.value()))
		}
		p.def.Document.Tags[n.keys[i].name] = text
	}
}

func (p *parser) metadata(f *fields) {
	if m := f.get("metadata"); m != nil && m.kind != mapNode {
		p.problem(m, fmt.Sprintf("must be an object, not %s", m.what()), "")
	}
}

// matching gives a string that must have a form.
func (p *parser) matching(n *node, form *regexp.Regexp, says string) string {
	if n == nil {
		return ""
	}
	s, ok := p.text(n)
	if ok && !form.MatchString(s) {
		p.problem(n, fmt.Sprintf("%q is not allowed", s), says)
	}
	return s
}

// variable gives the name of a variable that a task defines.
func (p *parser) variable(n *node, otherwise string) string {
	if n == nil {
		return otherwise
	}
	s, ok := p.text(n)
	switch {
	case !ok:
		return otherwise
	case !variableName.MatchString(s):
		p.problem(n, fmt.Sprintf("%q cannot be the name of a variable", s), "use letters, digits and underscores")
	case slices.Contains(varsReserved, s):
		p.problem(n, fmt.Sprintf("$%s has a meaning already", s), "choose another name")
	}
	return s
}
