package journal

import (
	"encoding/json"
	"fmt"
	"iter"

	"github.com/dgraph-io/badger/v4"
)

// Put sets a key of an index to a value (JSON, small).
func (j *Journal) Put(index, name string, value any) error {
	return j.Write(func(b *Batch) { b.Put(index, name, value) })
}

// Delete removes a key of an index; one that is not there is no error.
func (j *Journal) Delete(index, name string) error {
	return j.Write(func(b *Batch) { b.Delete(index, name) })
}

// Get reads the value of a key of an index into to. It tells whether there is one.
func (j *Journal) Get(index, name string, to any) (bool, error) {
	value, found, err := j.get(indexKey(index, name))
	if err != nil || !found {
		return false, err
	}
	if err := json.Unmarshal(value, to); err != nil {
		return false, damaged(j.dir, fmt.Errorf("index %s, key %q: %w", index, name, err))
	}
	return true, nil
}

// An Indexed is one key of an index.
type Indexed struct {
	Key   string
	Value json.RawMessage
}

// Scan yields the keys of an index that begin with prefix, in byte order. What is
// written meanwhile is not in it. An error ends it.
func (j *Journal) Scan(index, prefix string) iter.Seq2[Indexed, error] {
	return func(yield func(Indexed, error) bool) {
		start := len(key(indexes, index))
		err := j.scan(indexKey(index, prefix), nil, true, func(item *badger.Item) error {
			value, err := item.ValueCopy(nil)
			if err != nil {
				return err
			}
			if !yield(Indexed{Key: string(item.Key()[start:]), Value: value}, nil) {
				return errStop
			}
			return nil
		})
		if err != nil {
			yield(Indexed{}, err)
		}
	}
}

// indexKey ends with the name as it is, so that a prefix of it is one of the key.
func indexKey(index, name string) []byte {
	return append(key(indexes, index), name...)
}
