package transfer

import (
	"math"
	"reflect"
	"strings"
	"sync"
	"time"

	"gantry/transfer/schedule"
)

// The phases of a copy.
const (
	PhaseBegin  = "begin"  // it is found out what there is to do
	PhasePack   = "pack"   // the file that is sent is made of the source
	PhaseHash   = "hash"   // the source is read, nothing has to be sent yet
	PhaseSend   = "send"   // parts are on their way
	PhaseVerify = "verify" // the copy is read back
	PhaseCommit = "commit" // it is made visible
	PhaseDone   = "done"
)

// Progress is the state of a running job. Job.Progress gets it at most ten times
// a second and once more at the end, in a goroutine of the run's own, one call at
// a time, and the last one before Run returns.
type Progress struct {
	Job     string    `json:"job"`
	Source  string    `json:"source"` // its path
	Size    int64     `json:"size"`   // bytes; 0 while it is not known, as of a file that grows
	Phase   string    `json:"phase"`  // of the destination that is furthest behind
	Done    int64     `json:"done"`   // bytes read and hashed
	Total   int64     `json:"total"`  // bytes to read
	Started time.Time `json:"started"`
	Growing bool      `json:"growing,omitempty"` // the source is still written: Total is what was seen of it so far

	Sent    int64   `json:"sent"`    // bytes that the destination has which is furthest behind, with those on the wire; never falls while it is sent
	Resumed int64   `json:"resumed"` // of Sent, those that earlier runs had sent
	Rate    float64 `json:"rate"`    // bytes a second that all destinations together take now
	ETA     float64 `json:"eta"`     // seconds until all copies are proved; -1 while nobody can tell

	Parts      int `json:"parts"`      // that the destinations have accepted, in all
	PartsTotal int `json:"partsTotal"` // of all destinations; 0 while it is not known

	Paused   bool              `json:"paused,omitempty"`
	Held     string            `json:"held,omitempty"`    // what it waits for, as one of the words below; empty while it moves
	Waiting  string            `json:"waiting,omitempty"` // the same for people
	Priority schedule.Priority `json:"priority"`
	Deadline time.Time         `json:"deadline,omitzero"`

	Destinations []DestinationProgress `json:"destinations"`
	Wire         int64                 `json:"wire"` // bytes that this run has sent to all destinations together, with those that were sent again
	Retries      int                   `json:"retries"`
	Resent       int64                 `json:"resent"` // bytes that were sent more than once
}

// What a job may be held by.
const (
	HeldPaused    = "paused"    // somebody has paused it
	HeldRetry     = "retry"     // a call has failed and is made again
	HeldBandwidth = "bandwidth" // a limit lets nothing move now
	HeldTurn      = "turn"      // others go first, a window is shut, or there is no memory: Waiting says which
)

// DestinationProgress is the state of one copy.
type DestinationProgress struct {
	Location string `json:"location"`
	Path     string `json:"path"`
	Phase    string `json:"phase"`
	Done     int64  `json:"done"`  // bytes that the place has accepted; while verifying: bytes proved
	Sent     int64  `json:"sent"`  // as of the whole
	Parts    int    `json:"parts"` // accepted
	Retries  int    `json:"retries"`
	Proof    Proof  `json:"proof,omitempty"` // as it is planned; how it was proved is in the receipt

	SendLimit  int64 `json:"-"` // bytes a second that limits let it be sent with now; 0 = no limit
	ProofLimit int64 `json:"-"` // the same of its being read back
}

var phases = map[string]int{PhaseBegin: 0, PhasePack: 0, PhaseHash: 1, PhaseSend: 2, PhaseVerify: 3, PhaseCommit: 4, PhaseDone: 5}

