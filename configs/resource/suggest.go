package resource

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
)

// suggest gives the end of a message about an unknown field: the one that was
// meant, or all that there are.
func suggest(wrong string, fields map[string]reflect.Type) string {
	names := slices.Sorted(maps.Keys(fields))
	best, bestDistance := "", len(wrong)/2+1
	for _, name := range names {
		if len(wrong) > 2*len(name) {
			continue
		}
		if d := distance(wrong, name); d < bestDistance {
			best, bestDistance = name, d
		}
	}
	switch {
	case best != "":
		return fmt.Sprintf(": did you mean %q?", best)
	case len(names) == 0:
		return ": there are no fields here"
	}
	return ": known are " + strings.Join(names, ", ")
}

// distance is Levenshtein's.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost++
			}
			diagonal, row[j+1] = row[j+1], min(cost, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
