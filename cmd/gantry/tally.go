package main

import (
	"os"
	"strings"
	"sync"
	"time"

	"gantry/connectors"
	"gantry/transfer"
	"gantry/transfer/pace"
	"gantry/transfer/steer"
)

// A tally counts how far a copy is, over all its files. It may be used by many
// goroutines at once.
type tally struct {
	hashes bool // to read files is all that is done

	mu        sync.Mutex
	running   func() []transfer.Progress
	status    steer.Status
	ended     counts           // files that are done, whole
	planned   int64            // bytes of all files, as they were listed
	grown     int64            // bytes that were written since, of a file that grows
	comparing map[string]int64 // bytes of files that are compared with what is there
	proofs    proofs
	limits    limits
	meter     pace.Meter
	over      bool
}

// counts are of files that have ended.
type counts struct {
	bytes   int64 // of files that are there
	had     int64 // of these, those that nobody had to send in this run
	retries int
	resent  int64

	parts, partsTotal int
}

// leaves counts a file that was stopped or has failed: what the destination has of it
// stays there for the next run, unless the source or the copy is another by now.
func (c *counts) leaves(p transfer.Progress, err error) {
	c.retries, c.resent = c.retries+p.Retries, c.resent+p.Resent
	if kind := connectors.KindOf(err); kind == connectors.KindChanged || kind == connectors.KindIntegrity {
		return
	}
	kept := int64(-1)
	for _, d := range p.Destinations {
		at := d.Sent
		if d.Phase == transfer.PhaseSend || d.Phase == transfer.PhaseHash {
			at = d.Done // what is on the wire is lost
		}
		if kept < 0 || at < kept {
			kept = at
		}
	}
	c.bytes += max(0, kept)
	c.had += min(p.Resumed, max(0, kept))
	c.parts, c.partsTotal = c.parts+p.Parts, c.partsTotal+p.PartsTotal
}

func newTally(id, source, destination string, pairs []pair, verifies bool) *tally {
	t := &tally{proofs: proofs{expected: verifies}, comparing: map[string]int64{}, running: func() []transfer.Progress { return nil }}
	t.status = steer.Status{
		ID: id, State: steer.StateRunning, Source: source, Destination: destination, Process: os.Getpid(), Started: time.Now().UTC(), Files: len(pairs), ETA: -1,
	}
	for _, p := range pairs {
		t.status.Bytes += p.Size
	}
	t.planned = t.status.Bytes
	return t
}

// follow shows what an engine does from now on.
func (t *tally) follow(e *transfer.Engine) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.running = e.Running
}

// compare takes how much of a file was compared with what is there.
func (t *tally) compare(p pair, done int64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.comparing[p.Destination] = done
}

// sent says that a file is not compared, but sent.
func (t *tally) sent(p pair) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.comparing, p.Destination)
}

// end takes what became of a file.
func (t *tally) end(p pair, r result) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.comparing, p.Destination)
	if r.err != nil {
		if r.Outcome == outcomeFailed {
			t.status.FilesFailed++
		}
		t.ended.leaves(r.left, r.err)
		return
	}
	t.status.FilesDone++
	t.status.Bytes += r.Size - p.Size - t.grown // some places do not tell the size before
	t.grown = 0
	t.ended.bytes += r.Size
	t.proofs.end(r)
	if r.Outcome == outcomePresent {
		t.ended.had += r.Size
		return
	}
	c := r.Receipt.Copies[0]
	t.ended.parts, t.ended.partsTotal = t.ended.parts+c.Parts, t.ended.partsTotal+c.Parts
	t.ended.had += max(0, r.Size-c.SentBytes)
	t.ended.retries += c.Retries
}

// hashed takes a file that has been read.
func (t *tally) hashed(p pair) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.comparing, p.Destination)
	t.status.FilesDone++
	t.ended.bytes += p.Size
}

// close says that nothing more happens.
func (t *tally) close(stopped bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.over, t.status.Waiting = true, ""
	t.status.Ended = time.Now().UTC()
	switch {
	case t.status.FilesDone == t.status.Files:
		t.status.State = steer.StateDone
	case t.status.FilesFailed > 0 && !stopped:
		t.status.State = steer.StateFailed
	default:
		t.status.State = steer.StateStopped
	}
}

// steered shows the settings in force.
func (t *tally) steered(s steer.Settings) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.status.Settings = s
}

// now gives how it stood at the last look.
func (t *tally) now() steer.Status {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.status
}

// look takes the pace.
func (t *tally) look(now time.Time) steer.Status {
	t.mu.Lock()
	defer t.mu.Unlock()
	s := &t.status
	s.Running = t.running()
	s.Done, s.Resumed, s.Retries, s.Resent = t.ended.bytes, t.ended.had, t.ended.retries, t.ended.resent
	s.Parts, s.PartsTotal, s.Waiting = t.ended.parts, t.ended.partsTotal, ""
	moves, stopped := false, false
	for i, p := range s.Running {
		p.Waiting = strings.ReplaceAll(p.Waiting, "site "+scope, scope)
		s.Running[i].Waiting = p.Waiting
		s.Done, s.Resumed = s.Done+p.Sent, s.Resumed+p.Resumed
		s.Retries, s.Resent = s.Retries+p.Retries, s.Resent+p.Resent
		s.Parts, s.PartsTotal = s.Parts+p.Parts, s.PartsTotal+p.PartsTotal
		if p.Growing && p.Total-t.planned > t.grown { // there is no other file then
			s.Bytes += p.Total - t.planned - t.grown
			t.grown = p.Total - t.planned
		}
		stopped = stopped || p.Held == transfer.HeldBandwidth
		if moves = moves || p.Waiting == ""; s.Waiting == "" {
			s.Waiting = p.Waiting
		}
	}
	for _, done := range t.comparing {
		if s.Done += done; !t.hashes {
			s.Resumed += done
		}
		moves = true
	}
	if moves {
		s.Waiting = "" // of one file only
	}
	t.pace(now, stopped && !moves)
	return *s
}

// pace takes how fast it goes. stopped tells that limits let nothing move.
func (t *tally) pace(now time.Time, stopped bool) {
	s := &t.status
	if t.over {
		s.Rate, s.ETA = float64(s.Done-s.Resumed)/max(now.Sub(s.Started).Seconds(), 0.001), 0
		return
	}
	if s.State = steer.StateRunning; s.Paused {
		s.State, s.Waiting, s.Rate, s.ETA = steer.StatePaused, "paused", 0, -1
		t.meter.Hold()
		return
	}
	if stopped {
		s.Rate, s.ETA = 0, -1
		t.meter.Hold()
		return
	}
	t.limits.look(s.Running)
	send := pace.Stage{Done: s.Done, Total: s.Bytes, Skipped: s.Resumed, Limit: t.limits.send}
	t.meter.Look(now, send, t.proofs.stage(s, t.limits.proof))
	s.Rate, s.ETA = t.meter.Rate(0), -1
	if left, ok := t.meter.ETA(); ok && !grows(s.Running) {
		s.ETA = left.Seconds()
	}
}

// proved is how much of a file was read back.
func proved(p transfer.Progress) (bytes int64) {
	for i, d := range p.Destinations {
		at := int64(0)
		switch d.Phase {
		case transfer.PhaseVerify:
			at = d.Done
		case transfer.PhaseCommit, transfer.PhaseDone:
			at = p.Size
		}
		if i == 0 || at < bytes {
			bytes = at
		}
	}
	return bytes
}
