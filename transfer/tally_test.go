package transfer

import (
	"context"
	"fmt"
	"testing"
	"time"

	"gantry/connectors"
	"gantry/transfer/journal"
)

// Patience with a place is one, whatever part it fails; patience with a part is its own.
func TestPatienceIsOfThePlaceOrOfThePart(t *testing.T) {
	t.Parallel()
	down := connectors.Errorf(connectors.KindUnavailable, "write", "clip", "down")
	spoilt := connectors.Errorf(connectors.KindIntegrity, "write", "clip", "spoilt")
	asks := &connectors.Error{Kind: connectors.KindBusy, After: time.Hour}
	for name, c := range map[string]struct {
		errs        []error
		moves       bool
		least, most time.Duration
	}{
		"a place that is down, for short":  {errs: []error{down}, least: time.Millisecond, most: time.Second},
		"a place that is down, for long":   {errs: []error{down, down, down, down}, least: time.Second, most: time.Minute},
		"a place that went on":             {errs: []error{down, down, down, down}, moves: true},
		"a part that is spoilt on its way": {errs: []error{spoilt, spoilt}},
		"a place that asks for an hour":    {errs: []error{asks}, least: longPause, most: longPause},
	} {
		s := newStage(t, func(o *Options) {
			o.Patience, o.Jitter = time.Hour, func() float64 { return 0.5 }
			o.Sleep = func(context.Context, time.Duration) error { return nil }
		})
		all := &tally{}
		r := all.take(1, s.engine.retrier(nil).moving())
		for _, err := range c.errs {
			_ = all.fail(s.ctx, 1, r, err)
			r.slept = max(r.slept, all.by[1].slept)
		}
		if c.moves {
			all.moved(2)
		}
		if fresh := all.take(3, s.engine.retrier(nil)); fresh.slept < c.least || fresh.slept > c.most {
			t.Errorf("%s: a new part begins with %s slept", name, fresh.slept)
		}
	}
}

// A recording that was taken up again after it was found to be over keeps what was sent.
func TestWhatIsTakenUpAgainDoesNotLapse(t *testing.T) {
	t.Parallel()
	for _, running := range []bool{true, false} {
		s := newStage(t)
		name := fmt.Sprint("running ", running)
		for _, id := range []string{name, name + " 2"} {
			j := journal.Job{ID: id, Until: s.engine.o.Now().Add(-time.Hour)}
			must(t, s.engine.journal.Begin(j, journal.Upload{ID: id, Target: journal.Target{Location: "to0", Path: id}}))
		}
		over, err := s.engine.journal.Record(name)
		must(t, err)
		if running {
			done, ok := s.engine.turns.try(name)
			if !ok {
				t.Fatal("somebody has the turn")
			}
			defer done()
		} else {
			over.Job.Until = time.Time{}
			must(t, s.engine.journal.Revise(*over.Job))
		}
		ctx, stop := context.WithTimeout(s.ctx, 5*time.Second)
		defer stop()
		none := func(string) (connectors.Sink, error) { return nil, errNoPlace }
		must(t, s.engine.lapseOne(ctx, name, none))
		must(t, s.engine.lapse(ctx, none))
		if record, err := s.engine.journal.Record(name); err != nil || record.Job == nil {
			t.Errorf("%s: it is forgotten, %v", name, err)
		}
		if record, err := s.engine.journal.Record(name + " 2"); err != nil || record.Job != nil {
			t.Errorf("%s: the other one is kept, %v", name, err)
		}
	}
}
