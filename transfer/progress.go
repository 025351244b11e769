package transfer

import (
	"reflect"
	"sync"
	"sync/atomic"
	"time"
)

// The phases of a copy.
const (
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
	Job          string                `json:"job"`
	Phase        string                `json:"phase"` // of the destination that is furthest behind
	Done         int64                 `json:"done"`  // bytes read and hashed
	Total        int64                 `json:"total"`
	Destinations []DestinationProgress `json:"destinations"`
	Retries      int                   `json:"retries"`
	Resent       int64                 `json:"resent"` // bytes that were sent more than once
}

// DestinationProgress is the state of one copy.
type DestinationProgress struct {
	Location string `json:"location"`
	Path     string `json:"path"`
	Phase    string `json:"phase"`
	Done     int64  `json:"done"` // bytes that the place has accepted; while verifying: bytes proved
}

// A gauge is what one delivery tells of itself.
type gauge struct {
	phase   atomic.Value
	done    atomic.Int64
	retries atomic.Int64
	resent  atomic.Int64
	sent    atomic.Int64
}

func (g *gauge) enter(phase string, done int64) {
	g.done.Store(done)
	g.phase.Store(phase)
}

var phases = map[string]int{PhaseHash: 0, PhaseSend: 1, PhaseVerify: 2, PhaseCommit: 3, PhaseDone: 4}

func (r *run) progress() Progress {
	p := Progress{Job: r.job.ID, Phase: PhaseDone, Done: r.hashed.Load(), Total: r.plan().Size}
	for _, d := range r.deliveries {
		phase, _ := d.gauge.phase.Load().(string)
		if phase == "" {
			phase = PhaseHash
		}
		if phases[phase] < phases[p.Phase] {
			p.Phase = phase
		}
		p.Destinations = append(p.Destinations, DestinationProgress{
			Location: d.to.Location, Path: d.to.Path, Phase: phase, Done: d.gauge.done.Load(),
		})
		p.Retries += int(d.gauge.retries.Load())
		p.Resent += d.gauge.resent.Load()
	}
	p.Retries += int(r.retries.Load())
	return p
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
				if now := r.progress(); !reflect.DeepEqual(now, last) {
					r.job.Progress(now)
					last = now
				}
			case <-stop:
				r.job.Progress(r.progress())
				return
			}
		}
	})
	return func() { close(stop); running.Wait() }
}
