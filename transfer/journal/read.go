package journal

import (
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"time"

	"github.com/dgraph-io/badger/v4"

	"gantry/connectors"
)

var errStop = errors.New("enough")

// view reads a consistent state.
func (j *Journal) view(f func(*badger.Txn) error) (err error) {
	defer func() {
		if cause := recover(); cause != nil {
			err = damaged(j.dir, cause)
		}
	}()
	if j.db.IsClosed() {
		return errClosed
	}
	err = j.db.View(f)
	var ours *connectors.Error
	if err == nil || errors.Is(err, errStop) {
		return nil
	}
	if errors.As(err, &ours) {
		return err
	}
	return j.told(err)
}

func (j *Journal) has(key []byte) (found bool, err error) {
	_, found, err = j.get(key)
	return found, err
}

func (j *Journal) get(key []byte) (value []byte, found bool, err error) {
	err = j.view(func(txn *badger.Txn) error {
		item, err := txn.Get(key)
		if errors.Is(err, badger.ErrKeyNotFound) {
			return nil
		}
		if err != nil {
			return err
		}
		found = true
		value, err = item.ValueCopy(nil)
		return err
	})
	return value, found, err
}

// decode reads the JSON value of an entry.
func (j *Journal) decode(item *badger.Item, to any) error {
	return item.Value(func(value []byte) error {
		if err := json.Unmarshal(value, to); err != nil {
			return damaged(j.dir, fmt.Errorf("entry %q: %w", item.Key(), err))
		}
		return nil
	})
}

// Record returns all that is known of a job; an unknown one has an empty Record.
func (j *Journal) Record(job string) (Record, error) {
	r := Record{
		Uploads: map[Target]Upload{}, Parts: map[Target]map[int]connectors.Part{}, Copies: map[Target]json.RawMessage{},
	}
	if err := checkName("job's ID", job); err != nil {
		return r, err
	}
	brief := j.briefs.latest(job).kind
	if brief == 0 && j.known.lacks(job) && !j.db.IsClosed() {
		return r, nil
	}
	if err := j.lengthen(job); err != nil {
		return r, err
	}
	var d struct{ Receipt json.RawMessage }
	err := j.view(func(txn *badger.Txn) error {
		if _, err := j.decoded(txn, key(receipts, job), &d); err != nil {
			return err
		}
		_, err := j.decoded(txn, key(jobs, job), &r.Job)
		return err
	})
	if r.Receipt = d.Receipt; brief == finished && r.Receipt == nil && err == nil {
		jotted, err := j.brief(job)
		if err != nil {
			return r, err
		}
		if jotted != nil {
			r.Receipt = jotted.value
		}
	}
	if err != nil || r.Job == nil {
		return r, err
	}
	return r, j.details(job, &r)
}

// decoded reads the JSON value of a key, if it is there.
func (j *Journal) decoded(txn *badger.Txn, key []byte, to any) (found bool, err error) {
	item, err := txn.Get(key)
	if errors.Is(err, badger.ErrKeyNotFound) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	return true, j.decode(item, to)
}

func (j *Journal) details(job string, r *Record) (err error) {
	if r.Mark, _, err = j.get(key(marks, job)); err != nil {
		return err
	}
	err = j.scan(key(uploads, job), nil, true, func(item *badger.Item) error {
		var u Upload
		if err := j.decode(item, &u); err != nil {
			return err
		}
		r.Uploads[u.Target] = u
		return nil
	})
	if err != nil {
		return err
	}
	err = j.scan(key(copies, job), nil, true, func(item *badger.Item) error {
		var n struct {
			Target Target
			Copy   json.RawMessage
		}
		if err := j.decode(item, &n); err != nil {
			return err
		}
		r.Copies[n.Target] = n.Copy
		return nil
	})
	if err != nil {
		return err
	}
	for target, u := range r.Uploads {
		if r.Parts[target], err = j.accepted(job, u); err != nil {
			return err
		}
	}
	return nil
}

func (j *Journal) accepted(job string, u Upload) (map[int]connectors.Part, error) {
	known := map[int]connectors.Part{}
	err := j.scan(key(parts, job, u.Target.key()), nil, true, func(item *badger.Item) error {
		var a accepted
		if err := j.decode(item, &a); err != nil {
			return err
		}
		if a.Mark == u.mark() {
			known[a.Number] = a.Part
		}
		return nil
	})
	return known, err
}

// Jobs yields the jobs under way, by ID.
func (j *Journal) Jobs() iter.Seq2[Job, error] {
	if err := j.lengthenAll(); err != nil {
		return func(yield func(Job, error) bool) { yield(Job{}, err) }
	}
	return each[Job](j, key(jobs)[:2])
}

// Uploads yields the open uploads of a job under way.
func (j *Journal) Uploads(job string) iter.Seq2[Upload, error] {
	if err := j.lengthen(job); err != nil {
		return func(yield func(Upload, error) bool) { yield(Upload{}, err) }
	}
	return each[Upload](j, key(uploads, job))
}

// Orphans yields the uploads that are of no use and still have to be aborted.
func (j *Journal) Orphans() iter.Seq2[Upload, error] {
	return each[Upload](j, key(orphans)[:2])
}

// Receipts yields those of the finished jobs, in no order.
func (j *Journal) Receipts() iter.Seq2[json.RawMessage, error] {
	return func(yield func(json.RawMessage, error) bool) {
		for d, err := range each[struct{ Receipt json.RawMessage }](j, key(receipts)[:2]) {
			if !yield(d.Receipt, err) || err != nil {
				return
			}
		}
		stopped := false
		err := j.eachBrief(finished, func(r *record) bool {
			newer := false
			if !j.known.lacks(r.job) {
				var err error
				if newer, err = j.has(key(receipts, r.job)); err != nil {
					stopped = true
					yield(nil, err)
					return false
				}
			}
			stopped = !newer && !yield(r.value, nil)
			return !stopped
		})
		if err != nil && !stopped {
			yield(nil, err)
		}
	}
}

func each[T any](j *Journal, prefix []byte) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		err := j.scan(prefix, nil, true, func(item *badger.Item) error {
			var v T
			if err := j.decode(item, &v); err != nil {
				return err
			}
			if !yield(v, nil) {
				return errStop
			}
			return nil
		})
		if err != nil {
			var none T
			yield(none, err)
		}
	}
}

// PruneReceipts forgets receipts that were written before a time, and tells how
// many. A job that is run again after that moves its bytes again.
func (j *Journal) PruneReceipts(before time.Time) (int, error) {
	var old []op
	err := j.scan(key(receipts)[:2], nil, true, func(item *badger.Item) error {
		var d dated
		if err := j.decode(item, &d); err != nil {
			return err
		}
		if d.At.Before(before) {
			old = append(old, op{key: item.KeyCopy(nil), remove: true})
		}
		return nil
	})
	if err != nil {
		return 0, err
	}
	brief, err := j.pruneBriefs(before)
	if err != nil {
		return 0, err
	}
	return len(old) + brief, j.inSlices(old)
}
