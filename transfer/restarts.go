package transfer

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"gantry/connectors"
	"gantry/transfer/journal"
)

// A Restart tells of an attempt at a job that was of no use, since its source did not
// stay what it was: the next one began anew.
type Restart struct {
	At        time.Time        `json:"at"`
	Reason    string           `json:"reason"`    // for people
	Was       connectors.Entry `json:"was"`       // the version that was being read
	SentBytes int64            `json:"sentBytes"` // in vain, to all destinations
}

// restarts are those of jobs that have no receipt yet. The journal has them, too, in an
// index by the jobs' IDs; it is asked once, for hardly any job has some.
type restarts struct {
	mu     sync.Mutex
	loaded bool
	by     map[string][]Restart
}

const restartsIndex = "restarts"

// mostRestarts bounds what is told of a source that changes all the time.
const mostRestarts = 10

func (s *restarts) load(j *journal.Journal) error {
	if s.loaded {
		return nil
	}
	s.by = map[string][]Restart{}
	for entry, err := range j.Scan(restartsIndex, "") {
		var list []Restart
		if err == nil {
			err = json.Unmarshal(entry.Value, &list)
		}
		if err != nil {
			return err
		}
		s.by[entry.Key] = list
	}
	s.loaded = true
	return nil
}

func (s *restarts) add(j *journal.Journal, job string, r Restart) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.load(j); err != nil {
		return err
	}
	list := append(slices.Clip(s.by[job]), r)
	if over := len(list) - mostRestarts; over > 0 {
		list = list[over:]
	}
	s.by[job] = list
	return j.Put(restartsIndex, job, list)
}

func (s *restarts) of(j *journal.Journal, job string) ([]Restart, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	err := s.load(j)
	return s.by[job], err
}

// forget is for a job that has its receipt, or is given up.
func (s *restarts) forget(j *journal.Journal, job string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.load(j); err != nil || s.by[job] == nil {
		return err
	}
	delete(s.by, job)
	return j.Delete(restartsIndex, job)
}

// inVain remembers an attempt that came to nothing because the source was changed.
func (r *run) inVain(why error) error {
	if connectors.KindOf(why) != connectors.KindChanged {
		return nil
	}
	restart := Restart{At: r.e.o.Now().UTC(), Reason: why.Error(), Was: r.source}
	if e := (*connectors.Error)(nil); errors.As(why, &e) {
		restart.Reason = e.Err.Error()
	}
	for _, d := range r.deliveries {
		restart.SentBytes += d.gauge.sent.Load()
	}
	return r.e.restarts.add(r.e.journal, r.job.ID, restart)
}

// otherThan says what is another in the version of a file that is there now.
func otherThan(was, now connectors.Entry) error {
	what := "another file has its name, or it was written to"
	switch {
	case now.Size < was.Size:
		what = fmt.Sprintf("it shrank from %d to %d bytes", was.Size, now.Size)
	case now.Size > was.Size:
		what = fmt.Sprintf("it grew from %d to %d bytes", was.Size, now.Size)
	case !now.ModTime.Equal(was.ModTime):
		what = "it was written to at " + now.ModTime.UTC().Format(time.RFC3339)
	}
	return fmt.Errorf("%w: %s", errChanged, what)
}
