// Package nulls3 is a store of the S3 kind that costs as little as can be: it
// takes everything and keeps names, sizes and checksums, it hashes nothing, and it
// serves zeros. Clients are measured against it. Signatures are not looked at.
package nulls3

import (
	"encoding/xml"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// Handler gives a new store that holds the seeds.
func Handler(seeds ...Seed) http.Handler {
	s := &store{objects: make(map[string]object), uploads: make(map[string]map[int]stored), began: time.Now()}
	for _, seed := range seeds {
		s.sow(seed)
	}
	return s
}

type object struct {
	size int64
	crc  string
}

type store struct {
	mu      sync.Mutex
	objects map[string]object         // by path
	keys    []string                  // of objects, in order; nil = to be sorted again
	uploads map[string]map[int]stored // parts, by upload
	next    int
	began   time.Time
	taken   atomic.Int64 // bytes of bodies
}

type stored struct {
	size int64
	crc  string
}

// TakenPath answers with the number of bytes that were sent to the store so far.
const TakenPath = "/-/taken"

const (
	crcHeader = "X-Amz-Checksum-Crc64nvme"
	etag      = `"0123456789abcdef0123456789abcdef"`
)

func (s *store) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	query := r.URL.Query()
	id := query.Get("uploadId")
	switch {
	case r.URL.Path == TakenPath:
		s.counted(w)
	case r.Method == http.MethodPost && query.Has("uploads"):
		s.begin(w)
	case r.Method == http.MethodPost && id != "":
		s.complete(w, r, id)
	case r.Method == http.MethodPut && id != "":
		s.part(w, r, id, query.Get("partNumber"))
	case r.Method == http.MethodDelete && id != "":
		s.mu.Lock()
		delete(s.uploads, id)
		s.mu.Unlock()
		w.WriteHeader(http.StatusNoContent)
	case r.Method == http.MethodPut && len(query) <= 1: // the SDK adds x-id
		s.put(w, r)
	case r.Method == http.MethodPut:
		s.drain(r)
	case r.Method == http.MethodDelete:
		s.mu.Lock()
		delete(s.objects, r.URL.Path)
		s.keys = nil
		s.mu.Unlock()
		w.WriteHeader(http.StatusNoContent)
	case r.Method == http.MethodGet && id != "":
		s.parts(w, id)
	case r.Method == http.MethodGet && query.Has("list-type"):
		s.list(w, r.URL.Path, query)
	default:
		s.get(w, r)
	}
}

func (s *store) put(w http.ResponseWriter, r *http.Request) {
	o := object{size: s.drain(r), crc: r.Header.Get(crcHeader)}
	s.mu.Lock()
	s.objects[r.URL.Path], s.keys = o, nil
	s.mu.Unlock()
	receipt(w, o.crc)
}

func (s *store) begin(w http.ResponseWriter) {
	s.mu.Lock()
	s.next++
	id := fmt.Sprint("upload", s.next)
	s.uploads[id] = make(map[int]stored)
	s.mu.Unlock()
	answer(w, fmt.Sprintf(`<InitiateMultipartUploadResult><UploadId>%s</UploadId></InitiateMultipartUploadResult>`, id))
}

func (s *store) part(w http.ResponseWriter, r *http.Request, id, number string) {
	p := stored{s.drain(r), r.Header.Get(crcHeader)}
	n, err := strconv.Atoi(number)
	s.mu.Lock()
	parts, ok := s.uploads[id]
	if ok {
		parts[n] = p
	}
	s.mu.Unlock()
	if !ok || err != nil {
		refuse(w, "NoSuchUpload")
		return
	}
	receipt(w, p.crc)
}

func (s *store) complete(w http.ResponseWriter, r *http.Request, id string) {
	var document struct {
		Parts []struct{ PartNumber int } `xml:"Part"`
	}
	err := xml.NewDecoder(r.Body).Decode(&document)
	o := object{crc: r.Header.Get(crcHeader)}
	s.mu.Lock()
	parts, ok := s.uploads[id]
	for _, p := range document.Parts {
		o.size += parts[p.PartNumber].size
	}
	if ok && err == nil {
		delete(s.uploads, id)
		s.objects[r.URL.Path], s.keys = o, nil
	}
	s.mu.Unlock()
	if !ok || err != nil {
		refuse(w, "NoSuchUpload")
		return
	}
	answer(w, fmt.Sprintf(`<CompleteMultipartUploadResult><Bucket>b</Bucket><Key>k</Key><ETag>%s</ETag></CompleteMultipartUploadResult>`, etag))
}

func (s *store) get(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	o, ok := s.objects[r.URL.Path]
	s.mu.Unlock()
	if !ok {
		refuse(w, "NoSuchKey")
		return
	}
	first, last := int64(0), o.size-1
	h := w.Header()
	h.Set("Last-Modified", s.began.UTC().Format(http.TimeFormat))
	status := http.StatusOK
	if from, to, found := strings.Cut(strings.TrimPrefix(r.Header.Get("Range"), "bytes="), "-"); found {
		first, _ = strconv.ParseInt(from, 10, 64)
		if end, err := strconv.ParseInt(to, 10, 64); err == nil {
			last = min(last, end)
		}
		if first > last {
			w.WriteHeader(http.StatusRequestedRangeNotSatisfiable)
			return
		}
		h.Set("Content-Range", fmt.Sprintf("bytes %d-%d/%d", first, last, o.size))
		status = http.StatusPartialContent
	}
	h.Set("Content-Length", strconv.FormatInt(last-first+1, 10))
	receipt(w, o.crc)
	w.WriteHeader(status)
	for left := last - first + 1; left > 0 && r.Method == http.MethodGet; {
		n, err := w.Write(zeros[:min(left, int64(len(zeros)))])
		if err != nil {
			return
		}
		left -= int64(n)
	}
}

var zeros [256 << 10]byte

func receipt(w http.ResponseWriter, crc string) {
	w.Header()["ETag"] = []string{etag}
	if crc != "" {
		w.Header().Set(crcHeader, crc)
	}
}

func answer(w http.ResponseWriter, text string) {
	w.Header().Set("Content-Type", "application/xml")
	_, _ = io.WriteString(w, `<?xml version="1.0" encoding="UTF-8"?>`+text)
}

func refuse(w http.ResponseWriter, code string) {
	w.Header().Set("Content-Type", "application/xml")
	w.WriteHeader(http.StatusNotFound)
	_, _ = fmt.Fprintf(w, `<?xml version="1.0" encoding="UTF-8"?><Error><Code>%s</Code></Error>`, code)
}

var buffers = sync.Pool{New: func() any { return new([1 << 20]byte) }}

// drain reads in large steps, which io.Discard would not, and tells how long the
// object is: a body in chunks with a checksum behind says so in a header.
func (s *store) drain(r *http.Request) (size int64) {
	buffer := buffers.Get().(*[1 << 20]byte)
	defer buffers.Put(buffer)
	for {
		n, err := r.Body.Read(buffer[:])
		size += int64(n)
		s.taken.Add(int64(n))
		if err != nil {
			break
		}
	}
	if decoded, err := strconv.ParseInt(r.Header.Get("X-Amz-Decoded-Content-Length"), 10, 64); err == nil {
		return decoded
	}
	return size
}
