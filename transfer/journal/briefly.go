package journal

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"gantry/connectors"
)

// underWay is the value of what is begun.
type underWay struct {
	Job    Job    `json:"job"`
	Upload Upload `json:"upload"`
}

// BeginBriefly is BeginSoon for a job of one upload that is finished within a moment,
// by FinishAtOnce. A kill does not lose it; a power cut may.
func (j *Journal) BeginBriefly(job Job, u Upload) (wait func() error) {
	if err := checkName("job's ID", job.ID); err != nil {
		return failed(err)
	}
	j.turn.Lock()
	defer j.turn.Unlock()
	return j.jot(begun, job.ID, underWay{job, u})
}

// FinishAtOnce is Finish for a job of which nothing was ever recorded but its
// beginning and these uploads: there is nothing else to look for.
func (j *Journal) FinishAtOnce(job string, receipt any, begunBefore ...Target) error {
	if err := checkName("job's ID", job); err != nil {
		return err
	}
	wait, err := j.finishAtOnce(job, receipt, begunBefore)
	if err != nil {
		return err
	}
	return wait()
}

func (j *Journal) finishAtOnce(job string, receipt any, begunBefore []Target) (wait func() error, err error) {
	j.turn.Lock()
	defer j.turn.Unlock()
	stored := len(begunBefore) > 0 && j.briefs.latest(job).kind != begun
	if !stored && !j.known.lacks(job) {
		if stored, err = j.has(key(receipts, job)); err != nil {
			return nil, err
		}
	}
	if !stored {
		return j.jot(finished, job, receipt), nil
	}
	w := &write{}
	if err := w.put(key(receipts, job), dated{j.now().UTC(), receipt}); err != nil {
		return nil, err
	}
	for _, t := range begunBefore {
		w.ops = append(w.ops, op{key: key(jobs, job), remove: true}, op{key: key(uploads, job, t.key()), remove: true})
	}
	wait = j.writer.submit(w)
	if j.briefs.latest(job).kind == 0 {
		return wait, nil
	}
	if err := wait(); err != nil { // what the pages say counts until then
		return nil, err
	}
	return j.jot(forgotten, job, nil), nil
}

// jot queues a record; it needs the turn.
func (j *Journal) jot(kind recordKind, job string, value any) (wait func() error) {
	r := &record{kind: kind, at: j.now().UTC(), job: job}
	if text, encoded := value.(json.RawMessage); encoded {
		r.value = text
	} else if value != nil {
		data, err := json.Marshal(value)
		if err != nil {
			return failed(fmt.Errorf("encode a journal entry: %w", err))
		}
		r.value = data
	}
	if len(r.value) > MaxValue {
		return failed(connectors.Errorf(connectors.KindInvalid, "write journal", job, "the value is %d bytes long, more than %d", len(r.value), MaxValue))
	}
	j.briefs.expect(r)
	return j.writer.submit(&write{record: r, new: kind == begun})
}

// lengthen has the store know of a job that turns out not to be brief.
func (j *Journal) lengthen(job string) error {
	if j.briefs.latest(job).kind != begun {
		return nil
	}
	j.turn.Lock()
	defer j.turn.Unlock()
	if err := j.writer.submit(&write{})(); err != nil { // what was begun is written by then
		return err
	}
	r, err := j.brief(job)
	if r == nil || r.kind != begun {
		return err
	}
	var u underWay
	if err := json.Unmarshal(r.value, &u); err != nil {
		return damaged(j.dir, fmt.Errorf("job %s: %w", r.job, err))
	}
	w := &write{}
	if err := w.put(key(jobs, u.Job.ID), u.Job); err != nil {
		return err
	}
	if err := w.put(key(uploads, u.Job.ID, u.Upload.Target.key()), u.Upload); err != nil {
		return err
	}
	if err := j.writer.submit(w)(); err != nil {
		return err
	}
	return j.jot(forgotten, job, nil)()
}

// lengthenAll is lengthen for all that are begun.
func (j *Journal) lengthenAll() error {
	var list []string
	err := j.eachBrief(begun, func(r *record) bool {
		list = append(list, r.job)
		return true
	})
	for _, job := range list {
		if err == nil {
			err = j.lengthen(job)
		}
	}
	return err
}

// forgetBrief forgets what the pages say of a job.
func (j *Journal) forgetBrief(job string) error {
	return j.startForgetting(job, j.briefs.latest(job))()
}

// startForgetting forgets it unless something else is known of the job by now.
func (j *Journal) startForgetting(job string, known brief) (wait func() error) {
	j.turn.Lock()
	defer j.turn.Unlock()
	if known.kind == 0 || j.briefs.latest(job).turn != known.turn {
		return failed(nil)
	}
	return j.jot(forgotten, job, nil)
}

// pruneBriefs forgets those that were finished before a time.
func (j *Journal) pruneBriefs(before time.Time) (n int, err error) {
	var waits []func() error
	err = j.eachBrief(finished, func(r *record) bool {
		if r.at.Before(before) {
			waits = append(waits, j.startForgetting(r.job, brief{turn: r.turn, kind: r.kind}))
		}
		return true
	})
	for _, wait := range waits {
		if err = errors.Join(err, wait()); err == nil {
			n++
		}
	}
	return n, err
}

// brief gives the latest record of a job; nil if there is none.
func (j *Journal) brief(job string) (*record, error) {
	now := j.briefs.latest(job)
	p := j.briefs.pageOf(now)
	if p == nil {
		return nil, nil
	}
	r, err := readRecord(io.NewSectionReader(p.file, int64(now.at), p.size-int64(now.at)))
	if err != nil {
		return nil, j.unread(p, err)
	}
	if r.job != job || r.kind != now.kind {
		return nil, nil
	}
	return r, nil
}

// eachBrief calls use for the latest records of a kind, in the order in which they were
// written, until it says no.
func (j *Journal) eachBrief(kind recordKind, use func(*record) bool) error {
	b := j.briefs
	if !b.some(kind) {
		return nil
	}
	for _, p := range b.filled() {
		stopped := false
		err := p.records(p.size, func(r *record, at int64) bool {
			now := b.latest(r.job)
			r.turn = now.turn
			stopped = r.kind == kind && now == brief{p.number, uint32(at), now.turn, kind} && !use(r)
			return !stopped
		})
		if err != nil {
			return j.unread(p, err)
		}
		if stopped {
			return nil
		}
	}
	return nil
}

// unread is what it means that a page cannot be read.
func (j *Journal) unread(p *page, err error) error {
	switch {
	case errors.Is(err, os.ErrClosed):
		return errClosed
	case errors.Is(err, errNoRecord), errors.Is(err, io.EOF):
		return damaged(j.dir, fmt.Errorf("%s: %w", p.file.Name(), errNoRecord))
	}
	return fmt.Errorf("read the journal: %w", err)
}

func (b *briefs) some(kind recordKind) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, now := range b.by {
		if now.kind == kind {
			return true
		}
	}
	return false
}

// pageOf is the page of a record as it is now; nil if it is in none.
func (b *briefs) pageOf(now brief) *page {
	b.mu.Lock()
	defer b.mu.Unlock()
	if p := b.page(now.page); p != nil {
		return &page{number: p.number, file: p.file, size: p.size}
	}
	return nil
}

// filled are the pages as they are now, of which some counts.
func (b *briefs) filled() (list []*page) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, p := range b.pages {
		if p.live > 0 {
			list = append(list, &page{number: p.number, file: p.file, size: p.size})
		}
	}
	return list
}
