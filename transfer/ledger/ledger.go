package ledger

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"iter"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"gantry/transfer/steer"
)

// A Ledger is the folder where ended runs are kept. Runs of different transfers may be
// kept at once; of one transfer the caller sees to it that only one is.
type Ledger string

// A Run is one that has ended. Its ID has the number of the run.
type Run struct {
	steer.Status
	lines string // the file; it need not be there
}

const (
	day         = time.DateOnly
	statusEnd   = ".json"
	linesEnd    = ".jsonl"
	longestLine = 64 << 20
)

// Keep adds a run of the transfer s.ID, which has ended at s.Ended, and gives the ID of
// the run. All is on disk when it returns.
func (l Ledger) Keep(s steer.Status, lines iter.Seq2[[]byte, error]) (id string, err error) {
	last, err := l.last(s.ID)
	if err != nil {
		return "", err
	}
	s.ID += "." + strconv.Itoa(last+1)
	dir := filepath.Join(string(l), s.Ended.UTC().Format(day))
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", fmt.Errorf("keep receipts: %w", err)
	}
	status, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		return "", err
	}
	err = put(dir, s.ID+linesEnd, func(w io.Writer) error {
		for line, err := range lines {
			if err == nil {
				_, err = w.Write(append(line, '\n'))
			}
			if err != nil {
				return err
			}
		}
		return nil
	})
	if err == nil { // the status last: what has one is whole
		err = put(dir, s.ID+statusEnd, func(w io.Writer) error { _, err := w.Write(append(status, '\n')); return err })
	}
	if err != nil {
		return "", fmt.Errorf("keep receipts: %w", err)
	}
	return s.ID, nil
}

// put writes a file in one step. It is on disk then.
func put(dir, name string, write func(io.Writer) error) error {
	f, err := os.CreateTemp(dir, unfinished+"*") // mode 0600
	if err != nil {
		return err
	}
	w := bufio.NewWriterSize(f, 1<<16)
	if err = write(w); err == nil {
		err = w.Flush()
	}
	if err == nil {
		err = f.Sync()
	}
	if closed := f.Close(); err == nil {
		err = closed
	}
	if err == nil {
		err = os.Rename(f.Name(), filepath.Join(dir, name))
	}
	if err != nil {
		_ = os.Remove(f.Name()) // Prune finds what is left of it
		return err
	}
	return syncFolder(dir)
}

func syncFolder(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	return d.Sync()
}

// Lines gives the lines of a run, in their order. They are valid until the next one.
func (r Run) Lines() iter.Seq2[[]byte, error] { return Lines(r.lines) }

// Lines gives those of a file, which need not be there. What follows the last line
// break, as after a kill, is no line.
func Lines(file string) iter.Seq2[[]byte, error] {
	return func(yield func([]byte, error) bool) {
		f, err := os.Open(file)
		if os.IsNotExist(err) {
			return
		}
		if err != nil {
			yield(nil, err)
			return
		}
		defer f.Close()
		lines := bufio.NewScanner(f)
		lines.Buffer(nil, longestLine)
		lines.Split(whole)
		for lines.Scan() {
			if !yield(lines.Bytes(), nil) {
				return
			}
		}
		if err := lines.Err(); err != nil {
			yield(nil, fmt.Errorf("read receipts in %s: %w", file, err))
		}
	}
}

// whole is bufio.ScanLines without what is not ended.
func whole(data []byte, atEOF bool) (advance int, token []byte, err error) {
	advance, token, err = bufio.ScanLines(data, false)
	if advance == 0 && atEOF {
		return len(data), nil, err
	}
	return advance, token, err
}
