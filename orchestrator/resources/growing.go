package resources

import (
	"errors"
	"fmt"
	"math"
	"path"
	"strings"

	"gantry/transfer/agent/naming"
	"gantry/transfer/agent/wire"
)

// checkGrowing tells what is wrong with how a route sends recordings while they grow.
func checkGrowing(r wire.Route) error {
	g := r.Growing
	if g == nil {
		return nil
	}
	for name, seconds := range map[string]float64{"after": g.After, "idle": g.Idle, "silence": g.Silence} {
		if seconds < 0 || math.IsNaN(seconds) || seconds > 30*24*3600 {
			return fmt.Errorf("%s: write a number of seconds, from 0 on", name)
		}
	}
	for _, glob := range g.Match {
		if _, err := path.Match(glob, ""); err != nil || glob == "" || strings.Contains(glob, "/") {
			return fmt.Errorf("match: %q is no pattern of a name: use *, ? and [a-z]", glob)
		}
	}
	for _, ending := range g.Temporary {
		if len(ending) < 2 || strings.Contains(ending, "/") {
			return fmt.Errorf("temporary: %q is no ending of a name: write it like .part", ending)
		}
	}
	switch {
	case g.Verify != "" && g.Verify != wire.GrowingFull && g.Verify != wire.GrowingEdges:
		return fmt.Errorf("verify: there is no %q: write full or edges", g.Verify)
	case strings.Contains(g.Sidecar, "/"):
		return errors.New("sidecar: it is put to the name of the file: write it like .done")
	case g.Reveal == "":
		return nil
	case g.Reveal == r.Path || r.Path == "" && g.Reveal == naming.DefaultPath:
		return errors.New("reveal: it is the path of the finished file: write another one")
	}
	if err := naming.CheckPath(g.Reveal); err != nil {
		return fmt.Errorf("reveal: %w", err)
	}
	return nil
}
