package journal

import (
	"errors"
	"fmt"
	"sync"
	"syscall"

	"github.com/dgraph-io/badger/v4"

	"gantry/connectors"
)

// MaxValue is the length of the longest value, in bytes.
const MaxValue = 256 << 10

// An op puts a value, or removes the key if there is none.
type op struct {
	key, value []byte
	remove     bool
}

// A write is what becomes durable together or not at all.
type write struct {
	ops    []op
	record *record // of a brief job, then there are no ops
	new    bool    // takes on new work: refused when room is low
	done   chan error
}

// A writer commits in one goroutine. What comes while it syncs goes with the next
// sync.
type writer struct {
	db     *badger.DB
	room   *room
	known  *known
	briefs *briefs
	queue  chan *write
	ended  chan struct{}
	jotted int64 // bytes of records that may be written before the room is looked at

	mu     sync.RWMutex
	closed bool
}

func startWriter(db *badger.DB, r *room, k *known, b *briefs) *writer {
	w := &writer{db: db, room: r, known: k, briefs: b, queue: make(chan *write, 256), ended: make(chan struct{})}
	go w.run()
	return w
}

// submit queues a write without waiting for it. The order of submissions is the
// order of commits.
func (w *writer) submit(j *write) (wait func() error) {
	for _, o := range j.ops {
		if len(o.value) > MaxValue {
			return failed(connectors.Errorf(connectors.KindInvalid, "write journal", string(o.key), "the value is %d bytes long, more than %d", len(o.value), MaxValue))
		}
	}
	w.mu.RLock()
	defer w.mu.RUnlock()
	if w.closed {
		return failed(errClosed)
	}
	w.known.hear(j.ops)
	j.done = make(chan error, 1)
	w.queue <- j
	return func() error { return <-j.done }
}

func failed(err error) func() error { return func() error { return err } }

func (w *writer) stop() {
	w.mu.Lock()
	first := !w.closed
	w.closed = true
	w.mu.Unlock()
	if first {
		close(w.queue)
	}
	<-w.ended
}

func (w *writer) run() {
	defer close(w.ended)
	for first := range w.queue {
		batch := []*write{first}
		for len(batch) < cap(w.queue) && len(w.queue) > 0 {
			if next, open := <-w.queue; open {
				batch = append(batch, next)
			}
		}
		if w.needsRoom(batch) {
			batch = w.admit(batch)
		}
		w.commit(batch)
	}
}

// needsRoom is false for a few records that follow others: they cost no more than they are
// long, and to ask for the room would cost more than to write them.
func (w *writer) needsRoom(batch []*write) bool {
	for _, j := range batch {
		if j.record == nil {
			w.jotted = 0
			return true
		}
		w.jotted -= j.record.size()
	}
	if w.jotted > 0 {
		return false
	}
	w.jotted = fewRecords
	return true
}

// fewRecords are so many bytes.
const fewRecords = 256 << 10

// admit turns away what there is no room for.
func (w *writer) admit(batch []*write) []*write {
	free := w.room.look()
	admitted := batch[:0]
	for _, j := range batch {
		if free < essential || j.new && w.room.low {
			w.briefs.missed(j.record)
			j.done <- full(w.room.f.dir, free)
			continue
		}
		admitted = append(admitted, j)
	}
	return admitted
}

// commit makes as few transactions of the batch as the store allows, one after
// the other.
func (w *writer) commit(batch []*write) {
	for len(batch) > 0 {
		var n int
		var err error
		if batch[0].record != nil {
			n, err = w.jot(batch)
		} else {
			n, err = w.transact(batch)
		}
		if err != nil {
			err = fmt.Errorf("write the journal %s: %w", w.room.f.dir, err)
		}
		for _, j := range batch[:n] {
			j.done <- err
		}
		batch = batch[n:]
	}
}

// jot appends as many of the first writes as are records.
func (w *writer) jot(batch []*write) (n int, err error) {
	var list []*record
	for ; n < len(batch) && batch[n].record != nil; n++ {
		list = append(list, batch[n].record)
	}
	if err = w.briefs.write(list); errors.Is(err, syscall.ENOSPC) {
		err = full(w.room.f.dir, 0)
	}
	return n, err
}

// transact commits as many of the first writes as fit into one transaction, and
// tells how many it has dealt with.
func (w *writer) transact(batch []*write) (n int, err error) {
	txn := w.db.NewTransaction(true)
	defer txn.Discard()
	size := 0
	for n = 0; n < len(batch); n++ {
		add := batch[n].size()
		if batch[n].record != nil {
			break
		}
		if n > 0 && size+add > maxBatch {
			break
		}
		size += add
		if err := apply(txn, batch[n]); err != nil {
			if n > 0 && errors.Is(err, badger.ErrTxnTooBig) {
				return w.transact(batch[:n])
			}
			return n + 1, err
		}
	}
	return n, txn.Commit()
}

// maxBatch keeps a transaction well below what a memory table of 8 MiB admits.
const maxBatch = 768 << 10

func (j *write) size() (bytes int) {
	for _, o := range j.ops {
		bytes += len(o.key) + len(o.value) + 128
	}
	return bytes
}

func apply(txn *badger.Txn, j *write) error {
	for _, o := range j.ops {
		var err error
		if o.remove {
			err = txn.Delete(o.key)
		} else {
			err = txn.Set(o.key, o.value)
		}
		if err != nil {
			return err
		}
	}
	return nil
}
