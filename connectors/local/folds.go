package local

import (
	"os"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// folds says which names a file system takes for the same.
type folds struct{ Case, Unicode bool }

func (f folds) or(o folds) folds { return folds{f.Case || o.Case, f.Unicode || o.Unicode} }

// foldSample is how many names are looked at for one that can tell.
const foldSample = 64

// probe finds out from names that are there: one that is found under another
// spelling, too, and is not in the list under it, is folded.
func probe(root *os.Root, names []string) (found folds) {
	return folds{
		Case:    probeBy(root, names, otherCase),
		Unicode: probeBy(root, names, otherForm),
	}
}

func probeBy(root *os.Root, names []string, respell func(string) string) bool {
	for _, name := range names {
		other := respell(name)
		if other == name {
			continue
		}
		info, err := root.Lstat(name)
		if err != nil || !info.IsDir() && links(info) != 1 {
			continue // two names of one file prove nothing
		}
		there, err := root.Lstat(other)
		return err == nil && os.SameFile(info, there)
	}
	return false
}

func exists(root *os.Root, name string) bool {
	_, err := root.Lstat(name)
	return err == nil
}

// otherCase gives the same name with the case of each letter changed.
func otherCase(name string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case unicode.IsUpper(r):
			return unicode.ToLower(r)
		case unicode.IsLower(r):
			return unicode.ToUpper(r)
		default:
			return r
		}
	}, name)
}

// otherForm gives the decomposed form of a name, or the composed form of a
// decomposed one.
func otherForm(name string) string {
	if other := norm.NFD.String(name); other != name {
		return other
	}
	return norm.NFC.String(name)
}
