package schedule

import (
	"context"
	"errors"
	"testing"
	"time"

	"gantry/connectors/wrap/throttle"
)

// What a site may use of its line says nothing of how fast it reads its own disks.
func TestLimitsOfLinesDoNotCountTheDisk(t *testing.T) {
	s := New(Options{})
	nothing, err := throttle.ParseTimetable("stop")
	if err != nil {
		t.Fatal(err)
	}
	s.Limit(OfSite("venue"), nothing)
	job := s.Enter(Work{Job: "a", Site: "venue"})
	defer job.Leave()
	job.Change(Change{Limit: &nothing})
	ready := func(e Endpoint) error {
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		defer cancel()
		return job.Flow(e).Ready(ctx)
	}
	if err := ready(Endpoint{Name: "card", Near: true}); err != nil {
		t.Errorf("reading the disk is held: %v", err)
	}
	if err := ready(Endpoint{Name: "card", Near: true, Direction: Write}); err != nil {
		t.Errorf("writing on the disk is held: %v", err)
	}
	for _, e := range []Endpoint{{Name: "store"}, {Name: "store", Direction: Write}} {
		if err := ready(e); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%+v is not held: %v", e, err)
		}
	}
	s.Limit(OfEndpoint("card"), nothing)
	if err := ready(Endpoint{Name: "card", Near: true}); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("the disk's own limit does not hold: %v", err)
	}
}
