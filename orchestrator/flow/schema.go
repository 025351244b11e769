package flow

import (
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// schema is a compiled JSON Schema (2020-12 where $schema does not say otherwise). It is safe for
// concurrent use.
type schema struct{ compiled *jsonschema.Schema }

// schema compiles an input, output or export schema.
func (p *parser) schema(n *node) *schema {
	f := p.object(n, "format", "document", "resource")
	if f == nil {
		return nil
	}
	if format := f.get("format"); format != nil {
		if s, ok := p.text(format); ok && s != "json" && !strings.HasPrefix(s, "json:") {
			p.problem(format, fmt.Sprintf("schema format %q is not supported by this version", s), "use json")
		}
	}
	if f.get("resource") != nil {
		f.unsupported("resource", "a schema from an external resource", "write it under document")
		return nil
	}
	document := f.get("document")
	if document == nil {
		p.missing(n, "document")
		return nil
	}
	compiled, err := compileSchema(document.value())
	if err != nil {
		p.problem(document, "not a valid JSON Schema: "+err.Error(), "")
		return nil
	}
	return &schema{compiled}
}

func compileSchema(document any) (*jsonschema.Schema, error) {
	const location = "flow:///schema"
	c := jsonschema.NewCompiler()
	c.UseLoader(noLoader{})
	c.UseRegexpEngine(compileRegexp)
	if err := c.AddResource(location, schemaValue(document)); err != nil {
		return nil, err
	}
	compiled, err := c.Compile(location)
	var invalid *jsonschema.SchemaValidationError
	switch {
	case errors.As(err, &invalid):
		return nil, details(invalid.Err)
	case err != nil:
		return nil, errors.New(strings.ReplaceAll(err.Error(), location, ""))
	}
	return compiled, nil
}

// validate gives nil or what is wrong with the data.
func (s *schema) validate(data any) error {
	if s == nil {
		return nil
	}
	if err := s.compiled.Validate(schemaValue(data)); err != nil {
		return details(err)
	}
	return nil
}

// details puts what a validator says into one line, without the name of the schema.
func details(err error) error {
	lines := strings.Split(err.Error(), "\n")
	if len(lines) > 1 {
		lines = lines[1:]
	}
	for i, l := range lines {
		lines[i] = strings.TrimPrefix(strings.TrimSpace(l), "- ")
	}
	return errors.New(strings.Join(lines, "; "))
}

// noLoader keeps schemas from reading files or the network.
type noLoader struct{}

func (noLoader) Load(url string) (any, error) {
	return nil, fmt.Errorf("%s is outside the document, and nothing is loaded from there", url)
}

// schemaValue replaces whole numbers beyond 64 bits by a type that the validator knows.
func schemaValue(data any) any {
	switch v := data.(type) {
	case *big.Int:
		return json.Number(v.String())
	case []any:
		for i, item := range v {
			if isBig(item) {
				out := make([]any, len(v))
				copy(out, v[:i])
				for j := i; j < len(v); j++ {
					out[j] = schemaValue(v[j])
				}
				return out
			}
		}
	case map[string]any:
		for _, item := range v {
			if isBig(item) {
				out := make(map[string]any, len(v))
				for name, item := range v {
					out[name] = schemaValue(item)
				}
				return out
			}
		}
	}
	return data
}

// isBig says whether schemaValue has something to replace.
func isBig(data any) bool {
	switch v := data.(type) {
	case *big.Int:
		return true
	case []any:
		for _, item := range v {
			if isBig(item) {
				return true
			}
		}
	case map[string]any:
		for _, item := range v {
			if isBig(item) {
				return true
			}
		}
	}
	return false
}
