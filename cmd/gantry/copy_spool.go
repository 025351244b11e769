package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"gantry/transfer/ledger"
	"gantry/transfer/steer"
)

// A spool holds the results of a copy on disk, since the receipts of many files are too
// much for memory. put may be called by many goroutines at once; what reads comes after.
type spool struct {
	mu      sync.Mutex
	file    *os.File
	out     *bufio.Writer
	at      int64
	flushed time.Time
	where   []spooled         // by the number of the file in the copy
	more    []spooled         // of files that only earlier runs knew
	before  map[delivery]bool // whose receipts are in the ledger
	err     error             // the first that kept something from being written
}

// spooled is where a result is.
type spooled struct {
	at   int64
	size int32
	keep bool // it belongs into the ledger, even if an earlier run is there
	has  bool // it has a receipt
}

const spoolName = "results.jsonl"

func newSpool(dir string, files int) (*spool, error) {
	f, err := os.OpenFile(filepath.Join(dir, spoolName), os.O_CREATE|os.O_RDWR|os.O_TRUNC, 0o600)
	if err != nil {
		return nil, fmt.Errorf("keep the receipts of the copy: %w", err)
	}
	before, err := keptBefore(dir)
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return &spool{file: f, out: bufio.NewWriterSize(f, 1<<16), where: make([]spooled, files), before: before}, nil
}

// put adds the result of a file.
func (s *spool) put(i int, r result) {
	s.where[i] = s.write(r)
}

// add puts a result that is none of this run's files.
func (s *spool) add(r result) {
	s.more = append(s.more, s.write(r))
}

// write fails only once: what comes after it is lost, too.
func (s *spool) write(r result) spooled {
	line, err := r.line()
	s.mu.Lock()
	defer s.mu.Unlock()
	now := spooled{at: s.at, size: int32(len(line)), keep: !r.compared && (r.Receipt == nil || !s.before[deliveryOf(r.Receipt)]), has: r.Receipt != nil}
	if s.err == nil && err == nil {
		_, err = s.out.Write(append(line, '\n'))
	}
	if s.err == nil && err == nil && time.Since(s.flushed) > time.Second { // others may look
		s.flushed = time.Now()
		err = s.out.Flush()
	}
	if s.err == nil && err != nil {
		s.err = fmt.Errorf("keep the receipts of the copy: %w", err)
	}
	s.at += int64(len(line)) + 1
	return now
}

// line is the result as JSON. A receipt that is encoded already, which is most of it, comes
// last.
func (r result) line() ([]byte, error) {
	receipt := r.recorded
	if receipt == nil || r.Receipt == nil {
		return json.Marshal(r)
	}
	r.Receipt = nil
	line, err := json.Marshal(r)
	if err != nil {
		return nil, err
	}
	line = append(line[:len(line)-1], `,"receipt":`...)
	return append(append(line, receipt...), '}'), nil
}

// end is called when all is put, before anything is read.
func (s *spool) end() error {
	return errors.Join(s.err, s.out.Flush())
}

func (s *spool) Close() error { return s.file.Close() }

// lines gives the results in the order of the files. They are valid until the next one.
func (s *spool) lines() iter.Seq2[[]byte, error] { return s.read(s.where) }

// kept gives those that belong into the ledger.
func (s *spool) kept(l ledger.Ledger, id string) (iter.Seq2[[]byte, error], bool, error) {
	last, known, err := l.Find(id)
	if err != nil {
		return nil, false, err
	}
	known = known && last.State != steer.StateFailed // of which nothing had arrived
	var list []spooled
	for _, w := range slices.Concat(s.where, s.more) {
		if w.has && (w.keep || !known) {
			list = append(list, w)
		}
	}
	return s.read(list), len(list) > 0, nil
}

func (s *spool) read(list []spooled) iter.Seq2[[]byte, error] {
	return func(yield func([]byte, error) bool) {
		var line []byte
		for _, w := range list {
			if w.size == 0 {
				continue // it was not come to
			}
			line = slices.Grow(line[:0], int(w.size))[:w.size]
			if _, err := s.file.ReadAt(line, w.at); err != nil {
				yield(nil, fmt.Errorf("read the receipts of the copy: %w", err))
				return
			}
			if !yield(line, nil) {
				return
			}
		}
	}
}

// results decodes lines of results.
func results(lines iter.Seq2[[]byte, error]) iter.Seq2[result, error] {
	return func(yield func(result, error) bool) {
		for line, err := range lines {
			var r result
			if err == nil {
				err = json.Unmarshal(line, &r)
			}
			if !yield(r, err) || err != nil {
				return
			}
		}
	}
}
