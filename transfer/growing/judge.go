package growing

import (
	"errors"
	"fmt"
	"time"

	"gantry/connectors"
)

// A sighting is what one look gave.
type sighting struct {
	path     string // under which it was found; "" = it was not
	entry    connectors.Entry
	identity string // of the file, whatever is written to it; "" = the place cannot tell
	writer   bool   // somebody has it open for writing
	told     bool   // the system tells of writers
	sidecar  bool   // it is there
	signal   bool   // somebody said that it is finished
	away     bool   // it was not found, and neither was the folder that it was in

	rested time.Duration // for how long it has not been changed; 0 = not known
}

// judge is the pure core: what the looks so far mean.
type judge struct {
	rules
	seen     bool
	last     sighting
	changed  time.Time // when a change was seen last, or a writer
	wrote    bool      // a writer was seen
	missed   int       // looks in a row that did not find it
	missedAt time.Time
}

// rules are the numbers of the judgement.
type rules struct {
	path, final string
	sidecar     bool // asked for
	idle        time.Duration
	silence     time.Duration
	missing     time.Duration // how long a file has to be missed before it counts as gone
}

const (
	rest  = 500 * time.Millisecond // after the last writer: some open a file again at once, to mend its header
	looks = 3                      // that have to miss a file before it counts as gone

	// and for how long: where its folder can be told from another, and where not, since
	// a server may be without its storage for a while
	missingHere  = time.Second
	missingThere = 30 * time.Second
)

// see takes in one look. The state of a file that cannot be found for a moment is
// the last one.
func (j *judge) see(s sighting, now time.Time) (State, error) {
	if s.path == "" {
		return j.miss(s, now)
	}
	j.missed = 0
	if err := j.compare(s); err != nil {
		return State{}, verdict{err}
	}
	if !j.seen || !s.entry.SameVersion(j.last.entry) || s.writer && !j.last.writer || !s.writer && j.last.writer {
		j.changed = now
	}
	if !j.seen && s.told && !s.writer && !j.sidecar {
		j.changed = now.Add(-s.rested) // it was closed before anybody looked
	}
	fresh := !j.seen || !s.entry.SameVersion(j.last.entry)
	j.seen, j.last, j.wrote = true, s, j.wrote || s.writer
	state := State{Path: s.path, Size: s.entry.Size, Closed: j.closed(s, fresh, now)}
	if state.Closed == "" && now.Sub(j.changed) >= j.silence {
		return state, verdict{j.silent(s)}
	}
	return state, nil
}

// compare refuses what is not the same file any more.
func (j *judge) compare(s sighting) error {
	if !j.seen {
		return nil
	}
	if s.identity != "" && j.last.identity != "" && s.identity != j.last.identity {
		return &connectors.Error{
			Kind: connectors.KindChanged, Op: "follow", Path: s.path, Err: errors.New("the recording was started again: another file has taken its place"),
			Remedy: "run the job again: it sends the new file from its beginning",
		}
	}
	if s.entry.Size < j.last.entry.Size {
		return &connectors.Error{
			Kind: connectors.KindChanged, Op: "follow", Path: s.path, Err: fmt.Errorf("the recording has shrunk from %d bytes to %d", j.last.entry.Size, s.entry.Size),
			Remedy: "run the job again: it sends what is there now from its beginning; look at the recorder if that was not meant",
		}
	}
	return nil
}

// miss is for a look that did not find the file. KindUnavailable, which is no verdict,
// says that its folder is not there either: a mount comes back.
func (j *judge) miss(s sighting, now time.Time) (State, error) {
	switch {
	case !j.seen:
		return State{}, verdict{connectors.Errorf(connectors.KindNotFound, "follow", j.path, "there is no such file")}
	case s.away:
		j.missed, j.changed = 0, now
		return State{}, connectors.Errorf(connectors.KindUnavailable, "follow", j.path, "the recording's folder is not there, or is another one: is its volume mounted?")
	}
	j.changed = now
	if j.missed++; j.missed == 1 {
		j.missedAt = now
	}
	if j.missed >= looks && now.Sub(j.missedAt) >= j.missing {
		return State{}, verdict{&connectors.Error{
			Kind: connectors.KindNotFound, Op: "follow", Path: j.path, Err: errors.New("the recording was deleted while it was sent"),
			Remedy: "put it back and run the job again within a day, and it goes on; after that what was sent of it is removed",
		}}
	}
	return State{Path: j.last.path, Size: j.last.entry.Size}, nil
}

// closed is the rule by which the file is finished.
func (j *judge) closed(s sighting, fresh bool, now time.Time) Rule {
	rested := now.Sub(j.changed)
	switch {
	case s.signal:
		return BySignal
	case s.path != j.path:
		return ByRename
	case j.sidecar && s.sidecar && !fresh:
		return BySidecar
	case j.sidecar, s.told && s.writer:
		return ""
	case s.told && j.wrote && rested >= rest:
		return ByWriter
	case rested >= j.idle:
		return ByRest
	default:
		return ""
	}
}

func (j *judge) silent(s sighting) error {
	waits := "it is still open for writing"
	if j.sidecar {
		waits = "the sidecar that ends it has not come"
	}
	return &connectors.Error{
		Kind: connectors.KindTimeout, Op: "follow", Path: s.path,
		Err:    fmt.Errorf("the recording has not grown for %s and was not ended: %s", j.silence, waits),
		Remedy: "end the recording, or say that it is finished (gantry transfer finish); what was sent is kept, and the job goes on when it is run again",
	}
}
