package main

import (
	"testing"
	"time"

	"gantry/transfer"
)

// What a copy waits for is said in the same words of each file and of all of them.
func TestTheLimitOfACopyIsNoSite(t *testing.T) {
	list := newTally("copy-1", "a", "b", nil, false)
	list.running = func() []transfer.Progress {
		return []transfer.Progress{{Waiting: "held by the bandwidth window of site this copy until 00:38"}}
	}
	const want = "held by the bandwidth window of this copy until 00:38"
	if now := list.look(time.Now()); now.Waiting != want || now.Running[0].Waiting != want {
		t.Errorf("it waits because %q, its file because %q", now.Waiting, now.Running[0].Waiting)
	}
}
