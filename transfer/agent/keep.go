package agent

import (
	"encoding/json"
	"sync"
	"time"

	"gantry/transfer/agent/wire"
	"gantry/transfer/journal"
)

// The agent's rooms in the journal.
const (
	outboxEvents = "events"
	indexSeen    = "seen"  // fileKey -> mark
	indexPlan    = "plan"  // arrival ID -> plan, from the first try to the last
	indexClaim   = "claim" // destination -> claimant
	indexDead    = "dead"  // event ID -> deadLetter
	indexStamp   = "stamp" // order key -> time of its manifest
)

// mark is what is kept of a file that was dealt with.
type mark struct {
	ID      string `json:"id"` // of the arrival: the version
	Outcome string `json:"outcome"`
	Tag     string `json:"tag,omitempty"`    // of the route that failed
	Kind    string `json:"kind,omitempty"`   // of the failure
	Reason  string `json:"reason,omitempty"` // of the failure
}

const (
	outcomeArrived = "arrived"
	outcomeFailed  = "failed"
)

// plan keeps of an arrival what a restart must not decide anew.
type plan struct {
	FirstSeen  time.Time `json:"firstSeen"`
	LastChange time.Time `json:"lastChange"`
}

type deadLetter struct {
	Event  wire.Event `json:"event"`
	Reason string     `json:"reason"`
}

// keep is the agent's view of the journal. Its methods may be called at once from many goroutines.
type keep struct {
	j        *journal.Journal
	told     bell // rung when an event was put into the outbox
	claiming sync.Mutex
}

func (k *keep) mark(key fileKey) (m mark, err error) {
	_, err = k.j.Get(indexSeen, key.hash(), &m)
	return m, err
}

// plan returns the plan of an arrival, which is p at the first try.
func (k *keep) plan(id string, p plan) (plan, error) {
	old := plan{}
	if found, err := k.j.Get(indexPlan, id, &old); found || err != nil {
		return old, err
	}
	return p, k.j.Put(indexPlan, id, p)
}

// forgetPlan removes the plan of an arrival, and returns it.
func (k *keep) forgetPlan(id string) (p plan, found bool, err error) {
	if found, err = k.j.Get(indexPlan, id, &p); err == nil && found {
		err = k.j.Delete(indexPlan, id)
	}
	return p, found, err
}

// begun tells whether the engine has something under way for a job.
func (k *keep) begun(job string) (bool, error) {
	r, err := k.j.Record(job)
	return r.Job != nil, err
}

// conclude notes what became of an arrival, and with it, or not at all, the event that tells of it.
func (k *keep) conclude(key fileKey, m mark, e wire.Event) error {
	err := k.j.Write(func(b *journal.Batch) {
		b.Put(indexSeen, key.hash(), m)
		b.Append(outboxEvents, e)
		if m.Outcome == outcomeArrived {
			b.Delete(indexPlan, m.ID)
		}
	})
	k.told.ring()
	return err
}

// note is conclude for what the hub is not told of.
func (k *keep) note(key fileKey, m mark) error {
	return k.j.Write(func(b *journal.Batch) { b.Put(indexSeen, key.hash(), m) })
}

// tell puts an event into the outbox.
func (k *keep) tell(e wire.Event) error {
	_, err := k.j.Append(outboxEvents, e)
	k.told.ring()
	return err
}

// claimant is the arrival that a destination is for.
type claimant struct {
	fileKey
	ID string `json:"id"`
}

// claim takes a destination for an arrival. It returns the other arrival that has it, unless free says that it does not need it.
func (k *keep) claim(destination string, c claimant, free func(other claimant) bool) (other claimant, ok bool, err error) {
	k.claiming.Lock()
	defer k.claiming.Unlock()
	found, err := k.j.Get(indexClaim, destination, &other)
	switch {
	case err != nil:
		return other, false, err
	case found && other == c:
		return other, true, nil
	case found && !free(other):
		return other, false, nil
	}
	return other, true, k.j.Put(indexClaim, destination, c)
}

// stamp returns the time that was kept for key, which is now at the first call.
func (k *keep) stamp(key string, now time.Time) (time.Time, error) {
	var old time.Time
	if found, err := k.j.Get(indexStamp, key, &old); found || err != nil {
		return old, err
	}
	return now, k.j.Put(indexStamp, key, now)
}

// prune drops what only orders that are long gone would ask for.
func (k *keep) prune(before time.Time) error {
	for item, err := range k.j.Scan(indexStamp, "") {
		if err != nil {
			return err
		}
		var at time.Time
		if json.Unmarshal(item.Value, &at) != nil || at.Before(before) {
			if err := k.j.Delete(indexStamp, item.Key); err != nil {
				return err
			}
		}
	}
	_, err := k.j.PruneReceipts(before)
	return err
}

func (k *keep) count() (outbox, dead int, err error) {
	outbox, err = k.j.Pending(outboxEvents)
	if err != nil {
		return 0, 0, err
	}
	for _, err := range k.j.Scan(indexDead, "") {
		if err != nil {
			return outbox, dead, err
		}
		dead++
	}
	return outbox, dead, nil
}

func (k fileKey) hash() string { return longID(k.Route, k.Path) }
