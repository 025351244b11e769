package journal

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"pgregory.net/rapid"

	"gantry/connectors"
	"gantry/transfer/chunk"
)

func open(t *testing.T, dir string) *Journal {
	t.Helper()
	j, err := Open(dir, Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { j.Close() })
	return j
}

func reopen(t *testing.T, j *Journal) *Journal {
	t.Helper()
	must(t, j.Close())
	return open(t, j.dir)
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestAJobIsRememberedUntilItsReceipt(t *testing.T) {
	j := open(t, t.TempDir())
	job := Job{ID: "clip-1", Source: Source{Location: "card", Path: "a.mxf"}, Plan: chunk.Plan{Size: 30, PartSize: 10}, Started: time.Unix(1, 0).UTC()}
	hot := Upload{Target: Target{"hot", "a.mxf"}, ID: "upload-1"}
	cold := Upload{Target: Target{"cold", "a.mxf"}, ID: "upload-2"}
	must(t, j.Begin(job, hot))
	must(t, j.Begin(job, cold))
	part := connectors.Part{Number: 2, Offset: 10, Size: 10, ETag: "e", Digests: connectors.Digests{"crc64nvme": "1"}}
	must(t, j.Accept(job.ID, hot, part))
	must(t, j.Done(job.ID, cold.Target, "a copy"))

	j = reopen(t, j)
	r, err := j.Record("clip-1")
	must(t, err)
	if r.Job == nil || !reflect.DeepEqual(*r.Job, job) || r.Uploads[hot.Target].ID != "upload-1" || len(r.Uploads) != 1 {
		t.Fatalf("got %+v", r)
	}
	if got := r.Parts[hot.Target][2]; got.ETag != "e" || got.Offset != 10 || len(r.Parts[hot.Target]) != 1 {
		t.Fatalf("got part %+v", got)
	}
	if string(r.Copies[cold.Target]) != `"a copy"` {
		t.Fatalf("got copies %s", r.Copies)
	}
	for job, err := range j.Jobs() {
		must(t, err)
		for u, err := range j.Uploads(job.ID) {
			must(t, err)
			if u.ID != "upload-1" {
				t.Fatalf("the janitor sees %+v", u)
			}
		}
	}

	must(t, j.Finish("clip-1", map[string]int{"size": 30}))
	j = reopen(t, j)
	r, err = j.Record("clip-1")
	must(t, err)
	if string(r.Receipt) != `{"size":30}` || r.Job != nil || len(r.Uploads)+len(r.Parts)+len(r.Copies) != 0 {
		t.Fatalf("got %+v", r)
	}
	n, err := j.PruneReceipts(time.Now().Add(time.Hour))
	must(t, err)
	if r, _ := j.Record("clip-1"); n != 1 || r.Receipt != nil {
		t.Fatalf("pruned %d, left %s", n, r.Receipt)
	}
}

func TestPartsOfAnEarlierUploadDoNotCount(t *testing.T) {
	j := open(t, t.TempDir())
	job, target := Job{ID: "x"}, Target{"hot", "a"}
	must(t, j.Begin(job, Upload{Target: target, ID: "old"}))
	must(t, j.Accept("x", Upload{Target: target, ID: "old"}, connectors.Part{Number: 1}))
	must(t, j.Begin(job, Upload{Target: target, ID: "new"}))
	r, err := j.Record("x")
	must(t, err)
	if len(r.Parts[target]) != 0 {
		t.Fatalf("got %+v", r.Parts)
	}
}

func TestTenThousandPartsAreForgottenEvenAfterACrash(t *testing.T) {
	j := open(t, t.TempDir())
	u := Upload{Target: Target{"hot", "a"}, ID: "u"}
	must(t, j.Begin(Job{ID: "big"}, u))
	var group sync.WaitGroup
	for n := range 5000 {
		group.Go(func() {
			if err := j.Accept("big", u, connectors.Part{Number: n + 1, Size: 1}); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	// The crash: the job is gone, its parts are not.
	must(t, j.writer.submit(&write{ops: []op{{key: key(jobs, "big"), remove: true}}})())
	j = reopen(t, j)
	left, err := j.keys(key(parts)[:2])
	if must(t, err); len(left) != 0 {
		t.Fatalf("%d parts are left", len(left))
	}
}

func TestASecondOpenNamesTheFirst(t *testing.T) {
	j := open(t, t.TempDir())
	_, err := Open(j.dir, Options{})
	var inUse *InUse
	if !errors.As(err, &inUse) || inUse.PID != os.Getpid() {
		t.Fatalf("got %v", err)
	}
	if _, err := SetAside(j.dir, time.Now()); !errors.As(err, &inUse) {
		t.Fatalf("an open journal was set aside: %v", err)
	}
	must(t, j.Close())
	open(t, j.dir)
}

func TestADamagedJournalIsToldAndSetAside(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "journal")
	j := open(t, dir)
	must(t, j.Put("seen", "a", 1))
	must(t, j.Close())
	must(t, os.WriteFile(filepath.Join(dir, "store", "MANIFEST"), []byte("rubbish rubbish rubbish"), 0o600))

	_, err := Open(dir, Options{})
	if !errors.Is(err, ErrDamaged) || connectors.KindOf(err) != connectors.KindIntegrity {
		t.Fatalf("got %v", err)
	}
	now := time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)
	aside, err := SetAside(dir, now)
	must(t, err)
	if aside != dir+".damaged-20260304T050607Z" {
		t.Fatalf("set aside to %s", aside)
	}
	if _, err := os.Stat(filepath.Join(aside, "MANIFEST")); err != nil {
		t.Fatal(err)
	}
	j = open(t, dir)
	var v int
	if found, err := j.Get("seen", "a", &v); found || err != nil {
		t.Fatalf("the new journal is not empty: %v %v", v, err)
	}
}

func TestOutboxKeepsItsOrder(t *testing.T) {
	j := open(t, t.TempDir())
	var group sync.WaitGroup
	for worker := range 8 {
		group.Go(func() {
			last := uint64(0)
			for n := range 50 {
				sequence, err := j.Append("events", fmt.Sprintf("%d-%d", worker, n))
				if err != nil || sequence <= last {
					t.Errorf("got %d after %d (%v)", sequence, last, err)
				}
				last = sequence
			}
		})
	}
	group.Wait()
	j = reopen(t, j)
	items, err := j.Peek("events", 0, 1000)
	must(t, err)
	next := map[byte]int{}
	for i, item := range items {
		var v string
		must(t, json.Unmarshal(item.Value, &v))
		var worker, n int
		fmt.Sscanf(v, "%d-%d", &worker, &n)
		if item.Sequence != uint64(i+1) || n != next[v[0]] {
			t.Fatalf("item %d is %d %s", i, item.Sequence, v)
		}
		next[v[0]]++
	}
	if len(items) != 400 {
		t.Fatalf("%d items", len(items))
	}
}

// The outbox against the simplest thing that could be one, with restarts.
func TestOutboxIsAQueue(t *testing.T) {
	j := open(t, t.TempDir())
	run := 0
	rapid.Check(t, func(rt *rapid.T) {
		run++
		box := fmt.Sprint("box ", run)
		var want []uint64
		last := uint64(0)
		for range rapid.IntRange(1, 12).Draw(rt, "steps") {
			switch rapid.IntRange(0, 20).Draw(rt, "step") {
			default:
				sequence, err := j.Append(box, last)
				if err != nil || sequence <= last {
					rt.Fatalf("got %d after %d (%v)", sequence, last, err)
				}
				last = sequence
				want = append(want, sequence)
			case 1, 2, 3, 4, 5:
				upTo := rapid.Uint64Range(0, last+2).Draw(rt, "up to")
				if err := j.Ack(box, upTo); err != nil {
					rt.Fatal(err)
				}
				want = slices.DeleteFunc(want, func(s uint64) bool { return s <= upTo })
			case 0:
				if err := j.Close(); err != nil {
					rt.Fatal(err)
				}
				j = open(t, j.dir)
			}
			items, err := j.Peek(box, 0, 100)
			if err != nil || len(items) != len(want) {
				rt.Fatalf("got %d items, want %v (%v)", len(items), want, err)
			}
			for i := range want {
				if items[i].Sequence != want[i] {
					rt.Fatalf("got %d, want %d", items[i].Sequence, want[i])
				}
			}
		}
	})
}

func TestABatchIsWrittenWholeOrNotAtAll(t *testing.T) {
	j := open(t, t.TempDir())
	must(t, j.Write(func(b *Batch) {
		b.Append("events", "seen a")
		b.Append("events", "seen b")
		b.Put("seen", "a", 1)
		b.Put("seen", "ab", 2)
	}))
	err := j.Write(func(b *Batch) {
		b.Put("seen", "c", 3)
		b.Append("events", func() {})
	})
	if err == nil {
		t.Fatal("a function was encoded")
	}
	if err := j.Put("seen", "c", make([]byte, MaxValue)); connectors.KindOf(err) != connectors.KindInvalid {
		t.Fatalf("a large value: %v", err)
	}
	var keys []string
	for e, err := range j.Scan("seen", "a") {
		must(t, err)
		keys = append(keys, e.Key+"="+string(e.Value))
	}
	if !slices.Equal(keys, []string{"a=1", "ab=2"}) {
		t.Fatalf("got %v", keys)
	}
	must(t, j.Delete("seen", "a"))
	var v int
	if found, _ := j.Get("seen", "a", &v); found {
		t.Fatal("a is still there")
	}
	if found, _ := j.Get("seen", "c", &v); found {
		t.Fatal("half of a batch was written")
	}
	if n, err := j.Pending("events"); n != 2 || err != nil {
		t.Fatalf("%d pending (%v)", n, err)
	}
}

func TestAFullVolumeRefusesNewWorkButNotWhatIsUnderWay(t *testing.T) {
	var free atomic.Uint64
	free.Store(1 << 40)
	dir := t.TempDir()
	j, err := Open(dir, Options{Free: func(string) (uint64, error) { return free.Load(), nil }})
	must(t, err)
	defer j.Close()
	u := Upload{Target: Target{"hot", "a"}, ID: "u"}
	must(t, j.Begin(Job{ID: "x"}, u))
	reserve := filepath.Join(dir, "reserve")
	if info, err := os.Stat(reserve); err != nil || info.Size() != reserveSize {
		t.Fatalf("there is no reserve: %v", err)
	}

	free.Store(lowWater - 1)
	for what, err := range map[string]error{
		"job": j.Begin(Job{ID: "y"}, u), "index": j.Put("seen", "a", 1), "outbox": func() error { _, err := j.Append("events", 1); return err }(),
	} {
		if connectors.KindOf(err) != connectors.KindNoSpace {
			t.Errorf("%s: got %v", what, err)
		}
	}
	if _, err := os.Stat(reserve); !errors.Is(err, os.ErrNotExist) {
		t.Fatalf("the reserve was not given back: %v", err)
	}
	must(t, j.Accept("x", u, connectors.Part{Number: 1}))
	must(t, j.Finish("x", "receipt"))

	free.Store(essential - 1)
	if err := j.Finish("z", "receipt"); connectors.KindOf(err) != connectors.KindNoSpace {
		t.Fatalf("got %v", err)
	}
	free.Store(1 << 40)
	must(t, j.Put("seen", "a", 1))
}

func TestAClosedJournalSaysSo(t *testing.T) {
	j := open(t, t.TempDir())
	must(t, j.Close())
	if err := j.Put("seen", "a", 1); err == nil {
		t.Fatal("written after Close")
	}
	if _, err := j.Record("x"); err == nil {
		t.Fatal("read after Close")
	}
}

// Who waits for the lock of a folder that is retired gets the next one of that name, and
// not the one that is about to go.
func TestNobodyGetsAFolderThatIsRetired(t *testing.T) {
	t.Parallel()
	base := t.TempDir()
	dir := filepath.Join(base, "journal")
	var number atomic.Int64
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for range 300 {
				f, err := take(dir)
				var other *InUse
				if errors.As(err, &other) {
					continue
				}
				if err != nil {
					t.Error(err)
					return
				}
				name := filepath.Join(dir, "name")
				if err := os.WriteFile(name, nil, 0o600); err != nil {
					t.Errorf("who has the folder does not find it: %v", err)
				}
				ours, _ := f.held.Stat()
				if now, err := os.Stat(filepath.Join(dir, "lock")); err != nil || !os.SameFile(ours, now) {
					t.Errorf("the folder of that name is another one: %v", err)
				}
				if err := f.retire(filepath.Join(base, fmt.Sprint(number.Add(1)))); err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
}
