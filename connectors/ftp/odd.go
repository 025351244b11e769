package ftp

import (
	"path"
	"slices"
	"strings"
	"time"

	"gantry/connectors"
	"gantry/connectors/ftp/listing"
)

// join explains the lines of a listing that are not understood. A name with a line
// break makes two lines of one entry, and the first of them then has a name that
// is not there: such an entry can be passed over. Whatever else is not understood
// leaves the listing in doubt.
func (p *place) join(s *session, dir string, found *contents) error {
	const most = 1000 // questions that a listing is worth
	broken := map[int]*listing.NameError{}
	for n, odd := range found.odd {
		if bad := broken[odd.after]; bad != nil {
			bad.Name += "\n" + odd.text
			continue
		}
		gone := false
		if odd.after >= 0 && n < most {
			_, err := p.stat(s, path.Join(dir, found.entries[odd.after].Name))
			err = missing("list", dir, err)
			if gone = connectors.KindOf(err) == connectors.KindNotFound; !gone && err != nil {
				return err
			}
		}
		switch {
		case gone:
			bad := &listing.NameError{Name: found.entries[odd.after].Name + "\n" + odd.text, Reason: "has a line break"}
			broken[odd.after], found.bad = bad, append(found.bad, bad)
		case odd.text != "" && found.doubt == nil:
			found.doubt = cut("list", dir, "%w", odd.err)
		}
	}
	kept := found.entries[:0]
	for i, e := range found.entries {
		if broken[i] == nil {
			kept = append(kept, e)
		}
	}
	found.entries = kept
	return nil
}

// exactTimes asks for the times of files that LIST gives by the minute or the day.
// Those of files that have gone meanwhile are left as they are.
func (s *session) exactTimes(dir string, entries []listing.Entry) error {
	return s.askEach("MDTM", dir, entries, func(e listing.Entry) bool { return e.Kind == listing.File }, func(e *listing.Entry, r reply) {
		if t, ok := listing.Stamp(strings.TrimSpace(r.text())); ok && r.code == 213 {
			e.ModTime, e.Precision = t, time.Second
		}
	})
}

// doubtEmpty asks for the sizes of empty files: ProFTPD says of a FIFO and of a
// socket that it is a file, and whoever opened it would wait for ever.
func (s *session) doubtEmpty(dir string, entries []listing.Entry) error {
	return s.askEach("SIZE", dir, entries, func(e listing.Entry) bool { return e.Kind == listing.File && e.Size == 0 }, func(e *listing.Entry, r reply) {
		if r.code == 550 && strings.Contains(r.text(), "regular") {
			e.Kind = listing.Other
		}
	})
}

// askEach asks the same of many files, with many questions under way at once.
func (s *session) askEach(verb, dir string, entries []listing.Entry, of func(listing.Entry) bool, answer func(*listing.Entry, reply)) error {
	var about []*listing.Entry
	for i := range entries {
		if e := &entries[i]; of(*e) && badByte(e.Name) == "" {
			about = append(about, e)
		}
	}
	prefix := verb + " " + strings.TrimSuffix(s.abs(dir), "/") + "/"
	for batch := range slices.Chunk(about, maxPipelined) {
		var commands strings.Builder
		for _, e := range batch {
			commands.WriteString(prefix + e.Name + "\r\n")
		}
		if _, err := s.control.Write([]byte(commands.String())); err != nil {
			return err
		}
		for i, e := range batch {
			r, err := s.control.reply()
			if err != nil {
				return err
			}
			s.control.pending = i < len(batch)-1
			answer(e, r)
		}
	}
	return nil
}
