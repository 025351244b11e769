package journal

import (
	"sync"

	"github.com/dgraph-io/badger/v4"
	"github.com/zeebo/xxh3"
)

// known are the jobs that a journal has heard of which was empty when it was opened. It
// saves looking for what cannot be there: most jobs of a copy are new.
type known struct {
	mu   sync.Mutex
	jobs map[uint64]struct{} // digests of their IDs; nil = there may be others
}

// mostKnown bounds them: a copy of more files looks each of them up.
const mostKnown = 1 << 20

// begin looks whether the journal is empty. It is called before anything is written.
func (k *known) begin(j *Journal) error {
	for _, kind := range []string{jobs, receipts} {
		empty := true
		err := j.scan(key(kind)[:2], nil, false, func(*badger.Item) error {
			empty = false
			return errStop
		})
		if err != nil || !empty {
			return err
		}
	}
	k.jobs = map[uint64]struct{}{}
	return nil
}

// hear takes in what is going to be written.
func (k *known) hear(ops []op) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.jobs == nil {
		return
	}
	for _, o := range ops {
		if kind := string(o.key[:1]); !o.remove && (kind == jobs || kind == receipts) {
			k.jobs[xxh3.Hash(o.key[2:len(o.key)-1])] = struct{}{}
		}
	}
	if len(k.jobs) > mostKnown {
		k.jobs = nil
	}
}

// lacks tells that nothing is known of a job, for sure.
func (k *known) lacks(job string) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.jobs == nil {
		return false
	}
	_, heard := k.jobs[xxh3.HashString(job)]
	return !heard
}
