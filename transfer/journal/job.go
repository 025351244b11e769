package journal

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/zeebo/xxh3"

	"gantry/connectors"
	"gantry/transfer/chunk"
)

// A Job is a transfer under way.
type Job struct {
	ID      string     `json:"id"`
	Source  Source     `json:"source"`
	Plan    chunk.Plan `json:"plan"`
	Started time.Time  `json:"started"`

	// Until is when what is under way is given up, unless the job is run again before;
	// zero = it waits for that as long as it takes.
	Until time.Time `json:"until,omitzero"`
}

// A Source is the version of a file that a job reads.
type Source struct {
	Location string           `json:"location"`
	Path     string           `json:"path"`
	Entry    connectors.Entry `json:"entry"`
	Identity string           `json:"identity,omitempty"` // of a file that grows: it stays the same while the version changes
}

// An Upload is one that a destination knows of, until it is committed or aborted.
type Upload struct {
	Target   Target    `json:"target"`
	ID       string    `json:"id"`
	Started  time.Time `json:"started"`
	Revealed string    `json:"revealed,omitempty"` // the second name that the file so far has, or may have
	Folders  []string  `json:"folders,omitempty"`  // that were made for it, the outermost first
}

// A Record is all that is known of a job.
type Record struct {
	Job     *Job                               // nil if none is under way
	Uploads map[Target]Upload                  // open ones
	Parts   map[Target]map[int]connectors.Part // accepted, by number
	Copies  map[Target]json.RawMessage         // finished, while others are not
	Mark    json.RawMessage                    // how far the job has come; see AcceptWith; nil if there is none
	Receipt json.RawMessage                    // of the finished job; nil if there is none
}

// Begin records an upload, and with it the job, before its first part is sent.
// KindNoSpace when the volume is too full to take on new work.
func (j *Journal) Begin(job Job, u Upload) error { return j.BeginSoon(job, u)() }

// Revise records the job anew, of which an upload is recorded.
func (j *Journal) Revise(job Job) error {
	if err := checkName("job's ID", job.ID); err != nil {
		return err
	}
	w := &write{}
	if err := errors.Join(w.put(key(jobs, job.ID), job), j.lengthen(job.ID)); err != nil {
		return err
	}
	return j.writer.submit(w)()
}

// BeginSoon is Begin, and leaves it to the caller to wait for it, before the upload
// is committed.
func (j *Journal) BeginSoon(job Job, u Upload) (wait func() error) {
	if err := checkName("job's ID", job.ID); err != nil {
		return failed(err)
	}
	w := &write{new: true}
	if err := errors.Join(w.put(key(jobs, job.ID), job), j.lengthen(job.ID)); err != nil {
		return failed(err)
	}
	if err := w.put(key(uploads, job.ID, u.Target.key()), u); err != nil {
		return failed(err)
	}
	return j.writer.submit(w)
}

// Accept records a part that a destination has accepted.
func (j *Journal) Accept(job string, u Upload, p connectors.Part) error {
	return j.AcceptWith(job, u, p, nil)
}

// accepted is a part with the mark of its upload: parts that a crash left of an
// earlier upload to the same target do not count.
type accepted struct {
	connectors.Part
	Mark string `json:"mark"`
}

func (u Upload) mark() string { return fmt.Sprintf("%016x", xxh3.HashString(u.ID)) }

// Drop forgets an upload and its parts: it is aborted, or gone.
func (j *Journal) Drop(job string, t Target) error {
	if err := j.lengthen(job); err != nil {
		return err
	}
	return j.replace(nil, key(uploads, job, t.key()), key(parts, job, t.key()))
}

// Done records a finished copy (a small JSON value) and drops its upload.
func (j *Journal) Done(job string, t Target, finished any) error {
	if err := j.lengthen(job); err != nil {
		return err
	}
	w := &write{}
	if err := w.put(key(copies, job, t.key()), named{t, finished}); err != nil {
		return err
	}
	return j.replace(w, key(uploads, job, t.key()), key(parts, job, t.key()))
}

// named keeps the target with a copy, since keys hold only a digest of it.
type named struct {
	Target Target `json:"target"`
	Copy   any    `json:"copy"`
}

// Finish records the receipt (a small JSON value) of a job and forgets the rest.
func (j *Journal) Finish(job string, receipt any) error {
	if err := checkName("job's ID", job); err != nil {
		return err
	}
	w := &write{}
	if err := w.put(key(receipts, job), dated{j.now().UTC(), receipt}); err != nil {
		return err
	}
	if err := j.replace(w, key(jobs, job), key(uploads, job), key(copies, job), key(marks, job), key(parts, job)); err != nil {
		return err
	}
	return j.forgetBrief(job)
}

// dated is a receipt with the time of its writing, for [Journal.PruneReceipts].
type dated struct {
	At      time.Time `json:"at"`
	Receipt any       `json:"receipt"`
}

// Orphan records an upload that is of no use any more and could not be aborted.
func (j *Journal) Orphan(u Upload) error {
	w := &write{}
	if err := w.put(orphanKey(u), u); err != nil {
		return err
	}
	return j.writer.submit(w)()
}

// Aborted removes an orphan: it is aborted.
func (j *Journal) Aborted(u Upload) error {
	return j.inSlices([]op{{key: orphanKey(u), remove: true}})
}

func orphanKey(u Upload) []byte { return key(orphans, u.Target.key(), u.mark()) }

// Forget removes all that is known of a job, its receipt too.
func (j *Journal) Forget(job string) error {
	if err := j.replace(nil, key(jobs, job), key(uploads, job), key(copies, job), key(marks, job), key(parts, job), key(receipts, job)); err != nil {
		return err
	}
	return j.forgetBrief(job)
}

func (w *write) put(key []byte, value any) error {
	data, err := json.Marshal(value)
	if err != nil {
		return fmt.Errorf("encode a journal entry: %w", err)
	}
	w.ops = append(w.ops, op{key: key, value: data})
	return nil
}
