package aspera

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"gantry/connectors"
	"gantry/connectors/aspera/spec"
	"gantry/connectors/promise"
)

func (s *stage) start(p connectors.Place, m connectors.Movement) connectors.Moving {
	s.t.Helper()
	mover, _ := connectors.As[connectors.Mover](p)
	moving, err := mover.Start(s.t.Context(), m)
	s.must(err)
	return moving
}

// What has arrived can be received and looked at before it replaces anything.
func TestNothingIsReplacedBeforePublish(t *testing.T) {
	s := withNode(t)
	s.ascp.Put("media/day1/clip.mov", []byte("yesterday's"))
	file, data := s.file("clip.mov", size)
	p := s.open()
	moving := s.start(p, connectors.Movement{ID: clipID, Path: "day1/clip.mov", File: file, Size: size})
	arrived, err := moving.Wait()
	s.must(err)
	if arrived.Path == "day1/clip.mov" || arrived.Size != size || string(s.ascp.Has("media/day1/clip.mov")) != "yesterday's" {
		t.Fatalf("got %+v; the server has %q", arrived, s.ascp.Files())
	}
	back := filepath.Join(s.dir, "back")
	_, err = s.move(p, connectors.Movement{Receive: true, Path: arrived.Path, File: back, Size: size})
	s.must(err)
	if got, err := os.ReadFile(back); err != nil || !bytes.Equal(got, data) {
		t.Errorf("%d bytes came back, %v", len(got), err)
	}
	for range 2 { // again: the first answer may have been lost
		entry, err := moving.Publish(t.Context())
		s.must(err)
		if entry.Path != "day1/clip.mov" || entry.Size != size {
			t.Errorf("got %+v", entry)
		}
	}
	s.serves("media/day1/clip.mov", data)
}

func TestAnIDBelongsToItsPath(t *testing.T) {
	s := withNode(t)
	file, _ := s.file("clip.mov", size)
	_, err := s.move(s.open(), connectors.Movement{ID: promise.NewID("another"), Path: "day1/clip.mov", File: file, Size: size})
	s.kind(err, connectors.KindInvalid)
}

// A file that has come meanwhile is not moved away for one that is exclusive.
func TestAnExclusiveMovementReplacesNothing(t *testing.T) {
	s := withNode(t)
	file, _ := s.file("clip.mov", size)
	moving := s.start(s.open(), connectors.Movement{Path: "clip.mov", File: file, Size: size, Exclusive: true})
	_, err := moving.Wait()
	s.must(err)
	s.ascp.Put("media/clip.mov", []byte("somebody else's"))
	_, err = moving.Publish(t.Context())
	s.kind(err, connectors.KindExists)
	if string(s.ascp.Has("media/clip.mov")) != "somebody else's" {
		t.Error("it was replaced")
	}
	s = withoutParallel(t)
	_, err = s.move(s.open(), connectors.Movement{Path: "clip.mov", File: file, Size: size, Exclusive: true})
	s.kind(err, connectors.KindUnsupported)
	if len(s.ascp.Runs()) != 0 {
		t.Error("ascp was started")
	}
}

// A file of the same size that another job has put there is not taken for ours.
func TestALostStagedFileIsNotTakenForPublished(t *testing.T) {
	s := withNode(t)
	file, _ := s.file("clip.mov", size)
	moving := s.start(s.open(), connectors.Movement{Path: "clip.mov", File: file, Size: size})
	arrived, err := moving.Wait()
	s.must(err)
	s.must(os.Remove(filepath.Join(s.ascp.Root, "media", arrived.Path)))
	s.ascp.Put("media/clip.mov", content(size)) // of today, and not of 2020
	_, err = moving.Publish(t.Context())
	s.kind(err, connectors.KindIntegrity)
}

func TestARenameThatFailsPutsTheOldFileBack(t *testing.T) {
	s := withNode(t)
	s.ascp.Put("media/day1/clip.mov", []byte("yesterday's"))
	s.node.Refuse = func(call string, request map[string]any) int {
		if to, _ := request["paths"].([]any); call == "files/rename" && strings.HasSuffix(to[0].(map[string]any)["source"].(string), "/"+staged) {
			return 403
		}
		return 0
	}
	file, _ := s.file("clip.mov", size)
	_, err := s.send(s.open(), file, size)
	s.kind(err, connectors.KindPermission)
	if string(s.ascp.Has("media/day1/clip.mov")) != "yesterday's" {
		t.Errorf("the server has %q", s.ascp.Files())
	}
}

// A rename that was done and refused by word is found out at the next attempt.
func TestALostAnswerOfARenameIsNoFailure(t *testing.T) {
	s := withNode(t)
	s.ascp.Put("media/day1/clip.mov", []byte("yesterday's"))
	renames := 0
	s.node.Twist = func(call string, _, _ map[string]any) (int, any) {
		if call != "files/rename" {
			return 0, nil
		}
		if renames++; renames == 2 {
			return 503, map[string]any{}
		}
		return 0, nil
	}
	file, data := s.file("clip.mov", size)
	_, err := s.send(s.open(), file, size)
	s.must(err)
	s.serves("media/day1/clip.mov", data)
}

