package dispatch

import (
	"cmp"
	"maps"
	"slices"
)

// sorted gives a map's values in the order of their keys.
func sorted[K cmp.Ordered, V any](m map[K]V) []V {
	values := make([]V, 0, len(m))
	for _, key := range slices.Sorted(maps.Keys(m)) {
		values = append(values, m[key])
	}
	return values
}
