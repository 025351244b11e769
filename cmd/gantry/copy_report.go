package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"slices"
	"strings"
	"sync"
	"time"

	"gantry/connectors"
	"gantry/transfer"
	"gantry/transfer/custody"
)

// What became of a file.
const (
	outcomeCopied  = "copied"
	outcomeResumed = "resumed"       // an earlier run had sent a part of it
	outcomeRenamed = "renamed"       // its storage gave it its new path: nothing was sent
	outcomePresent = "already there" // with the same digest: nothing was sent
	outcomeStopped = "stopped"       // the same command goes on
	outcomeFailed  = "failed"
)

// A result is what became of one file.
type result struct {
	Source      string            `json:"source"`
	Destination string            `json:"destination"`
	Size        int64             `json:"size"`
	Outcome     string            `json:"outcome"`
	Seconds     float64           `json:"seconds"`   // of this run
	SentBytes   int64             `json:"sentBytes"` // in this run, also what came to nothing
	Warnings    []string          `json:"warnings,omitempty"`
	Error       string            `json:"error,omitempty"`
	Receipt     *transfer.Receipt `json:"receipt,omitempty"`
	err         error
	began       time.Time
	compared    bool              // it was found to be there, and nothing was done
	recorded    []byte            // the receipt of a copy as JSON, if it is at hand
	left        transfer.Progress // the last of a job that failed
}

func (r result) failed(err error) result {
	r.err, r.Error, r.Outcome = err, err.Error(), outcomeFailed
	r.Seconds = time.Since(r.began).Seconds()
	if connectors.KindOf(err) == connectors.KindCanceled {
		r.Outcome = outcomeStopped
	}
	return r
}

func (r result) done(outcome string, receipt transfer.Receipt) result {
	r.Outcome, r.Receipt, r.Size = outcome, &receipt, receipt.Size // some places do not tell the size before
	r.Seconds = time.Since(r.began).Seconds()
	for _, vain := range receipt.Restarts {
		if vain.At.Before(r.began) {
			continue // an earlier run has said so
		}
		r.SentBytes += vain.SentBytes
		r.Warnings = append(r.Warnings, fmt.Sprintf("%s; it was copied anew, and %s had been sent in vain", vain.Reason, size(vain.SentBytes)))
	}
	if outcome != outcomePresent && len(receipt.Copies) > 0 {
		r.SentBytes += receipt.Copies[0].SentBytes
	}
	return r
}

// A report is what became of all files of a copy. The results of the files are on disk.
type report struct {
	Files     int     `json:"files"`
	Copied    int     `json:"copied"`
	Resumed   int     `json:"resumed"`
	Renamed   int     `json:"renamed,omitempty"` // of a move
	Present   int     `json:"alreadyThere"`
	Stopped   int     `json:"stopped"`
	Failed    int     `json:"failed"`
	Bytes     int64   `json:"bytes"`     // of the files that are there now
	SentBytes int64   `json:"sentBytes"` // in this run
	Removed   int     `json:"removed"`   // sources that were deleted, of a move
	Seconds   float64 `json:"seconds"`

	Warnings    []string          `json:"warnings,omitempty"`   // of the first files that have some
	MovedBefore time.Time         `json:"movedBefore,omitzero"` // of a move of which an earlier one has left nothing to do
	LeftOut     []leftOut         `json:"leftOut,omitempty"`
	Generations []custody.Written `json:"generations,omitempty"` // added to the histories at the destination

	KeptHistories []keptHistory `json:"keptHistories,omitempty"` // at the destination, which knew more

	mu        sync.Mutex
	spool     *spool
	failures  []failure // the first that came
	mendable  bool      // to try one of the failed files again may help
	full      bool      // the destination had no room for one of them
	id        string    // of the transfer
	cancelled bool
}

// A leftOut file was not copied, because of its name.
type leftOut struct {
	Name   string `json:"name"`
	Reason string `json:"reason"`
}

// A failure is that of a file, by its number in the copy.
type failure struct {
	file int
	err  error
}

// add takes in what became of a file.
func (r *report) add(i int, f result) {
	r.spool.put(i, f)
	r.mu.Lock()
	defer r.mu.Unlock()
	switch f.Outcome {
	case outcomeCopied:
		r.Copied++
	case outcomeResumed:
		r.Resumed++
	case outcomeRenamed:
		r.Renamed++
	case outcomePresent:
		r.Present++
	case outcomeStopped:
		r.Stopped++
	default:
		r.Failed++
	}
	r.SentBytes += f.SentBytes
	for _, text := range f.Warnings {
		if len(r.Warnings) < fewFiles {
			r.Warnings = append(r.Warnings, f.Source+": "+text)
		}
	}
	if f.err != nil {
		r.fails(i, f.err)
		return
	}
	r.Bytes += f.Size
	if !f.Receipt.Removed.IsZero() && f.Outcome != outcomeRenamed {
		r.Removed++
	}
}

// fails remembers the errors of the first files, in their order.
func (r *report) fails(i int, err error) {
	r.mendable = r.mendable || connectors.KindOf(err) != connectors.KindInvalid
	r.full = r.full || noRoom(err)
	at, _ := slices.BinarySearchFunc(r.failures, i, func(f failure, i int) int { return f.file - i })
	if r.failures = slices.Insert(r.failures, at, failure{i, err}); len(r.failures) > fewFiles {
		r.failures = r.failures[:fewFiles]
	}
}

// fewFiles are named one by one without being asked for.
const fewFiles = 20

