package agent

import (
	"bytes"
	"fmt"
	"path"
	"strings"
	"text/template"
	"time"

	"gantry/connectors"
)

// DefaultPath is where a route puts an arrival if it says nothing else. The ID in it keeps two versions, and two
// files of the same name, apart.
const DefaultPath = `{{.Stem}}-{{slice .ID 0 8}}/{{.Name}}`

// pathTemplate makes the destination path of an arrival.
type pathTemplate struct{ t *template.Template }

// pathFacts are the fields of a route's path template.
type pathFacts struct {
	ID, Path, Name, Stem, Ext string // Ext has no dot
	Site, Route               string
	Year, Month, Day          string // of the time at which the file settled, in UTC
}

func parsePath(text string) (pathTemplate, error) {
	if text == "" {
		text = DefaultPath
	}
	t, err := template.New("path").Option("missingkey=error").Parse(text)
	if err != nil {
		return pathTemplate{}, fmt.Errorf("the path template does not parse: %w: see docs/routes for its fields", err)
	}
	p := pathTemplate{t}
	if _, err := p.render(factsOf("0123456789abcdef", "folder/name.ext", "site", "route", time.Unix(0, 0))); err != nil {
		return pathTemplate{}, fmt.Errorf("the path template does not work for folder/name.ext: %w", err)
	}
	return p, nil
}

// render fails with KindInvalid on a result that is no path below the destination's root.
func (p pathTemplate) render(f pathFacts) (string, error) {
	var out bytes.Buffer
	if err := p.t.Execute(&out, f); err != nil {
		return "", connectors.Errorf(connectors.KindInvalid, "make destination path", f.Path, "%w", err)
	}
	return connectors.CleanPath(out.String())
}

func factsOf(id, p, site, route string, settled time.Time) pathFacts {
	name := path.Base(p)
	ext := path.Ext(name)
	stem := strings.TrimSuffix(name, ext)
	if stem == "" {
		stem, ext = name, ""
	}
	settled = settled.UTC()
	return pathFacts{
		ID: id, Path: p, Name: name, Stem: stem, Ext: strings.TrimPrefix(ext, "."), Site: site, Route: route,
		Year: settled.Format("2006"), Month: settled.Format("01"), Day: settled.Format("02"),
	}
}

// tellsVersionsApart is whether no two arrivals can have the same destination.
func (p pathTemplate) tellsVersionsApart() bool {
	now := time.Unix(0, 0)
	a, errA := p.render(factsOf("0123456789abcdef", "f/n.e", "s", "r", now))
	b, errB := p.render(factsOf("fedcba9876543210", "f/n.e", "s", "r", now))
	return errA == nil && errB == nil && a != b
}
