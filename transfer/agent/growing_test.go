package agent

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"gantry/connectors"
	"gantry/transfer/agent/wire"
	"gantry/transfer/growing"
	"gantry/transfer/watch"
)

// A camera writes a file bit by bit.
type camera struct {
	t    *testing.T
	f    *os.File
	data []byte
}

func (v *venue) camera(name string) *camera {
	v.t.Helper()
	f, err := os.Create(filepath.Join(v.in, name))
	if err != nil {
		v.t.Fatal(err)
	}
	v.t.Cleanup(func() { f.Close() })
	return &camera{t: v.t, f: f}
}

// shoot writes until something has come to pass.
func (c *camera) shoot(what string, until func() bool) {
	c.t.Helper()
	for began := time.Now(); !until(); time.Sleep(5 * time.Millisecond) {
		if time.Since(began) > 20*time.Second {
			c.t.Fatalf("recorded in vain until %s", what)
		}
		piece := bytes.Repeat([]byte{byte(len(c.data))}, 100_000)
		c.data = append(c.data, piece...)
		if _, err := c.f.Write(piece); err != nil {
			c.t.Fatal(err)
		}
	}
}

// cut ends the recording: its header is mended.
func (c *camera) cut() {
	c.t.Helper()
	copy(c.data, "the header, as it is now")
	if _, err := c.f.WriteAt(c.data[:100], 0); err != nil {
		c.t.Fatal(err)
	}
	if err := c.f.Close(); err != nil {
		c.t.Fatal(err)
	}
}

func (v *venue) growing(g wire.Growing) *venue {
	g.After = 0.05
	v.options.Engine.PartSize = 256 << 10
	v.hub.setConfig(v.config(wire.Route{Name: "ingest", From: "in", To: "out", Path: "{{.Name}}", Settle: wire.Settle{Stable: 0.2}, Growing: &g}))
	return v
}

// sent tells how many bytes of a recording have arrived under its second name.
func (v *venue) sent(path string) int64 {
	info, err := os.Stat(filepath.Join(v.out, path))
	if err != nil {
		return -1
	}
	return info.Size()
}

func TestARecordingArrivesOnceAndAtOnce(t *testing.T) {
	t.Parallel()
	for _, verify := range []string{wire.GrowingFull, wire.GrowingEdges} {
		t.Run(verify, func(t *testing.T) {
			t.Parallel()
			v := newVenue(t).growing(wire.Growing{Match: []string{"*.MXF"}, Verify: verify, Reveal: "so-far/{{.Name}}"})
			_, stop := v.start()
			c := v.camera("take.mxf")
			c.shoot("it is sent", func() bool { return v.sent("so-far/take.mxf") >= 512<<10 })
			v.told(0, 0)
			c.cut()
			a := v.arrival()
			if got, err := os.ReadFile(filepath.Join(v.out, "take.mxf")); err != nil || !bytes.Equal(got, c.data) {
				t.Errorf("another file has arrived: %d bytes of %d (%v)", len(got), len(c.data), err)
			}
			if v.sent("so-far/take.mxf") >= 0 {
				t.Error("the name of the copy so far is left")
			}
			f, err := watch.Look(v.in, "take.mxf")
			if err != nil || a.ID != arrivalID("venue", "ingest", f) {
				t.Errorf("it arrived as %s, and settles as %s (%v)", a.ID, arrivalID("venue", "ingest", f), err)
			}
			if a.Followed == "" || a.Followed == a.ID {
				t.Errorf("it was followed as %q", a.Followed)
			}
			if g := a.Receipt.Growth; g == nil || g.Verify != verify || g.Rule != growing.ByWriter && g.Rule != growing.BySignal {
				t.Errorf("got %+v", a.Receipt.Growth)
			}
			if xxh := a.Receipt.Digests[connectors.XXH128]; (xxh == "") != (verify == wire.GrowingEdges) {
				t.Errorf("digests %v", a.Receipt.Digests)
			}
			// It settles, and a restart offers it once more: it is not told again.
			time.Sleep(500 * time.Millisecond)
			stop()
			v.start()
			time.Sleep(500 * time.Millisecond)
			v.told(1, 0)
		})
	}
}

