package transfer

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"gantry/connectors"
)

// However many places hang, what their calls hold is bounded, and who gets nothing for
// that reason is told of it, until the calls end.
func TestMemoryIsBoundedHoweverManyPlacesHang(t *testing.T) {
	t.Parallel()
	const size, budget = 4096, 16 * 4096
	m := newMemory(budget, 20*time.Millisecond)
	var held []*piece
	for n := range 20 {
		s := m.share(8*size, nil, fmt.Sprint("mount ", n))
		for range 8 {
			soon, cancel := context.WithTimeout(t.Context(), 5*time.Millisecond)
			p, err := s.take(soon, size)
			cancel()
			if err != nil {
				break
			}
			p.spoil()
			held = append(held, p)
		}
	}
	if m.used > budget*3/2 || m.used < budget {
		t.Errorf("%d bytes are in use of a budget of %d", m.used, int64(budget))
	}
	wait, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	other := m.share(8*size, nil, "other")
	_, err := other.take(wait, size)
	if connectors.KindOf(err) != connectors.KindTimeout || !strings.Contains(fmt.Sprint(err), "mount ") {
		t.Errorf("another place is told %v", err)
	}
	for _, p := range held {
		p.drop()
	}
	p, err := other.take(wait, size)
	must(t, err)
	p.drop()
	if m.used != 0 || m.hung != 0 || m.kept > budget*3/2 {
		t.Errorf("in use are %d bytes, %d hang, %d are idle", m.used, m.hung, m.kept)
	}
}

// A part that needs all of the memory gets it when all the rest is held by calls that
// hang, as far as these do not hold too much.
func TestALargePartDoesNotWaitForWhatHangs(t *testing.T) {
	t.Parallel()
	const size, budget = 4096, 16 * 4096
	m := newMemory(budget, 20*time.Millisecond)
	stale, err := m.share(8*size, nil, "mount").take(t.Context(), size)
	must(t, err)
	stale.spoil()
	soon, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	whole, err := m.share(budget, nil, "other").take(soon, budget)
	must(t, err)
	whole.drop()
	stale.drop()
}
