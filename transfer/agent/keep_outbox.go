package agent

import (
	"encoding/json"
	"fmt"

	"gantry/transfer/journal"
)

// letters, delivered and unwanted make keep the sender's outbox.
func (k *keep) letters(most int) ([]letter, error) {
	items, err := k.j.Peek(outboxEvents, 0, most)
	if err != nil {
		return nil, err
	}
	all := make([]letter, len(items))
	for i, item := range items {
		all[i].number = item.Sequence
		if err := json.Unmarshal(item.Value, &all[i].event); err != nil {
			return nil, fmt.Errorf("%w: event %d: %w", journal.ErrDamaged, item.Sequence, err)
		}
	}
	return all, nil
}

func (k *keep) delivered(done []letter) error {
	return k.j.Ack(outboxEvents, done[len(done)-1].number)
}

func (k *keep) unwanted(l letter, reason error) error {
	if err := k.j.Put(indexDead, l.event.ID, deadLetter{l.event, reason.Error()}); err != nil {
		return err
	}
	return k.j.Ack(outboxEvents, l.number)
}

// reviveDead puts the dead letters back into the outbox: what refused them may have been mended since.
func (k *keep) reviveDead() (n int, err error) {
	for item, err := range k.j.Scan(indexDead, "") {
		if err != nil {
			return n, err
		}
		var d deadLetter
		if err := json.Unmarshal(item.Value, &d); err != nil {
			return n, fmt.Errorf("%w: dead letter %q: %w", journal.ErrDamaged, item.Key, err)
		}
		err = k.j.Write(func(b *journal.Batch) {
			b.Append(outboxEvents, d.Event)
			b.Delete(indexDead, item.Key)
		})
		if err != nil {
			return n, err
		}
		n++
	}
	return n, nil
}
