package agent

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
	"time"

	"gantry/transfer/agent/wire"
)

// remembered changes what an agent that does not run knows of a recording.
func (v *venue) remembered(path string, change func(*growRecord)) (r growRecord) {
	v.t.Helper()
	a, err := New(v.options)
	if err != nil {
		v.t.Fatal(err)
	}
	key := fileKey{"ingest", path}
	r, found, err := a.session.keep.growth(key)
	if err != nil || !found {
		v.t.Fatalf("nothing is known of %s (%v)", path, err)
	}
	if change != nil {
		change(&r)
		if err := a.session.keep.keepGrowth(key, r); err != nil {
			v.t.Fatal(err)
		}
	}
	if err := a.Close(); err != nil {
		v.t.Fatal(err)
	}
	return r
}

// A new take has nothing of an earlier one whose inode it was given, be it followed or
// found when it has settled.
func TestANewTakeInheritsNothingByItsInode(t *testing.T) {
	t.Parallel()
	for _, ended := range []bool{false, true} {
		v := newVenue(t).growing(wire.Growing{Reveal: "so-far/{{.Name}}"})
		_, stop := v.start()
		c := v.camera("take.mxf")
		c.shoot("it is sent", func() bool { return v.sent("so-far/take.mxf") >= 512<<10 })
		stop()
		if ended {
			c.cut()
		}
		old := v.remembered("take.mxf", func(r *growRecord) {
			if r.Identity == "" {
				t.Error("the identity is not known")
			}
			r.ID, r.Identity, r.Cancelled, r.Since = "earlier", "of the file that had the inode", true, r.Since.Add(-time.Hour)
		})
		if err := os.RemoveAll(filepath.Join(v.out, "so-far")); err != nil {
			t.Fatal(err)
		}
		_, stop = v.start()
		if !ended {
			c.shoot("it is sent anew", func() bool { return v.sent("so-far/take.mxf") >= 512<<10 })
			c.cut()
		}
		a := v.arrival()
		if got, err := os.ReadFile(filepath.Join(v.out, "take.mxf")); err != nil || !bytes.Equal(got, c.data) {
			t.Errorf("ended %t: another file has arrived: %d bytes of %d (%v)", ended, len(got), len(c.data), err)
		}
		if a.Followed == "earlier" || !a.FirstSeen.After(old.Since) {
			t.Errorf("ended %t: got %+v", ended, a)
		}
		v.told(1, 0)
		stop()
	}
}

// A recording that has come back is not forgotten a day after it was gone.
func TestARecordingThatCameBackStaysKnown(t *testing.T) {
	t.Parallel()
	v := newVenue(t).growing(wire.Growing{Reveal: "so-far/{{.Name}}"})
	_, stop := v.start()
	c := v.camera("take.mxf")
	c.shoot("it is sent", func() bool { return v.sent("so-far/take.mxf") >= 512<<10 })
	stop()
	was := v.remembered("take.mxf", func(r *growRecord) { r.Gone = time.Now().Add(-23 * time.Hour).UTC() })
	_, stop = v.start()
	before := v.sent("so-far/take.mxf")
	c.shoot("it goes on", func() bool { return v.sent("so-far/take.mxf") > before+512<<10 })
	stop()
	if now := v.remembered("take.mxf", nil); now.ID != was.ID || !now.Gone.IsZero() {
		t.Errorf("got %+v of %+v", now, was)
	}
}
