package poll

import (
	"iter"
	"time"

	"gantry/connectors"
)

// A file is what is remembered of one.
type file struct {
	path    string
	size    int64
	at      int64 // modification time, ns since 1970
	version string
	lacked  bool // by the last complete listing
}

func remember(e connectors.Entry) file {
	return file{path: e.Path, size: e.Size, at: e.ModTime.UnixNano(), version: e.Version}
}

// A scan is one listing, merged with the one before. Both are in byte order.
type scan struct {
	w      *watched
	silent bool // nothing is told
	now    time.Time
	most   int
	tell   func(connectors.Event) error

	old  int    // files of w that were looked at
	last string // of the listing
	next []file // what will be remembered
	gone []file // known, and not in the listing so far
}

// list takes in a listing until it ends, or until something refuses.
func (s *scan) list(entries iter.Seq2[connectors.Entry, error]) error {
	for e, err := range entries {
		if err != nil {
			return err
		}
		if e.Path <= s.last && s.last != "" {
			return connectors.Errorf(connectors.KindIncomplete, "watch", e.Path, "the listing is not in byte order: it comes after %q", s.last)
		}
		s.last = e.Path
		if err := s.take(e); err != nil {
			return err
		}
	}
	return nil
}

func (s *scan) take(e connectors.Entry) error {
	for s.old < len(s.w.files) && s.w.files[s.old].path < e.Path {
		s.miss()
	}
	now := remember(e)
	if s.old < len(s.w.files) && s.w.files[s.old].path == e.Path {
		was := s.w.files[s.old]
		was.lacked = false
		if was != now && !s.silent {
			if err := s.tell(s.event(e)); err != nil {
				return err // and the old one is kept, so that it is told again
			}
		}
		s.old++
	} else {
		if len(s.next) >= s.most {
			return errTooMany(s.most)
		}
		if !s.silent {
			if err := s.tell(s.event(e)); err != nil {
				return err
			}
		}
	}
	s.next = append(s.next, now)
	return nil
}

// miss passes a known file that the listing lacks. Whether that means anything is
// decided at its end; until then it is remembered.
func (s *scan) miss() {
	s.gone = append(s.gone, s.w.files[s.old])
	s.next = append(s.next, s.w.files[s.old])
	s.old++
}

func (s *scan) event(e connectors.Entry) connectors.Event {
	return connectors.Event{Entry: e, At: e.ModTime, Order: s.order()}
}

// order is that of the scans.
func (s *scan) order() string { return s.now.Format("2006-01-02T15:04:05.000000000Z") }

// finish remembers. complete tells that the listing was; conclude that what it
// lacks may be gone, which the second listing in a row confirms.
func (s *scan) finish(complete, conclude bool) (err error) {
	for s.old < len(s.w.files) {
		if complete {
			s.miss()
		} else {
			s.next = append(s.next, s.w.files[s.old])
			s.old++
		}
	}
	s.w.based = s.w.based || complete
	if conclude {
		err = s.conclude()
	}
	s.w.files = s.next
	return err
}

// conclude tells of the files that were lacking last time too, and marks the
// others.
func (s *scan) conclude() (err error) {
	kept := s.next[:0]
	missing := 0
	for _, f := range s.next {
		if missing == len(s.gone) || s.gone[missing].path != f.path {
			kept = append(kept, f)
			continue
		}
		missing++
		if f.lacked && err == nil {
			event := connectors.Event{Entry: connectors.Entry{Path: f.path}, Removed: true, At: s.now, Order: s.order()}
			if err = s.tell(event); err == nil {
				continue
			}
		}
		f.lacked = true
		kept = append(kept, f)
	}
	s.next = kept
	return err
}
