package transfer

import (
	"fmt"
	"reflect"
	"slices"
	"time"

	"gantry/connectors"
	"gantry/connectors/wrap/throttle"
	"gantry/transfer/digest"
	"gantry/transfer/journal"
	"gantry/transfer/schedule"
)

// A Verify is the least proof that a job is content with.
type Verify string

// The choices of proof.
const (
	VerifyStrongest Verify = ""         // the place's own digest, else the file is read back and hashed
	VerifyReadback  Verify = "readback" // the file is read back and hashed, whatever digest the place has
	VerifySize      Verify = "size"     // the size alone, where the place gives no digest
)

func (v Verify) known() bool { return v == VerifyStrongest || v == VerifyReadback || v == VerifySize }

// A Job is one file, to be copied to one or more destinations.
type Job struct {
	ID           string // names the work: run again with the same ID, it goes on
	Source       Source
	Destinations []Destination
	Digests      []connectors.Algorithm // wanted in the receipt, beyond xxh128 and crc64nvme
	Expect       connectors.Digests     // what the source must turn out to be; otherwise KindIntegrity
	Verify       Verify
	Move         Move // whether the source is deleted in the end
	Pack         Pack // what is sent is not the source itself; nil sends it as it is
	ContentType  string
	Metadata     map[string]string    // keys in lower case
	Progress     func(Progress)       // may be nil; see Progress
	Recorded     func(receipt []byte) // may be nil; told the JSON of the receipt of a copy as it is kept, before Run returns and the source of a move is deleted
	Growth       Growth               // how a source grows that is still written; nil: it is finished
	GrowthVerify GrowthVerify

	Kind     string             // what it is for, as one word of a few, for metrics: copy, ingest, deliver
	Site     string             // whose work it is: sites share endpoints fairly
	Route    string             // by which route it came, for limits of bandwidth; may be ""
	Limit    throttle.Timetable // of the job alone
	Priority schedule.Priority  // zero is Normal
	Deadline time.Time          // when it must be done, as the air date; zero = none
}

// A Source is the file to read.
type Source struct {
	Place    connectors.Source
	Location string // the name of the location, for receipts
	Path     string
	Version  *connectors.Entry   // if given, the file must still be this version; otherwise KindChanged
	Seen     *connectors.Entry   // what a listing has just told of it, which saves a look at the file where the place can open a certain version; KindChanged if that is gone by now
	Profile  *connectors.Profile // what a probe has found out about the place; nil if there was none
}

// A Destination is a place and path to write to.
type Destination struct {
	Place     connectors.Sink
	Location  string // the name of the location, for receipts
	Path      string
	Profile   *connectors.Profile // what a probe has found out about the place; nil if there was none
	Verify    Verify              // if given, goes before the job's
	Reveal    string              // a second name in the place, under which others may read what has arrived so far; it is gone once the copy is there. "" = none
	Exclusive bool                // fail with KindExists rather than replace a file; one that is proved to have the same content is taken as the copy
}

// DestinationError is the failure of one destination; the others may be done.
type DestinationError struct {
	Location, Path string
	Err            error
}

// Error names the destination.
func (e *DestinationError) Error() string {
	return fmt.Sprintf("copy to %s %q: %v", e.Location, e.Path, e.Err)
}

// Unwrap gives the cause.
func (e *DestinationError) Unwrap() error { return e.Err }

func (j Job) check() error {
	switch {
	case j.ID == "":
		return j.invalid("it has no ID")
	case j.Source.Place == nil:
		return j.invalid("it has no source")
	case j.Move != Keep && j.Move != MoveProved && j.Move != MoveAnyway:
		return j.invalid("there is no move %q", j.Move)
	case j.Move != Keep && j.Pack != nil:
		return j.invalid("what is packed for others is no copy to keep: the source cannot be moved")
	case j.Move != Keep && j.Growth != nil:
		return j.invalid("a growing file cannot be moved: copy it, and move it once it is finished")
	case len(j.Destinations) == 0:
		return j.invalid("it has no destination")
	case !j.Verify.known():
		return j.invalid("there is no way %q to verify", j.Verify)
	case j.GrowthVerify != GrowthFull && j.GrowthVerify != GrowthEdges:
		return j.invalid("there is no way %q to verify a growing file", j.GrowthVerify)
	case j.Growth != nil && j.Source.Version != nil:
		return j.invalid("a growing file has no version yet")
	case j.Growth != nil && j.Pack != nil:
		return j.invalid("a growing file cannot be packed: pack it once it is finished")
	}
	seen := map[journal.Target]bool{}
	for _, d := range j.Destinations {
		switch {
		case !d.Verify.known():
			return j.invalid("there is no way %q to verify", d.Verify)
		case d.Place == nil:
			return j.invalid("the destination %q has no place", d.Path)
		case j.Source.is(d):
			return j.invalid("the destination %q is the source itself", d.Path)
		case d.Reveal == d.Path:
			return j.invalid("the destination %q is to be revealed under its own name", d.Path)
		case seen[d.target()]:
			return j.invalid("the destination %q is named twice", d.Path)
		}
		seen[d.target()] = true
	}
	return digest.Check(j.algorithms()...)
}

func (j Job) invalid(format string, args ...any) error {
	return connectors.Errorf(connectors.KindInvalid, "run job", j.ID, format, args...)
}

// algorithms are those of the whole file that the caller wants.
func (j Job) algorithms() []connectors.Algorithm {
	list := append([]connectors.Algorithm{connectors.XXH128}, j.Digests...)
	for a := range j.Expect {
		list = append(list, a)
	}
	return list
}

// named tells whether digests are asked for by name that the parts alone do not give.
func (j Job) named() bool {
	for a := range j.Expect {
		if a != connectors.CRC64NVME {
			return true
		}
	}
	return slices.ContainsFunc(j.Digests, func(a connectors.Algorithm) bool { return a != connectors.CRC64NVME })
}

// is tells whether a destination is the same file, by the location's name or by
// the place itself.
func (s Source) is(d Destination) bool {
	if s.Path != d.Path {
		return false
	}
	return s.Location != "" && s.Location == d.Location || samePlace(s.Place, d.Place)
}

func samePlace(a, b any) bool {
	return reflect.TypeOf(a) == reflect.TypeOf(b) && reflect.TypeOf(a).Comparable() && a == b
}

func (d Destination) target() journal.Target {
	return journal.Target{Location: d.Location, Path: d.Path}
}

// traits are those of the place, if it states any.
func (d Destination) traits() connectors.Traits {
	if p, ok := d.Place.(interface{ Traits() connectors.Traits }); ok {
		return p.Traits()
	}
	return connectors.Traits{}
}
