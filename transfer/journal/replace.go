package journal

import (
	"bytes"

	"github.com/dgraph-io/badger/v4"
)

// slice is how many keys are removed in one write. What does not fit follows in
// further ones: a crash between them leaves orphans, which sweep finds.
const slice = 2000

// replace commits w (which may be nil) and removes all keys below the prefixes,
// in their order.
func (j *Journal) replace(w *write, prefixes ...[]byte) error {
	if w == nil {
		w = &write{}
	}
	for _, prefix := range prefixes {
		keys, err := j.keys(prefix)
		if err != nil {
			return err
		}
		for _, k := range keys {
			w.ops = append(w.ops, op{key: k, remove: true})
		}
	}
	return j.inSlices(w.ops)
}

func (j *Journal) inSlices(ops []op) error {
	for len(ops) > 0 {
		n := min(slice, len(ops))
		if err := j.writer.submit(&write{ops: ops[:n]})(); err != nil {
			return err
		}
		ops = ops[n:]
	}
	return nil
}

func (j *Journal) keys(prefix []byte) (keys [][]byte, err error) {
	err = j.scan(prefix, nil, false, func(item *badger.Item) error {
		keys = append(keys, item.KeyCopy(nil))
		return nil
	})
	return keys, err
}

// scan calls f for each entry below prefix, from the key from on (nil: all). f
// ends it early with errStop.
func (j *Journal) scan(prefix, from []byte, values bool, f func(*badger.Item) error) error {
	err := j.view(func(txn *badger.Txn) error {
		o := badger.IteratorOptions{PrefetchValues: values, PrefetchSize: 64, Prefix: prefix}
		it := txn.NewIterator(o)
		defer it.Close()
		for it.Seek(later(from, prefix)); it.Valid(); it.Next() {
			if err := f(it.Item()); err != nil {
				return err
			}
		}
		return nil
	})
	return err
}

func later(a, b []byte) []byte {
	if bytes.Compare(a, b) > 0 {
		return a
	}
	return b
}

// sweep removes parts whose job has ended: a crash came between the receipt and
// the removal of the last of many parts.
func (j *Journal) sweep() error {
	var orphans []op
	known := map[string]bool{}
	err := j.scan(key(parts)[:2], nil, false, func(item *badger.Item) error {
		job, _, _ := bytes.Cut(item.Key()[2:], []byte{0})
		alive, seen := known[string(job)]
		if !seen {
			var err error
			if alive, err = j.has(key(jobs, string(job))); err != nil {
				return err
			}
			known[string(job)] = alive
		}
		if !alive {
			orphans = append(orphans, op{key: item.KeyCopy(nil), remove: true})
		}
		return nil
	})
	if err != nil {
		return err
	}
	return j.inSlices(orphans)
}
