package policy

import (
	"maps"
	"strings"
)

// used looks up facts by the names that conditions give them.
func (f *Facts) used(names []string) []Used {
	all := make([]Used, len(names))
	for i, name := range names {
		all[i] = Used{name, f.lookUp(name)}
	}
	return all
}

func (f *Facts) lookUp(name string) any {
	object, field, _ := strings.Cut(name, ".")
	if object != "labels" {
		known, ok := vocabulary[object][field]
		if !ok {
			return nil
		}
		if v := known.get(f); !known.need || !isZero(v) {
			return v
		}
		return nil
	}
	if field == "" {
		return maps.Clone(f.Labels)
	}
	if v, ok := f.Labels[field]; ok {
		return v
	}
	return nil
}
