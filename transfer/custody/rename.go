package custody

import (
	"path"
	"slices"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// alsoOfMissing adds the formats by which a new file can be told to be a missing one of its size.
func (a *author) alsoOfMissing(formats []string, size int64) []string {
	for _, p := range a.missing {
		h, rel := a.top.Owner(p)
		if r := h.File(rel); r.Size < 0 || size < 0 || r.Size == size {
			formats = r.Wanted(formats)
		}
	}
	return formats
}

// detect finds missing files under new names in the same history. Each new file stands for one missing file; one of the same name goes before
// others.
func (a *author) detect() {
	byDigest := map[string][]*found{}
	for _, f := range a.sorted() {
		if f.record != nil {
			continue
		}
		for format, d := range a.read[f.Path].digests {
			key := f.home.Home + "\x00" + format + "\x00" + d
			byDigest[key] = append(byDigest[key], f)
		}
	}
	gone := slices.Clone(a.missing)
	for _, sameName := range []bool{true, false} {
		gone = slices.DeleteFunc(gone, func(p string) bool { return a.claim(p, byDigest, sameName) })
	}
	a.missing = gone
}

// claim looks for the new name of a missing file.
func (a *author) claim(p string, byDigest map[string][]*found, sameName bool) bool {
	h, rel := a.top.Owner(p)
	record := h.File(rel)
	for format, s := range record.First {
		for _, f := range byDigest[h.Home+"\x00"+format+"\x00"+s.Digest] {
			if f.record != nil || sameName && path.Base(f.Path) != path.Base(p) || record.Contradicts(a.read[f.Path].digests) != "" {
				continue
			}
			f.record, f.was = record, rel
			return true
		}
	}
	return false
}

// renamedFolders follows from renamed files: the folder of one that is gone is now the new one's. The earlier path by the path now, both in the history.
func (a *author) renamedFolders(h *History) map[string]string {
	renamed := map[string]string{}
	known := map[string]bool{}
	for _, rel := range h.Folders() {
		known[rel] = true
	}
	there := func(rel string) bool {
		_, ok := a.folders[h.abs(rel)]
		return ok
	}
	for _, f := range a.sorted() {
		if f.home != h || f.was == "" {
			continue
		}
		for was, now := path.Dir(f.was), path.Dir(f.rel); was != now && was != "." && now != "."; was, now = path.Dir(was), path.Dir(now) {
			if known[was] && !there(was) && !known[now] && renamed[now] == "" {
				renamed[now] = was
			}
			if path.Base(was) != path.Base(now) {
				break
			}
		}
	}
	for p := range a.folders { // of which only the form of the name has changed
		owner, rel := a.top.Owner(p)
		if owner != h || known[rel] || renamed[rel] != "" || !utf8.ValidString(rel) {
			continue
		}
		for was := range known {
			if !there(was) && norm.NFC.String(was) == norm.NFC.String(rel) {
				renamed[rel] = was
			}
		}
	}
	return renamed
}
