// Package naming makes the destination paths of arrivals from a route's path
// template. It does no I/O, and whoever reads a Route may check its path with it.
package naming

import (
	"fmt"
	"path"
	"strings"
	"time"

	"gantry/configs/template"
	"gantry/connectors"
)

// DefaultPath is where a route puts an arrival if it says nothing else. The ID in it keeps two versions, and two
// files of the same name, apart.
const DefaultPath = `{{.Stem}}-{{slice .ID 0 8}}/{{.Name}}`

// Facts are the fields of a path template.
type Facts struct {
	ID, Path, Name, Stem, Ext string // Path is the one in the watched folder; Ext has no dot
	Site, Route               string
	Year, Month, Day          string // of the time at which the file settled, in UTC
}

// FactsOf takes the path of a file apart.
func FactsOf(id, p, site, route string, settled time.Time) Facts {
	name := path.Base(p)
	ext := path.Ext(name)
	stem := strings.TrimSuffix(name, ext)
	if stem == "" {
		stem, ext = name, ""
	}
	settled = settled.UTC()
	return Facts{
		ID: id, Path: p, Name: name, Stem: stem, Ext: strings.TrimPrefix(ext, "."), Site: site, Route: route,
		Year: settled.Format("2006"), Month: settled.Format("01"), Day: settled.Format("02"),
	}
}

// Path is a path template that has been checked.
type Path struct{ text string }

// CheckPath tells what is wrong with a route's path template; the empty one stands for [DefaultPath].
func CheckPath(text string) error {
	_, err := Parse(text)
	return err
}

// Parse fails on a template that has other fields than [Facts], that does more work than a path can need, or that makes
// no path below the destination's root of an ordinary file.
func Parse(text string) (Path, error) {
	if text == "" {
		text = DefaultPath
	}
	p := Path{text}
	if _, err := p.Render(FactsOf("0123456789abcdef", "folder/name.ext", "site", "route", time.Unix(0, 0))); err != nil {
		return Path{}, fmt.Errorf("the path template %q does not work for folder/name.ext: %w: see docs/routes.md for its fields", text, err)
	}
	return p, nil
}

// Render fails with KindInvalid on a result that is no path below the destination's root.
func (p Path) Render(f Facts) (string, error) {
	made, err := template.Render(p.text, template.Plain, f)
	if err != nil {
		return "", connectors.Errorf(connectors.KindInvalid, "make destination path", f.Path, "%w", err)
	}
	return connectors.CleanPath(made)
}

// TellsArrivalsApart is whether the path depends on the arrival's ID, so that no two arrivals are meant for the same one.
func (p Path) TellsArrivalsApart() bool {
	now := time.Unix(0, 0)
	a, errA := p.Render(FactsOf("0123456789abcdef", "f/n.e", "s", "r", now))
	b, errB := p.Render(FactsOf("fedcba9876543210", "f/n.e", "s", "r", now))
	return errA == nil && errB == nil && a != b
}
