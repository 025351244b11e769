package agent

import (
	"encoding/json"
	"fmt"
	"time"

	"gantry/transfer/agent/wire"
	"gantry/transfer/journal"
)

const indexGrowth = "growth" // fileKey -> growRecord, while a recording is sent

// growth gives the record of a recording.
func (k *keep) growth(key fileKey) (r growRecord, found bool, err error) {
	found, err = k.j.Get(indexGrowth, key.hash(), &r)
	return r, found, err
}

func (k *keep) keepGrowth(key fileKey, r growRecord) error {
	return k.j.Put(indexGrowth, key.hash(), r)
}

func (k *keep) forgetGrowth(key fileKey) error { return k.j.Delete(indexGrowth, key.hash()) }

// pruneGrowth forgets the recordings that were deleted before a time, and never came back.
func (k *keep) pruneGrowth(before time.Time) error {
	var old []string
	for item, err := range k.j.Scan(indexGrowth, "") {
		if err != nil {
			return err
		}
		var r growRecord
		if err := json.Unmarshal(item.Value, &r); err != nil {
			return fmt.Errorf("read the record of a recording: %w", err)
		}
		if !r.Gone.IsZero() && r.Gone.Before(before) {
			old = append(old, item.Key)
		}
	}
	for _, key := range old {
		if err := k.j.Delete(indexGrowth, key); err != nil {
			return err
		}
	}
	return nil
}

// concludeGrowth is conclude for a recording: its record goes with it, or not at all.
func (k *keep) concludeGrowth(key fileKey, m mark, e wire.Event) error {
	err := k.j.Write(func(b *journal.Batch) {
		b.Put(indexSeen, key.hash(), m)
		b.Append(outboxEvents, e)
		b.Delete(indexGrowth, key.hash())
	})
	k.told.ring()
	return err
}