// A crash after any call of a rename, and a sweep after it, lose no file.
func TestACrashInARenameAndASweepLoseNothing(t *testing.T) {
	for crash := range 12 {
		s := withoutParallel(t).withNode()
		s.ascp.Put("media/from.mov", []byte("from"))
		s.ascp.Put("media/to.mov", []byte("to"))
		calls := 0
		s.node.Refuse = func(string, map[string]any) int {
			if calls++; calls > crash {
				return 403
			}
			return 0
		}
		p := s.open().(noded)
		done := p.Rename(t.Context(), "from.mov", "to.mov") == nil
		s.node.Refuse = nil
		for u, err := range p.Unfinished(t.Context(), "") {
			s.must(err)
			s.must(p.Discard(t.Context(), u))
		}
		for u, err := range p.Unfinished(t.Context(), "to.mov") {
			s.must(err)
			s.must(p.Discard(t.Context(), u))
		}
		from, to := string(s.ascp.Has("media/from.mov")), string(s.ascp.Has("media/to.mov"))
		if before, after := from == "from" && to == "to", from == "" && to == "from"; !before && !after || done && !after {
			t.Errorf("after %d calls: from is %q and to is %q; %q", crash, from, to, s.ascp.Files())
		}
		if files := s.ascp.Files(); len(files) != map[bool]int{true: 2, false: 1}[from != ""] {
			t.Errorf("after %d calls: the server has %q", crash, files)
		}
	}
}

func TestWhatIsLeftIsFoundAndDiscarded(t *testing.T) {
	s := withNode(t)
	p := s.open().(noded)
	held, ours, other := promise.NewID("day1/clip.mov"), promise.NewID("day1/clip.mov"), promise.NewID("x")
	s.ascp.Put("media/.gantry-uploads/"+held+"/old", []byte("the only copy"))
	s.ascp.Put("media/.gantry-uploads/"+ours+"/data.partial", []byte("half"))
	s.must(os.Chtimes(filepath.Join(s.ascp.Root, "media/.gantry-uploads", ours, "data.partial"), modified, modified))
	s.ascp.Put("media/.gantry-uploads/"+other+"/data", []byte("whole"))
	s.ascp.Put("media/.gantry-uploads/"+ours[:20], []byte("of another program"))
	list := func(prefix string) (ids []string, err error) {
		for u, err := range p.Unfinished(t.Context(), prefix) {
			if err != nil {
				return ids, err
			}
			if ids = append(ids, u.ID); time.Since(u.Began) > time.Hour {
				t.Errorf("%s began %s, which is the time of the media", u.ID, u.Began)
			}
		}
		return ids, nil
	}
	if ids, err := list(""); err != nil || len(ids) != 2 {
		t.Errorf("got %q, %v", ids, err)
	}
	if ids, err := list("day1/clip.mov"); err != nil || len(ids) != 2 {
		t.Errorf("got %q, %v", ids, err)
	}
	_, err := list("day1")
	s.kind(err, connectors.KindUnsupported)
	s.kind(p.Discard(t.Context(), connectors.Unfinished{ID: held}), connectors.KindHeld)
	s.kind(p.Discard(t.Context(), connectors.Unfinished{ID: "../x"}), connectors.KindInvalid)
	s.kind(p.Discard(t.Context(), connectors.Unfinished{ID: other, Path: "day1/clip.mov"}), connectors.KindInvalid)
	for range 2 {
		s.must(p.Discard(t.Context(), connectors.Unfinished{ID: ours}))
		s.must(p.Discard(t.Context(), connectors.Unfinished{ID: other}))
		s.must(p.Discard(t.Context(), connectors.Unfinished{ID: held, Path: "day1/clip.mov"}))
	}
	if files := s.ascp.Files(); len(files) != 2 || string(s.ascp.Has("media/day1/clip.mov")) != "the only copy" {
		t.Errorf("the server has %q", files)
	}
}

func TestADeadlineIsATimeout(t *testing.T) {
	s := withSSH(t)
	s.ascp.Act(hold)
	file, _ := s.file("clip.mov", size)
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	mover, _ := connectors.As[connectors.Mover](s.open())
	moving, err := mover.Start(ctx, connectors.Movement{Path: "clip.mov", File: file, Size: size})
	if err == nil {
		_, err = moving.Wait()
	}
	s.kind(err, connectors.KindTimeout)
}

type rates []spec.Kbps

func (r *rates) SetRate(rate spec.Kbps) error {
	*r = append(*r, rate)
	return nil
}

// A rate that is set between two sessions, when the next one has its first rate
// already, is told to it.
func TestARateBetweenTwoSessionsIsNotLost(t *testing.T) {
	w := &moving{place: &place{}, movement: connectors.Movement{Rate: 1_250_000}}
	startedWith := w.target()
	if err := w.SetRate(2_500_000); err != nil {
		t.Fatal(err)
	}
	var told rates
	w.live(&told, startedWith)
	w.live(&told, w.target())
	if len(told) != 1 || told[0] != 20_000 {
		t.Errorf("it was told %v", told)
	}
}

func TestAPasswordIsSentToAnyServerOnlyIfThatIsSaid(t *testing.T) {
	s := withSSH(t)
	p := s.open("hostKey", "", "anyHostKey", "true")
	d, err := p.(connectors.Describer).Describe(t.Context())
	s.must(err)
	if last := d.Quirks[len(d.Quirks)-1]; last.Name != "any-host-key" {
		t.Errorf("got %+v", d.Quirks)
	}
}
