package main

import (
	"math"
	"testing"
	"time"

	"gantry/orchestrator/catalog"
	"gantry/transfer"
	"gantry/transfer/steer"
)

// sending is a tally of a copy of 300 MB to one place, looked at each 200 ms from its
// beginning on; ends are the ends that it told, in seconds.
func sending(expected bool, until float64, at func(s float64) transfer.Progress) (last steer.Status, ends []float64) {
	t := newTally("copy-1", "a", "b", []pair{{}}, expected)
	t.status.Bytes = 300e6
	begin := time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)
	for s := 0.0; s < until; s += 0.2 {
		p := at(s)
		p.Size = 300e6
		t.running = func() []transfer.Progress { return []transfer.Progress{p} }
		last = t.look(begin.Add(time.Duration(s * float64(time.Second))))
		if last.ETA >= 0 {
			ends = append(ends, s+last.ETA)
		}
	}
	return last, ends
}

// A copy that is held by a limit is told to end when it does: its proof is reckoned by
// what holds for the proof.
func TestTheEndOfALimitedCopy(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		proof      transfer.Proof
		proofLimit int64
		end        float64
	}{
		"the place computes a digest":         {transfer.ProofNative, 0, 12},
		"it is read back without a limit":     {transfer.ProofReadback, 0, 12},
		"it is read back within the limit":    {transfer.ProofReadback, 25e6, 24},
		"it is read back within a higher one": {transfer.ProofReadback, 50e6, 18},
	} {
		_, ends := sending(true, 11, func(s float64) transfer.Progress {
			return transfer.Progress{Phase: transfer.PhaseSend, Sent: int64(s * 25e6), Destinations: []transfer.DestinationProgress{{
				Phase: transfer.PhaseSend, Sent: int64(s * 25e6), Proof: c.proof, SendLimit: 25e6, ProofLimit: c.proofLimit,
			}}}
		})
		if len(ends) < 30 {
			t.Errorf("%s: it tells an end %d times only", name, len(ends))
		}
		for _, end := range ends {
			if math.Abs(end-c.end) > 1 {
				t.Errorf("%s: it is told to end after %.1f s, and does after %.0f s", name, end, c.end)
				break
			}
		}
	}
}

// A window in which nothing may move has no rate and no end.
func TestAShutWindowHasNoPace(t *testing.T) {
	t.Parallel()
	last, _ := sending(false, 6, func(s float64) transfer.Progress {
		p := transfer.Progress{Phase: transfer.PhaseSend, Sent: int64(min(s, 5) * 10e6), Destinations: []transfer.DestinationProgress{{Phase: transfer.PhaseSend}}}
		if s > 5 {
			p.Held, p.Waiting = transfer.HeldBandwidth, "held by the bandwidth window of site this copy until 12:00"
		}
		return p
	})
	if last.Rate != 0 || last.ETA != -1 || last.Waiting == "" {
		t.Errorf("it tells %.0f bytes/s, and %.0f s to go, while it is %q", last.Rate, last.ETA, last.Waiting)
	}
}

// What was not sent is no speed, of this user's own transfers and of the hub's.
func TestTheSpeedOfWhatIsDone(t *testing.T) {
	t.Parallel()
	began := time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)
	own := local(steer.Status{State: steer.StateDone, Bytes: 400 << 20, Done: 400 << 20, Resumed: 300 << 20, Rate: 10 << 20, Started: began, Ended: began.Add(10 * time.Second)})
	if got := speed(own.Transfer); got != rate(10<<20) {
		t.Errorf("a copy of which most was there has gone at %s", got)
	}
	if got := speed(local(steer.Status{State: steer.StateDone, Bytes: 400 << 20, Started: began, Ended: began.Add(time.Second)}).Transfer); got != "-" {
		t.Errorf("a copy that was there has gone at %s", got)
	}
	hub := catalog.Transfer{
		Status: catalog.TransferDone, Total: 400 << 20, StartedAt: began, EndedAt: began.Add(10 * time.Second),
		Receipts: []byte(`[{"size":419430400,"copies":[{"sentBytes":104857600},{"sentBytes":52428800}]}]`),
	}
	if got := speed(hub); got != rate(10<<20) {
		t.Errorf("a transfer of the hub of which most was there has gone at %s", got)
	}
}
