package agent

import (
	"context"
	"testing"
	"time"

	"pgregory.net/rapid"

	"gantry/transfer/schedule"
	"gantry/transfer/watch"
)

func anyRoom(schedule.Priority) bool { return true }

func TestTheQueueGivesTheOldestFirstAndOneVersionAtATime(t *testing.T) {
	t.Parallel()
	now := time.Unix(100, 0)
	q := newQueue(func() time.Time { return now })
	r := &route{}
	item := func(path string, settled int64) *waiting {
		return &waiting{key: fileKey{"r", path}, route: r, file: watch.File{Path: path, LastChange: time.Unix(settled, 0)}, at: now}
	}
	young, old, later := item("young", 50), item("old", 10), item("later", 1)
	later.at = now.Add(time.Second)
	for _, w := range []*waiting{young, later, old} {
		q.put(w)
	}
	ctx := t.Context()
	if got := q.next(ctx, anyRoom); got != old {
		t.Fatalf("first %s", got.key.Path)
	}
	newer := item("old", 5)
	q.put(newer)
	if got := q.next(ctx, anyRoom); got != young {
		t.Errorf("while a version of old is given out, the next one is %s", got.key.Path)
	}
	if got := q.again(old, now); got != newer {
		t.Errorf("old is put back, though there is a newer version")
	}
	q.done(old)
	if got := q.next(ctx, anyRoom); got != newer {
		t.Errorf("the newer version takes the place of the older one, not %s", got.key.Path)
	}
	now = now.Add(time.Second)
	if got := q.next(ctx, anyRoom); got != later {
		t.Errorf("got %s", got.key.Path)
	}
	q.drop(r)
	q.again(later, now)
	q.done(newer)
	q.done(young)
	if wait, active := q.lengths(); wait != 0 || active != 0 {
		t.Errorf("%d wait, %d are given out", wait, active)
	}
}

func TestTheQueueLosesNothing(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		now := time.Unix(0, 0)
		q := newQueue(func() time.Time { return now })
		ended, cancel := context.WithCancel(context.Background())
		cancel()
		latest, out := map[fileKey]*waiting{}, map[fileKey]*waiting{}
		put := func(t *rapid.T) {
			key := fileKey{"r", rapid.SampledFrom([]string{"a", "b", "c", "d"}).Draw(t, "path")}
			w := &waiting{key: key, file: watch.File{LastChange: now}, at: now.Add(time.Duration(rapid.IntRange(0, 3).Draw(t, "rest")))}
			latest[key] = w
			q.put(w)
		}
		take := func(t *rapid.T) {
			w, _, _ := q.take(anyRoom)
			if w == nil {
				return
			}
			if latest[w.key] != w || out[w.key] != nil || w.at.After(now) {
				t.Fatalf("%s was given out wrongly", w.key.Path)
			}
			out[w.key] = w
		}
		end := func(t *rapid.T) {
			for key, w := range out {
				delete(out, key)
				if rapid.Bool().Draw(t, "again") {
					if newer := q.again(w, now.Add(2)); newer != nil {
						q.done(w)
					}
				} else {
					q.done(w)
					if latest[key] == w {
						delete(latest, key)
					}
				}
				return
			}
		}
		t.Repeat(map[string]func(*rapid.T){"put": put, "take": take, "end": end, "tick": func(*rapid.T) { now = now.Add(1) }})
		if q.next(ended, anyRoom) != nil {
			t.Fatal("next gives nothing out when its context has ended")
		}
		for len(out) > 0 {
			for key, w := range out {
				delete(out, key)
				if q.done(w); latest[key] == w {
					delete(latest, key)
				}
			}
		}
		now = now.Add(10)
		for n := len(latest); n > 0; n-- {
			w, _, _ := q.take(anyRoom)
			if w == nil {
				t.Fatalf("%d versions are lost", n)
			}
			q.done(w)
		}
	})
}
