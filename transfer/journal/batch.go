package journal

// A Batch collects changes of outboxes and indexes that become durable together
// or not at all.
type Batch struct {
	j    *Journal
	w    write
	last map[string]uint64
	err  error
}

// Write commits what f puts into the batch. f must not call the journal. It
// returns when the changes are on the disk; KindNoSpace when the volume is too
// full to take on new work.
func (j *Journal) Write(f func(*Batch)) error {
	wait, err := j.queue(f)
	if err != nil {
		return err
	}
	return wait()
}

// queue numbers and submits under one lock, so that numbers rise in the order in
// which they become durable.
func (j *Journal) queue(f func(*Batch)) (wait func() error, _ error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	b := &Batch{j: j, last: map[string]uint64{}}
	f(b)
	if b.err != nil {
		return nil, b.err
	}
	if len(b.w.ops) == 0 {
		return func() error { return nil }, nil
	}
	for outbox, last := range b.last {
		j.next[outbox] = last + 1
	}
	return j.writer.submit(&b.w), nil
}

// Append puts a value at the end of an outbox. The sequence number counts once
// the batch is written.
func (b *Batch) Append(outbox string, value any) uint64 {
	if b.fails(checkName("outbox", outbox)) {
		return 0
	}
	last, numbered := b.last[outbox]
	if !numbered {
		var err error
		if last, err = b.j.newest(outbox); b.fails(err) {
			return 0
		}
	}
	b.last[outbox] = last + 1
	b.fails(b.w.put(outboxKey(outbox, last+1), value))
	b.w.new = true
	return last + 1
}

// newest is the last number given out, on disk or not.
func (j *Journal) newest(outbox string) (uint64, error) {
	if next, ok := j.next[outbox]; ok {
		return next - 1, nil
	}
	return j.lastSequence(outbox)
}

// Put sets a key of an index.
func (b *Batch) Put(index, name string, value any) {
	if !b.fails(checkName("index", index)) && !b.fails(checkName("key", name)) {
		b.fails(b.w.put(indexKey(index, name), value))
		b.w.new = true
	}
}

// Delete removes a key of an index.
func (b *Batch) Delete(index, name string) {
	if !b.fails(checkName("index", index)) && !b.fails(checkName("key", name)) {
		b.w.ops = append(b.w.ops, op{key: indexKey(index, name), remove: true})
	}
}

func (b *Batch) fails(err error) bool {
	if b.err == nil {
		b.err = err
	}
	return err != nil
}
