package schedule_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"gantry/connectors"
	"gantry/connectors/wrap/throttle"
	"gantry/transfer/schedule"
)

const mib = 1 << 20

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// A mill moves parts of a job over an endpoint, so many at once, until it is stopped.
type mill struct {
	ticket *schedule.Ticket
	flow   *schedule.Flow
}

func enter(t *testing.T, s *schedule.Scheduler, w schedule.Work, e schedule.Endpoint) mill {
	t.Helper()
	m := mill{ticket: s.Enter(w)}
	t.Cleanup(m.ticket.Leave)
	must(t, m.ticket.Begin(t.Context()))
	m.flow = m.ticket.Flow(e)
	return m
}

func (m mill) acquire(t *testing.T) *schedule.Slot {
	t.Helper()
	slot, err := m.flow.Acquire(t.Context(), 8*mib)
	must(t, err)
	return slot
}

var archive = schedule.Endpoint{Name: "archive", Direction: schedule.Write}

func TestAnUrgentPartTakesASlotAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := schedule.New(schedule.Options{})
		bulk := enter(t, s, schedule.Work{Job: "bulk", Priority: schedule.Bulk}, archive)
		var slots []*schedule.Slot
		for n := range 4 {
			slot := bulk.acquire(t)
			must(t, slot.Pass((n+1)*mib))
			slots = append(slots, slot)
		}
		urgent := enter(t, s, schedule.Work{Job: "clip", Priority: schedule.Urgent}, archive)
		began := time.Now()
		slot := urgent.acquire(t)
		if waited := time.Since(began); waited != 0 {
			t.Errorf("it waited for %v", waited)
		}
		synctest.Wait()
		for n, bulk := range slots {
			if err := context.Cause(bulk.Context()); (n == 0) != errors.Is(err, schedule.ErrPreempted) {
				t.Errorf("part %d: %v", n, err)
			}
			if n > 0 {
				must(t, bulk.Pass(1))
			}
			bulk.Release(nil)
		}
		slot.Release(nil)
		if stats := s.Stats(); stats.Preempted != 1 || stats.Endpoints[0].InUse != 0 {
			t.Errorf("%+v", stats)
		}
	})
}

func TestAPauseHoldsAJob(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := schedule.New(schedule.Options{})
		m := enter(t, s, schedule.Work{Job: "a"}, archive)
		slot := m.acquire(t)
		yes, no := true, false
		m.ticket.Change(schedule.Change{Paused: &yes})
		if err := slot.Pass(1); !errors.Is(err, schedule.ErrHeld) {
			t.Errorf("the running part: %v", err)
		}
		slot.Release(slot.Pass(1))
		if why := m.ticket.Waiting(); why != "paused" {
			t.Errorf("it waits because it is %q", why)
		}
		began := time.Now()
		if _, err := m.flow.Acquire(t.Context(), 1); !errors.Is(err, schedule.ErrHeld) || time.Since(began) > time.Minute {
			t.Errorf("another part: %v after %v", err, time.Since(began))
		}
		var wait sync.WaitGroup
		wait.Go(func() { must(t, m.flow.Ready(t.Context())) })
		time.Sleep(time.Hour)
		m.ticket.Change(schedule.Change{Paused: &no})
		wait.Wait()
		m.acquire(t).Release(nil)
	})
}

func TestAWindowHoldsASite(t *testing.T) {
	synctest.Test(t, func(t *testing.T) { // begins at midnight UTC
		s := schedule.New(schedule.Options{})
		table, err := throttle.ParseTimetable("06:00,stop:off 19:00,off UTC")
		must(t, err)
		s.Limit(schedule.OfSite("oslo"), table)
		m := enter(t, s, schedule.Work{Job: "a", Site: "oslo"}, archive)
		other := enter(t, s, schedule.Work{Job: "b", Site: "bergen"}, archive)
		slot := m.acquire(t)
		time.Sleep(6 * time.Hour)
		synctest.Wait()
		if err := context.Cause(slot.Context()); !errors.Is(err, schedule.ErrHeld) {
			t.Errorf("the running part: %v", err)
		}
		slot.Release(schedule.ErrHeld)
		if why := m.ticket.Waiting(); why != "held by the bandwidth window of site oslo until 19:00" {
			t.Errorf("it waits because %q", why)
		}
		other.acquire(t).Release(nil)
		must(t, m.flow.Ready(t.Context()))
		if now := time.Now().UTC().Format("15:04"); now != "19:00" {
			t.Errorf("it went on at %s", now)
		}
		m.acquire(t).Release(nil)
	})
}

// A limit holds for all that it is of together, and is changed while they move.
func TestALimitChangesWhileBytesMove(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := schedule.New(schedule.Options{})
		s.Limit(schedule.OfEndpoint("archive"), throttle.Always(throttle.Rate{Up: mib}))
		var wait sync.WaitGroup
		began := time.Now()
		for n := range 4 {
			m := enter(t, s, schedule.Work{Job: fmt.Sprint(n)}, archive)
			wait.Go(func() {
				slot := m.acquire(t)
				defer slot.Release(nil)
				for range 40 {
					must(t, slot.Pass(mib/2))
				}
			})
		}
		time.Sleep(40 * time.Second) // half of it
		s.Limit(schedule.OfEndpoint("archive"), throttle.Always(throttle.Rate{Up: 4 * mib}))
		time.Sleep(5 * time.Second) // a quarter
		s.Limit(schedule.OfEndpoint("archive"), throttle.Timetable{})
		wait.Wait()
		if took := time.Since(began); (took - 45*time.Second).Abs() > time.Second {
			t.Errorf("it took %v", took)
		}
	})
}

func TestAPlaceThatAsksToWaitIsGivenTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := schedule.New(schedule.Options{})
		m := enter(t, s, schedule.Work{Job: "a"}, archive)
		m.acquire(t).Release(&connectors.Error{Kind: connectors.KindBusy, After: 20 * time.Second})
		began := time.Now()
		m.acquire(t).Release(nil)
		if waited := time.Since(began); waited != 20*time.Second {
			t.Errorf("it waited for %v", waited)
		}
		if slots := s.Stats().Endpoints[0].Slots; slots != 2 {
			t.Errorf("it goes on with %d slots", slots)
		}
	})
}

// Of a thousand jobs only some begin, by priority; an urgent one always.
func TestOnlySomeJobsBegin(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := schedule.New(schedule.Options{Jobs: 8})
		var tickets []*schedule.Ticket
		for n := range 1000 {
			tickets = append(tickets, s.Enter(schedule.Work{Job: fmt.Sprint(n), Priority: schedule.Bulk}))
		}
		if st := s.Stats(); st.Begun != 4 || st.Waiting != 996 {
			t.Errorf("%+v", st)
		}
		must(t, s.Enter(schedule.Work{Priority: schedule.Urgent}).Begin(t.Context()))
		normal := s.Enter(schedule.Work{})
		must(t, normal.Begin(t.Context()))
		if why := tickets[10].Waiting(); why != "6 jobs that came earlier go first" {
			t.Errorf("it waits because %q", why)
		}
		for _, other := range tickets[:3] {
			other.Leave()
		}
		normal.Leave()
		if st := s.Stats(); st.Begun != 5 || tickets[6].Waiting() != "" || tickets[7].Waiting() == "" {
			t.Errorf("%+v, %q", st, tickets[6].Waiting())
		}
	})
}
