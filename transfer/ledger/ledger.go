package ledger

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"time"

	"gantry/transfer/durable"
	"gantry/transfer/steer"
)

// A Ledger is the folder where ended runs are kept. Runs of different transfers may be
// kept at once; of one transfer the caller sees to it that only one is.
type Ledger string

// A Run is one that has ended. Its ID has the number of the run.
type Run struct {
	steer.Status
	lines string // the file
}

const (
	day         = time.DateOnly
	statusEnd   = ".json"
	linesEnd    = ".jsonl"
	longestLine = 64 << 20
)

// Keep adds a run of the transfer s.ID, which has ended at s.Ended, and gives the ID of
// the run, whose number is above those of all that are kept. All is on disk when it
// returns. It waits while another process prunes. about, unless it is nil, is told the ID
// before the run counts as kept; its error keeps it from that.
func (l Ledger) Keep(s steer.Status, lines iter.Seq2[[]byte, error], about func(id string) error) (id string, err error) {
	release, err := l.hold(lockKeep)
	if err != nil {
		return "", fmt.Errorf("keep receipts: %w", err)
	}
	defer release()
	last, err := l.last(s.ID)
	if err != nil {
		return "", err
	}
	dir := filepath.Join(string(l), s.Ended.UTC().Format(day))
	file, id, err := create(dir, s.ID, last+1)
	if err != nil {
		return "", fmt.Errorf("keep receipts: %w", err)
	}
	if err := writeLines(file, lines); err != nil {
		return "", fmt.Errorf("keep receipts: %w", err)
	}
	s.ID = id
	status, err := json.MarshalIndent(s, "", "  ")
	if err == nil && about != nil {
		err = about(id)
	}
	if err == nil { // the status last: what has one is whole
		err = durable.Write(filepath.Join(dir, id+statusEnd), durable.Bytes(append(status, '\n')))
	}
	if err != nil {
		_ = os.Remove(file.Name()) // Prune finds what is left of it
		return "", fmt.Errorf("keep receipts: %w", err)
	}
	return id, nil
}

// Lines gives the lines of a run, in their order. They are valid until the next one.
// That the ledger has lost them, by a hand or a disk, is an error.
func (r Run) Lines() iter.Seq2[[]byte, error] { return readLines(r.lines, false) }

// Lines gives those of a file, which need not be there. What follows the last line
// break, as after a kill, is no line.
func Lines(file string) iter.Seq2[[]byte, error] { return readLines(file, true) }

func readLines(file string, optional bool) iter.Seq2[[]byte, error] {
	return func(yield func([]byte, error) bool) {
		f, err := os.Open(file)
		if optional && errors.Is(err, fs.ErrNotExist) {
			return
		}
		if errors.Is(err, fs.ErrNotExist) {
			err = fmt.Errorf("the receipts of the run are gone, of which only the summary is left (take them from a backup): %w", err)
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
