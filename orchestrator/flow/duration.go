package flow

import (
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// maxDuration is what longer durations are cut to: a hundred years.
const maxDuration = 100 * 365 * 24 * time.Hour

// duration is a duration of a document: fixed, or an expression that gives one.
type duration struct {
	fixed time.Duration
	expr  *expr
}

var durationUnits = map[string]time.Duration{
	"days": 24 * time.Hour, "hours": time.Hour, "minutes": time.Minute,
	"seconds": time.Second, "milliseconds": time.Millisecond,
}

// duration compiles an object of units, an ISO 8601 duration or an expression in ${ }.
func (p *parser) duration(n *node, vars []string) *duration {
	if n.kind == mapNode {
		f := p.object(n, "days", "hours", "minutes", "seconds", "milliseconds")
		for i, item := range f.node.items {
			if !isWhole(item) {
				p.problem(item, fmt.Sprintf("%s must be a whole number, not below zero", f.node.keys[i].name), "")
				return nil
			}
		}
		if len(n.items) == 0 {
			p.problem(n, "a duration needs at least one unit", "days, hours, minutes, seconds or milliseconds")
		}
		d, err := durationOf(n.value())
		if err != nil {
			p.problem(n, err.Error(), "")
		}
		return &duration{fixed: d}
	}
	s, ok := n.scalar.(string)
	if n.kind != scalarNode || !ok {
		p.problem(n, fmt.Sprintf("a duration is an object such as { seconds: 30 } or a string such as PT30S, not %s", n.what()), "")
		return nil
	}
	if strings.HasPrefix(strings.TrimSpace(s), "${") {
		if e := p.expression(n, vars); e != nil {
			return &duration{expr: e}
		}
		return nil
	}
	d, err := durationOf(s)
	if err != nil {
		p.problem(n, err.Error(), "")
		return nil
	}
	return &duration{fixed: d}
}

func isWhole(n *node) bool {
	i, ok := n.scalar.(int)
	return n.kind == scalarNode && ok && i >= 0
}

// run gives the duration, never below zero; none at all is zero.
func (d *duration) run(eval evaluator) (time.Duration, *Error) {
	if d == nil {
		return 0, nil
	}
	if d.expr == nil {
		return d.fixed, nil
	}
	v, failed := eval(d.expr)
	if failed != nil {
		return 0, failed
	}
	out, err := durationOf(v)
	if err != nil {
		return 0, newError(TypeExpression, "%s: %s", d.expr.source, err)
	}
	return out, nil
}

var isoDuration = regexp.MustCompile(`^P(?:([\d.]+)Y)?(?:([\d.]+)M)?(?:([\d.]+)W)?(?:([\d.]+)D)?(?:T(?:([\d.]+)H)?(?:([\d.]+)M)?(?:([\d.]+)S)?)?$`)

// isoUnits are the units of an ISO 8601 duration; years count 365 days and months 30, so that a
// duration does not depend on when it begins.
var isoUnits = []time.Duration{365 * 24 * time.Hour, 30 * 24 * time.Hour, 7 * 24 * time.Hour, 24 * time.Hour, time.Hour, time.Minute, time.Second}

// durationOf reads an ISO 8601 duration or an object of units.
func durationOf(v any) (time.Duration, error) {
	total := 0.0
	switch v := v.(type) {
	case string:
		m := isoDuration.FindStringSubmatch(v)
		if m == nil || strings.HasSuffix(v, "T") || v == "P" {
			return 0, fmt.Errorf("%q is not an ISO 8601 duration such as PT30S", v)
		}
		for i, unit := range isoUnits {
			if m[i+1] == "" {
				continue
			}
			n, err := strconv.ParseFloat(m[i+1], 64)
			if err != nil {
				return 0, fmt.Errorf("%q is not an ISO 8601 duration: %q is not a number", v, m[i+1])
			}
			total += n * float64(unit)
		}
	case map[string]any:
		for _, name := range []string{"days", "hours", "minutes", "seconds", "milliseconds"} {
			switch n := v[name].(type) {
			case nil:
			case int:
				total += float64(max(n, 0)) * float64(durationUnits[name])
			default:
				return 0, fmt.Errorf("%s of a duration must be a whole number, not %s", name, excerpt(n))
			}
		}
	default:
		return 0, fmt.Errorf("a duration is an ISO 8601 string or an object of units, not %s", excerpt(v))
	}
	if total >= float64(maxDuration) {
		return maxDuration, nil
	}
	return time.Duration(math.Round(total)), nil
}
