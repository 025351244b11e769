package flow

import (
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"math/big"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// The limits of data in a run: inputs, outputs and results of expressions.
const (
	maxValueCost  = 4 << 20 // bytes of text plus 8 for each value
	maxValueDepth = 500
)

// canonical brings data into the one form that encoding and decoding give back unchanged.
// It copies only what it has to change.
func canonical(data any) (any, error) {
	c := canonicalizer{left: maxValueCost}
	v, _, err := c.value(data, 0)
	return v, err
}

type canonicalizer struct{ left int }

func (c *canonicalizer) spend(n int) error {
	if c.left -= n; c.left < 0 {
		return fmt.Errorf("the value is larger than the limit of %d MiB", maxValueCost>>20)
	}
	return nil
}

// value also says whether it had to change the data.
func (c *canonicalizer) value(data any, depth int) (any, bool, error) {
	if depth > maxValueDepth {
		return nil, false, fmt.Errorf("the value is nested more than %d levels deep", maxValueDepth)
	}
	if err := c.spend(8); err != nil {
		return nil, false, err
	}
	switch v := data.(type) {
	case nil, bool, int:
		return v, false, nil
	case string:
		return canonicalString(v), !utf8.ValidString(v), c.spend(len(v))
	case float64:
		return canonicalFloat(v), true, nil
	case *big.Int:
		if v.IsInt64() {
			return int(v.Int64()), true, nil
		}
		return v, false, c.spend(v.BitLen() / 3)
	case json.Number:
		return canonicalNumber(string(v)), true, c.spend(len(v))
	case []any:
		return c.list(v, depth)
	case map[string]any:
		return c.object(v, depth)
	}
	return nil, false, fmt.Errorf("a %T is not JSON", data)
}

func (c *canonicalizer) list(list []any, depth int) (any, bool, error) {
	if list == nil {
		return []any{}, true, nil
	}
	out, changed := list, false
	for i, item := range list {
		v, differs, err := c.value(item, depth+1)
		if err != nil {
			return nil, false, err
		}
		if differs && !changed {
			out, changed = slices.Clone(list), true
		}
		if changed {
			out[i] = v
		}
	}
	return out, changed, nil
}

func (c *canonicalizer) object(m map[string]any, depth int) (any, bool, error) {
	out, changed := m, m == nil
	if changed {
		out = map[string]any{}
	}
	for name, item := range m {
		if !utf8.ValidString(name) {
			return c.rename(m, depth)
		}
		if err := c.spend(len(name)); err != nil {
			return nil, false, err
		}
		v, differs, err := c.value(item, depth+1)
		if err != nil {
			return nil, false, err
		}
		if differs && !changed {
			out, changed = maps.Clone(m), true
		}
		if differs {
			out[name] = v
		}
	}
	return out, changed, nil
}

// rename repairs names that are not UTF-8, in an order that does not depend on the map's.
func (c *canonicalizer) rename(m map[string]any, depth int) (any, bool, error) {
	out := make(map[string]any, len(m))
	for _, name := range slices.Sorted(maps.Keys(m)) {
		out[canonicalString(name)] = m[name]
	}
	v, _, err := c.object(out, depth)
	return v, true, err
}

func canonicalString(s string) string {
	if utf8.ValidString(s) {
		return s
	}
	return strings.ToValidUTF8(s, "\uFFFD")
}

// canonicalFloat gives the number that encoding/json would write and decode would read back.
func canonicalFloat(f float64) any {
	switch {
	case math.IsNaN(f):
		return nil
	case math.IsInf(f, 1):
		return math.MaxFloat64
	case math.IsInf(f, -1):
		return -math.MaxFloat64
	case f != math.Trunc(f) || math.Abs(f) >= 1e21:
		return f
	}
	return canonicalNumber(strconv.FormatFloat(f, 'f', -1, 64))
}

// canonicalNumber reads the text of a JSON number.
func canonicalNumber(s string) any {
	if i, err := strconv.Atoi(s); err == nil {
		return i
	}
	if !strings.ContainsAny(s, ".eE") {
		if i, ok := new(big.Int).SetString(s, 10); ok {
			return i
		}
	}
	f, err := strconv.ParseFloat(s, 64)
	if err != nil && !math.IsInf(f, 0) {
		return nil
	}
	return canonicalFloat(f)
}
