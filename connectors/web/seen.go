package web

import (
	"net/http"
	"sync"

	"gantry/connectors"
)

// A mark is what was last told of a file.
type mark struct {
	etag     string // strong; "" if there is none
	modified string // as the server wrote it
	size     int64
}

// seen remembers marks, so that a file that changes between two reads is noticed.
// It forgets some when there are many. It may be used by many goroutines at once.
type seen struct {
	mu    sync.Mutex
	marks map[string]mark
}

// mostSeen bounds the memory for marks.
const mostSeen = 4096

func (s *seen) note(e connectors.Entry) {
	m := mark{size: e.Size}
	if strong(e.Version) {
		m.etag = e.Version
	}
	if !e.ModTime.IsZero() {
		m.modified = e.ModTime.Format(http.TimeFormat)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.marks == nil {
		s.marks = map[string]mark{}
	}
	for path := range s.marks {
		if len(s.marks) < mostSeen {
			break
		}
		delete(s.marks, path)
	}
	s.marks[e.Path] = m
}

func (s *seen) of(path string) (mark, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	m, ok := s.marks[path]
	return m, ok
}

func (s *seen) forget(path string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.marks, path)
}

// condition asks for the version that was seen, and for no other.
func (m mark) condition(h http.Header) {
	switch {
	case m.etag != "":
		h.Set("If-Match", m.etag)
	case m.modified != "":
		h.Set("If-Unmodified-Since", m.modified)
	}
}

// differs compares what an answer says of the file with what was seen; size is -1
// where the answer does not say.
func (m mark) differs(h http.Header, size int64) bool {
	etag, last := h.Get("ETag"), modified(h.Get("Last-Modified"))
	switch {
	case size >= 0 && size != m.size:
		return true
	case m.etag != "" && strong(etag):
		return etag != m.etag
	}
	return m.modified != "" && !last.IsZero() && last.Format(http.TimeFormat) != m.modified
}
