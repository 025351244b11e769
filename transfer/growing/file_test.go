package growing_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"gantry/connectors"
	"gantry/connectors/local"
	"gantry/transfer/growing"
)

// A recording that rests for its time is finished by the clock that is given: not a
// moment of the system's passes.
func TestFileGoesByTheGivenClock(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "clip"), []byte("frames"), 0o600); err != nil {
		t.Fatal(err)
	}
	place, err := local.Connector().Open(t.Context(), connectors.Location{URL: "file://" + dir})
	if err != nil {
		t.Fatal(err)
	}
	defer place.Close()
	now, ticks, looks := time.Now().Add(time.Hour), make(chan time.Time), 0
	f := growing.Follow(growing.Options{
		Place: place, Path: "clip", Idle: time.Hour, Every: time.Minute,
		Now: func() time.Time { looks++; now = now.Add(10 * time.Minute); return now },
		Ticks: func(every time.Duration) (<-chan time.Time, func()) {
			done := make(chan struct{})
			go func() {
				for {
					select {
					case ticks <- time.Time{}:
					case <-done:
						return
					}
				}
			}()
			return ticks, func() { close(done) }
		},
	})
	state, err := f.Wait(t.Context(), 1<<40)
	if err != nil || state.Closed == "" || state.Size != 6 || looks < 7 {
		t.Errorf("%+v after %d looks, %v", state, looks, err)
	}
}
