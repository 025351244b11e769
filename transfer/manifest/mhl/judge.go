package mhl

import "fmt"

// Wanted adds to the formats that a file is to be hashed with one that the history can be held against, if it has none of them. A nil Record
// needs none.
func (r *Record) Wanted(requested []string) []string {
	if r == nil || len(r.First) == 0 {
		return requested
	}
	for _, f := range requested {
		if _, ok := r.First[f]; ok {
			return requested
		}
	}
	return append(requested[:len(requested):len(requested)], r.Oldest())
}

// Oldest is the format that was recorded first, which other tools hold a file against; "" if there is none.
func (r *Record) Oldest() string {
	best, at := "", 0
	for _, f := range formats {
		s, ok := r.First[f.name]
		if !ok {
			continue
		}
		// Of one generation, the one that says original.
		rank := 2 * s.Generation
		if s.Action != Original {
			rank++
		}
		if best == "" || rank < at {
			best, at = f.name, rank
		}
	}
	return best
}

// Judge tells what is to be recorded of a file whose digests were computed: each is original if the history does not know the file, verified if it
// agrees with the history, and failed if not. A format that is new to the history counts as verified beside one that is, and is not recorded
// beside one that failed. A file under a new name (renamed) has its first digests under that name: original.
func (r *Record) Judge(digests map[string]string, renamed bool) (keep map[string]string, marks map[string]string) {
	keep, marks = map[string]string{}, map[string]string{}
	known, failed := false, false
	for _, f := range formats {
		d, ok := digests[f.name]
		if !ok || r == nil {
			continue
		}
		if first, had := r.First[f.name]; had {
			known = true
			keep[f.name], marks[f.name] = d, Verified
			if first.Digest != d {
				marks[f.name], failed = Failed, true
			}
		}
	}
	for _, f := range formats {
		d, ok := digests[f.name]
		if _, judged := keep[f.name]; !ok || judged || failed {
			continue
		}
		keep[f.name], marks[f.name] = d, Verified
		if !known {
			marks[f.name] = Original
		}
	}
	if renamed && !failed {
		for f := range marks {
			marks[f] = Original
		}
	}
	return keep, marks
}

// With records what Judge says in f.
func (f File) With(keep, actions map[string]string) File {
	f.Digests, f.Action, f.Marks = keep, "", nil
	for _, format := range formats {
		a := actions[format.name]
		switch {
		case a == "":
		case f.Action == "":
			f.Action = a
		case a != f.Action:
			if f.Marks == nil {
				f.Marks = map[string]Mark{}
			}
			f.Marks[format.name] = Mark{a, f.HashDate}
		}
	}
	return f
}

// Formats lists the standard's digests, in the order in which a manifest has them.
func Formats() []string {
	names := make([]string, len(formats))
	for i, f := range formats {
		names[i] = f.name
	}
	return names
}

func doubt(path, format, action string, generation, first int) string {
	return fmt.Sprintf("%q: generation %d records another %s as %s than generation %d", path, generation, format, action, first)
}

// Contradicts says in words which digests differ from the recorded ones; "" if none does.
func (r *Record) Contradicts(digests map[string]string) string {
	for _, f := range formats {
		d, ok := digests[f.name]
		if first, had := r.First[f.name]; ok && had && first.Digest != d {
			return fmt.Sprintf("%s is %s, generation %d has %s", f.name, d, first.Generation, first.Digest)
		}
	}
	return ""
}
