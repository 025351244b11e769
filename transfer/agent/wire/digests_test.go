package wire_test

import (
	"fmt"
	"testing"

	"gantry/transfer/agent/wire"
)

func TestPendingDigestsAreFilledIn(t *testing.T) {
	t.Parallel()
	text := fmt.Sprintf("<a>%s</a><b>%s</b><c>%s</c>", wire.PendingDigest(0), wire.PendingDigest(12), wire.PendingDigest(0))
	of := func(n int) string { return map[int]string{0: "00ff", 12: "12ee"}[n] }
	if got, err := wire.FillPending(text, of); err != nil || got != "<a>00ff</a><b>12ee</b><c>00ff</c>" || wire.HasPending(got) || !wire.HasPending(text) {
		t.Errorf("got %q, %v", got, err)
	}
	if got, err := wire.FillPending(wire.PendingDigest(7), of); err == nil {
		t.Errorf("a digest that is not known became %q", got)
	}
	if got, err := wire.FillPending("nothing", of); err != nil || got != "nothing" {
		t.Errorf("got %q, %v", got, err)
	}
}
