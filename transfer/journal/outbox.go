package journal

import (
	"encoding/binary"
	"encoding/json"
	"fmt"

	"github.com/dgraph-io/badger/v4"
)

// An Item is one entry of an outbox.
type Item struct {
	Sequence uint64
	Value    json.RawMessage
}

// Append puts a value (JSON, small) at the end of an outbox and returns its
// sequence number. Numbers rise; a write that failed may leave a gap.
// KindNoSpace when the volume is too full to take on new work.
func (j *Journal) Append(outbox string, value any) (uint64, error) {
	var sequence uint64
	err := j.Write(func(b *Batch) { sequence = b.Append(outbox, value) })
	return sequence, err
}

// Peek returns up to limit items of an outbox from a sequence number on, in order.
func (j *Journal) Peek(outbox string, from uint64, limit int) (items []Item, err error) {
	if err := checkName("outbox", outbox); err != nil || limit < 1 {
		return nil, err
	}
	err = j.scan(key(outboxes, outbox), outboxKey(outbox, from), true, func(item *badger.Item) error {
		value, err := item.ValueCopy(nil)
		if err != nil {
			return err
		}
		items = append(items, Item{Sequence: sequenceOf(item.Key()), Value: value})
		if len(items) == limit {
			return errStop
		}
		return nil
	})
	return items, err
}

// Ack removes all items of an outbox up to and including a sequence number.
func (j *Journal) Ack(outbox string, upTo uint64) error {
	if err := checkName("outbox", outbox); err != nil {
		return err
	}
	last, err := j.lastSequence(outbox)
	if err != nil {
		return err
	}
	w := &write{}
	if err := w.put(key(numbered, outbox), last); err != nil {
		return err
	}
	err = j.scan(key(outboxes, outbox), nil, false, func(item *badger.Item) error {
		if sequenceOf(item.Key()) > upTo {
			return errStop
		}
		w.ops = append(w.ops, op{key: item.KeyCopy(nil), remove: true})
		return nil
	})
	if err != nil {
		return err
	}
	return j.inSlices(w.ops)
}

// Pending counts the items of an outbox that are not acknowledged.
func (j *Journal) Pending(outbox string) (n int, err error) {
	if err := checkName("outbox", outbox); err != nil {
		return 0, err
	}
	err = j.scan(key(outboxes, outbox), nil, false, func(*badger.Item) error {
		n++
		return nil
	})
	return n, err
}

// lastSequence is the highest number that was given out and is on disk.
func (j *Journal) lastSequence(outbox string) (last uint64, err error) {
	value, found, err := j.get(key(numbered, outbox))
	if err != nil {
		return 0, err
	}
	if found {
		if err := json.Unmarshal(value, &last); err != nil {
			return 0, damaged(j.dir, fmt.Errorf("outbox %s: %w", outbox, err))
		}
	}
	prefix := key(outboxes, outbox)
	err = j.view(func(txn *badger.Txn) error {
		it := txn.NewIterator(badger.IteratorOptions{Prefix: prefix, Reverse: true})
		defer it.Close()
		if it.Seek(outboxKey(outbox, ^uint64(0))); it.Valid() {
			last = max(last, sequenceOf(it.Item().Key()))
		}
		return nil
	})
	return last, err
}

func sequenceOf(key []byte) uint64 { return binary.BigEndian.Uint64(key[len(key)-8:]) }
