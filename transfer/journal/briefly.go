package journal

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
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
	stored := len(begunBefore) > 0 && j.briefs.state(job) != begun
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
	if j.briefs.state(job) != 0 {
		return j.jot(forgotten, job, nil), nil // after the other
	}
	return wait, nil
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
	j.briefs.mu.Lock()
	j.briefs.expect(job, kind)
	j.briefs.mu.Unlock()
	return j.writer.submit(&write{record: r, new: kind == begun})
}

// lengthen has the store know of a job that turns out not to be brief.
func (j *Journal) lengthen(job string) error {
	if j.briefs.state(job) != begun {
		return nil
	}
	if err := j.writer.submit(&write{})(); err != nil { // what was begun is written by then
		return err
	}
	j.turn.Lock()
	r := j.briefs.read(job)
	if r == nil || r.kind != begun {
		j.turn.Unlock()
		return nil
	}
	wait, err := j.lengthened(r)
	j.turn.Unlock()
	if err != nil {
		return err
	}
	return wait()
}

func (j *Journal) lengthened(r *record) (wait func() error, err error) {
	var u underWay
	if err := json.Unmarshal(r.value, &u); err != nil {
		return nil, damaged(j.dir, fmt.Errorf("job %s: %w", r.job, err))
	}
	w := &write{}
	if err := w.put(key(jobs, u.Job.ID), u.Job); err != nil {
		return nil, err
	}
	if err := w.put(key(uploads, u.Job.ID, u.Upload.Target.key()), u.Upload); err != nil {
		return nil, err
	}
	first := j.writer.submit(w)
	last := j.jot(forgotten, r.job, nil)
	return func() error {
		if err := first(); err != nil {
			return err
		}
		return last()
	}, nil
}

// lengthenAll is lengthen for all that are begun.
func (j *Journal) lengthenAll() error {
	for _, job := range j.briefs.begun() {
		if err := j.lengthen(job); err != nil {
			return err
		}
	}
	return nil
}

// forgetBrief forgets what the pages say of a job.
func (j *Journal) forgetBrief(job string) error { return j.startForgetting(job)() }

func (j *Journal) startForgetting(job string) (wait func() error) {
	j.turn.Lock()
	defer j.turn.Unlock()
	if j.briefs.state(job) == 0 {
		return failed(nil)
	}
	return j.jot(forgotten, job, nil)
}

// pruneBriefs forgets those that were finished before a time.
func (j *Journal) pruneBriefs(before time.Time) (n int, err error) {
	var waits []func() error
	j.briefs.each(finished, func(r *record) bool {
		if r.at.Before(before) {
			waits = append(waits, j.startForgetting(r.job))
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

// read gives the latest record of a job; nil if there is none.
func (b *briefs) read(job string) *record {
	b.mu.Lock()
	now := b.by[digestOf(job)]
	p := b.page(now.page)
	b.mu.Unlock()
	if p == nil || p.file == nil {
		return nil
	}
	r, ok := readRecord(io.NewSectionReader(p.file, int64(now.at), 1<<40))
	if !ok || r.job != job || r.kind != now.kind {
		return nil
	}
	return r
}

// begun are the jobs under way.
func (b *briefs) begun() (jobs []string) {
	if !b.some(begun) {
		return nil
	}
	b.each(begun, func(r *record) bool {
		jobs = append(jobs, r.job)
		return true
	})
	return jobs
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

// each calls use for the jobs of a kind, in the order in which they were written, until
// it says no.
func (b *briefs) each(kind recordKind, use func(*record) bool) {
	for _, p := range b.filled() {
		for r, at := range p.records(false) {
			b.mu.Lock()
			counts := r.kind == kind && b.by[digestOf(r.job)] == brief{p.number, uint32(at), kind}
			b.mu.Unlock()
			if counts && !use(r) {
				return
			}
		}
	}
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