// progress is what the control knows without looking.
func (c *control) progress(now time.Time) Progress {
	c.mu.Lock()
	defer c.mu.Unlock()
	p := Progress{Job: c.job.ID, Source: c.job.Source.Path, Phase: PhaseBegin, ETA: -1}
	job := c.now.apply(c.job)
	p.Priority, p.Deadline = job.Priority, job.Deadline
	if c.run != nil {
		c.run.progress(&p)
		p.Rate = c.shown.rate
		p.ETA = c.shown.eta
	} else if c.packed != nil {
		p.Phase, p.Done, p.Total = PhasePack, c.packed.done.Load(), c.packed.size.Load()
	}
	p.Held, p.Waiting = c.held(now)
	if p.Paused = c.gate != nil; p.Paused || p.Held == HeldBandwidth {
		p.Rate, p.ETA = 0, -1
	}
	return p
}

func (r *run) progress(p *Progress) {
	plan := r.plan()
	p.Phase, p.Done, p.Started = PhaseDone, r.hashed.Load(), r.started
	if !plan.Open() {
		p.Total, p.Size, p.PartsTotal = plan.Size, plan.Size, plan.Count()*len(r.deliveries)
	} else if r.growth != nil {
		p.Growing, p.Total = true, r.growth.size.Load()
	}
	p.Sent, p.Resumed = math.MaxInt64, math.MaxInt64
	for _, d := range r.deliveries {
		at := d.progress()
		if phases[at.Phase] < phases[p.Phase] {
			p.Phase = at.Phase
		}
		p.Destinations = append(p.Destinations, at)
		p.Sent, p.Resumed = min(p.Sent, at.Sent), min(p.Resumed, d.gauge.resumed.Load())
		p.Parts += at.Parts
		p.Retries += at.Retries
		p.Resent += d.gauge.resent.Load()
		p.Wire += d.gauge.sent.Load() + d.gauge.wire()
	}
	p.Retries += int(r.retries.Load())
	if len(r.deliveries) == 0 { // it is read before it is renamed
		p.Phase, p.Sent, p.Resumed = PhaseHash, 0, 0
	}
}

// progress tells as sent what is shown to be there: what is sent again does not take
// back what was told.
func (d *delivery) progress() DestinationProgress {
	phase, done, sent := d.gauge.read()
	if plan := d.r.plan(); !plan.Open() {
		if sent = min(sent, plan.Size); phases[phase] > phases[PhaseSend] {
			sent = plan.Size
		}
	}
	at := DestinationProgress{
		Location: d.to.Location, Path: d.to.Path, Phase: phase, Done: done, Sent: sent, Proof: d.way.Proof,
		Parts: int(d.gauge.parts.Load()), Retries: int(d.gauge.retries.Load()),
	}
	at.SendLimit, at.ProofLimit = d.limits()
	return at
}

// held says why nothing moves.
func (c *control) held(now time.Time) (held, why string) {
	switch {
	case c.gate != nil:
		return HeldPaused, "paused"
	case c.run == nil:
		return inTurn(c.ticket.Waiting())
	}
	for _, d := range c.run.deliveries {
		if why := d.gauge.trouble.tell(now); why != "" {
			return HeldRetry, why
		}
	}
	if why := c.run.trouble.tell(now); why != "" {
		return HeldRetry, why
	}
	return inTurn(c.ticket.Waiting())
}

// inTurn is for what the scheduler says.
func inTurn(why string) (string, string) {
	switch {
	case why == "":
		return "", ""
	case strings.HasPrefix(why, "held by the bandwidth"):
		return HeldBandwidth, why
	}
	return HeldTurn, why
}

// report calls the job's Progress until the returned function is called.
func (r *run) report() (end func()) {
	if r.job.Progress == nil {
		return func() {}
	}
	stop := make(chan struct{})
	var running sync.WaitGroup
	running.Go(func() {
		tick := time.NewTicker(100 * time.Millisecond)
		defer tick.Stop()
		var last Progress
		for {
			select {
			case <-tick.C:
				if now := r.control.progress(r.e.o.Now()); !reflect.DeepEqual(now, last) {
					r.job.Progress(now)
					last = now
				}
			case <-stop:
				r.tell()
				return
			}
		}
	})
	return func() { close(stop); running.Wait() }
}

// tell calls the job's Progress.
func (r *run) tell() {
	r.control.takePace(r.e.o.Now())
	r.job.Progress(r.control.progress(r.e.o.Now()))
}
