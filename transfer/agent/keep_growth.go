package agent

import (
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