func (r *report) table(w io.Writer, all bool) error {
	if all || r.Files <= fewFiles {
		if err := r.fileTable(w); err != nil {
			return err
		}
	}
	for _, h := range r.KeptHistories {
		h.tell(w)
	}
	for _, text := range r.Warnings {
		fmt.Fprintf(w, "warning: %s\n", printable(text))
	}
	for _, g := range r.Generations {
		fmt.Fprintf(w, "generation %d of the history: %s\n", g.Number, printable(g.Path))
	}
	_, err := fmt.Fprintln(w, r.summary())
	return err
}

func (r *report) fileTable(w io.Writer) error { return resultTable(w, results(r.spool.lines())) }

// resultTable shows the files that have a receipt.
func resultTable(w io.Writer, list iter.Seq2[result, error]) error {
	return streamed(w, "FILE SIZE XXH128 PROOF TIME OUTCOME", func(yield func([]string, error) bool) {
		for f, err := range list {
			if err != nil {
				yield(nil, err)
				return
			}
			if f.Receipt == nil {
				continue
			}
			row := receiptRow(*f.Receipt, f.Receipt.Copies[0], f.Outcome)
			if row[4] = f.time(); !yield(row, nil) {
				return
			}
		}
	})
}

// time is what this run took, and beside it what all runs did since the first began.
func (r result) time() string {
	took := time.Duration(r.Seconds * float64(time.Second))
	whole := r.Receipt.Finished.Sub(r.Receipt.Started)
	if r.Outcome != outcomeResumed || whole < took+time.Second {
		return short(took)
	}
	return short(took) + " of " + short(whole)
}

func (r *report) summary() string {
	var parts []string
	for _, each := range []struct {
		n    int
		what string
	}{{r.Copied, outcomeCopied}, {r.Resumed, outcomeResumed}, {r.Renamed, outcomeRenamed}, {r.Present, outcomePresent}, {r.Stopped, outcomeStopped}, {r.Failed, outcomeFailed}} {
		if each.n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", each.n, each.what))
		}
	}
	if len(r.LeftOut) > 0 {
		parts = append(parts, fmt.Sprintf("%d left out", len(r.LeftOut)))
	}
	if r.Removed > 0 {
		parts = append(parts, count(r.Removed, "source")+" deleted")
	}
	took := time.Duration(r.Seconds * float64(time.Second))
	text := fmt.Sprintf("%s: %s; %s sent in %s", count(r.Files, "file"), strings.Join(parts, ", "), size(r.SentBytes), short(took))
	if r.SentBytes > 0 && r.Seconds >= 1 {
		text += ", " + rate(float64(r.SentBytes)/r.Seconds)
	}
	return text
}

// err tells of the files that are not there.
func (r *report) err(ctx context.Context) error {
	if ctx.Err() != nil && r.Stopped > 0 {
		return fmt.Errorf("stopped with %d of %s done: the same command goes on from here", r.Files-r.Stopped-r.Failed, count(r.Files, "file"))
	}
	var failures []error
	for _, f := range r.failures {
		failures = append(failures, f.err)
	}
	if r.Failed > fewFiles {
		failures = append(failures, fmt.Errorf("and %d more (all with -o json)", r.Failed-fewFiles))
	}
	if r.Failed > 0 && r.Files > 1 {
		failures = append(failures, fmt.Errorf("%d of %d files failed: %s", r.Failed, r.Files, r.whatNow()))
	}
	if left := r.heldBack(); left != nil {
		failures = append(failures, left)
	}
	if len(r.LeftOut) > 0 {
		failures = append(failures, fmt.Errorf("%s left out because of their names (see above): rename them", count(len(r.LeftOut), "file")))
	}
	if len(failures) == 0 {
		return nil
	}
	if err := errors.Join(failures...); r.Files > 1 || len(r.LeftOut) > 0 {
		return coded(exitFailed, err) // their kinds may differ
	}
	if len(failures) > 1 {
		return fmt.Errorf("%w; %w", failures[0], failures[1])
	}
	return failures[0]
}

func receiptRow(r transfer.Receipt, c transfer.Copy, more ...string) []string {
	return append([]string{c.Path, size(r.Size), orDash(r.Digests[connectors.XXH128]), proofWord(c.Proof, c.ProofDigest), short(r.Finished.Sub(r.Started))}, more...)
}

func printReceipts(w io.Writer, receipts []transfer.Receipt) error {
	var rows [][]string
	for _, r := range receipts {
		for _, c := range r.Copies {
			rows = append(rows, receiptRow(r, c))
		}
	}
	if err := columns(w, "FILE SIZE XXH128 PROOF TIME", rows); err != nil {
		return err
	}
	return printReasons(w, receipts)
}

// printReasons says why each copy was proved as it was, and what was not as usual.
func printReasons(w io.Writer, receipts []transfer.Receipt) error {
	for _, r := range receipts {
		for _, c := range r.Copies {
			if c.ProofReason != "" {
				fmt.Fprintf(w, "%s: %s, for %s\n", printable(c.Path), proofWord(c.Proof, c.ProofDigest), printable(c.ProofReason))
			}
			for _, note := range append(slices.Clone(r.Source.Notes), c.Notes...) {
				fmt.Fprintf(w, "%s: note: %s\n", printable(c.Path), printable(note))
			}
		}
	}
	return nil
}

// whatNow says whether to try again helps any of them.
func (r *report) whatNow() string {
	if r.mendable {
		return "the same command tries them again"
	}
	return "rename them, or choose another destination"
}
