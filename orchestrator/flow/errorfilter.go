package flow

import "strings"

// errorFilter is catch.errors.with: what is set must be equal.
type errorFilter struct {
	kind, title, detail, instance *string
	status                        *int
}

// aliases are other bases under which documents know the standard errors: the conformance kit's
// and those of the specification's former name.
var aliases = []string{
	"https://open-workflow-specification.org/dsl/errors/types/",
	"https://serverlessworkflow.io/spec/1.0.0/errors/",
	"https://serverlessworkflow.io/dsl/errors/types/",
}

// standardType gives the specification's own URI for a standard error under any of its names.
func standardType(uri string) string {
	for _, base := range aliases {
		if name, ok := strings.CutPrefix(uri, base); ok {
			if _, known := standard[errorBase+name]; known {
				return errorBase + name
			}
		}
	}
	return uri
}

func (p *parser) errorFilter(n *node) *errorFilter {
	f := p.object(n, "with")
	if f == nil {
		return nil
	}
	with := f.get("with")
	if with == nil {
		return nil
	}
	w := p.object(with, "type", "status", "title", "detail", "instance")
	if w == nil {
		return nil
	}
	if len(with.items) == 0 {
		p.problem(with, "filters nothing", "name at least one field, or leave it out")
	}
	filter := &errorFilter{}
	for name, to := range map[string]**string{"type": &filter.kind, "title": &filter.title, "detail": &filter.detail, "instance": &filter.instance} {
		if v := w.get(name); v != nil {
			s, _ := p.text(v)
			*to = &s
		}
	}
	if v := w.get("status"); v != nil {
		status := p.integer(v)
		filter.status = &status
	}
	return filter
}

// matches says whether an error passes; no filter lets all pass.
func (f *errorFilter) matches(e *Error) bool {
	if f == nil {
		return true
	}
	return (f.kind == nil || standardType(*f.kind) == standardType(e.Type)) &&
		(f.status == nil || *f.status == e.Status) &&
		(f.title == nil || *f.title == e.Title) &&
		(f.detail == nil || *f.detail == e.Detail) &&
		(f.instance == nil || *f.instance == e.Instance)
}