func TestARecordingGoesOnAfterARestart(t *testing.T) {
	t.Parallel()
	for _, ended := range []bool{false, true} {
		v := newVenue(t).growing(wire.Growing{Temporary: []string{".part"}, Reveal: "so-far/{{.Name}}"})
		_, stop := v.start()
		c := v.camera("take.mxf.part")
		c.shoot("it is sent", func() bool { return v.sent("so-far/take.mxf") >= 1<<20 })
		stop()
		end := func() {
			c.cut()
			if err := os.Rename(filepath.Join(v.in, "take.mxf.part"), filepath.Join(v.in, "take.mxf")); err != nil {
				t.Fatal(err)
			}
		}
		if ended {
			end()
		}
		_, stop = v.start()
		if !ended {
			before := v.sent("so-far/take.mxf")
			c.shoot("it goes on", func() bool { return v.sent("so-far/take.mxf") > before+1<<20 })
			end()
		}
		a := v.arrival()
		if a.Path != "take.mxf" || a.Receipt.Copies[0].Resumed < 2 || a.Receipt.Growth.Rule != growing.ByRename && a.Receipt.Growth.Rule != growing.BySignal {
			t.Errorf("ended %t: got %+v, %+v", ended, a, a.Receipt.Growth)
		}
		if got, _ := os.ReadFile(filepath.Join(v.out, "take.mxf")); !bytes.Equal(got, c.data) {
			t.Errorf("ended %t: another file has arrived", ended)
		}
		stop()
	}
}

func TestARecordingThatIsDeletedIsTold(t *testing.T) {
	t.Parallel()
	v := newVenue(t).growing(wire.Growing{Reveal: "so-far/{{.Name}}"})
	v.start()
	c := v.camera("take.mxf")
	c.shoot("it is sent", func() bool { return v.sent("so-far/take.mxf") >= 512<<10 })
	if err := os.Remove(filepath.Join(v.in, "take.mxf")); err != nil {
		t.Fatal(err)
	}
	f := v.failure()
	if f.Kind != string(connectors.KindNotFound) || f.Path != "take.mxf" || !strings.Contains(f.Error, "deleted") {
		t.Errorf("got %+v", f)
	}
	for began := time.Now(); v.sent("so-far/take.mxf") >= 0; time.Sleep(5 * time.Millisecond) {
		if time.Since(began) > 20*time.Second {
			t.Fatal("what was sent is still shown")
		}
	}
	v.told(0, 1)
}

// Where its place is taken, the recording is left to settle, and fails then as any
// other file.
func TestARecordingWhosePlaceIsTaken(t *testing.T) {
	t.Parallel()
	v := newVenue(t).growing(wire.Growing{})
	writeFile(t, filepath.Join(v.out, "take.mxf"), []byte("somebody else's"))
	v.start()
	c := v.camera("take.mxf")
	began := time.Now()
	c.shoot("it was noticed", func() bool { return time.Since(began) > 500*time.Millisecond })
	c.cut()
	if f := v.failure(); f.Kind != string(connectors.KindExists) || !strings.Contains(f.Error, "once it has settled") {
		t.Errorf("got %+v", f)
	}
	v.hub.eventually("it fails as any other", func() bool { return len(v.hub.failures()) == 2 })
	v.told(0, 2)
}

// told says how many arrivals and failures the hub was told of.
func (v *venue) told(arrivals, failures int) {
	v.t.Helper()
	v.hub.with(func() {
		if a, f := v.hub.arrivals(), v.hub.failures(); len(a) != arrivals || len(f) != failures {
			v.t.Errorf("the hub was told of %d arrivals and these failures: %+v", len(a), f)
		}
	})
}

func (v *venue) arrival() (a wire.Arrival) {
	v.t.Helper()
	v.hub.eventually("it has arrived", func() bool {
		if all := v.hub.arrivals(); len(all) > 0 {
			a = all[0]
		}
		return a.ID != ""
	})
	return a
}

func (v *venue) failure() (f wire.ArrivalFailure) {
	v.t.Helper()
	v.hub.eventually("a failure is told", func() bool {
		if all := v.hub.failures(); len(all) > 0 {
			f = all[0]
		}
		return f.ID != ""
	})
	return f
}
