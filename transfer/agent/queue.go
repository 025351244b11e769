package agent

import (
	"container/heap"
	"context"
	"strings"
	"sync"
	"time"

	"gantry/transfer/schedule"
	"gantry/transfer/watch"
)

// fileKey names a watched file, whatever its version.
type fileKey struct {
	Route string `json:"route"`
	Path  string `json:"path"`
}

// waiting is a settled version of a file that has not been moved.
type waiting struct {
	key      fileKey
	route    *route
	file     watch.File
	attempts int       // that have failed
	missed   int       // looks in a row that did not find it
	failed   bool      // the hub has been told that it failed, and of nothing since
	shown    bool      // the hub has been shown its move, and not told how it ended
	at       time.Time // not before
	queued   bool      // stands in one of the queue's heaps
	priority schedule.Priority
}

// before orders by priority, and then by the time of settling. Modification times only break ties, for clocks of cameras
// are not believed.
func (w *waiting) before(o *waiting) bool {
	if w.priority != o.priority {
		return w.priority > o.priority
	}
	if c := w.file.LastChange.Compare(o.file.LastChange); c != 0 {
		return c < 0
	}
	if c := w.file.ModTime.Compare(o.file.ModTime); c != 0 {
		return c < 0
	}
	return strings.Compare(w.file.Path, o.file.Path) < 0
}

// queue holds what waits to be moved, oldest first. It gives out one version of a file at a time; a newer one takes
// the place of one that waits. Its methods may be called at once from many goroutines.
type queue struct {
	now func() time.Time

	mu      sync.Mutex
	ready   waitingHeap
	resting waitingHeap          // until their time comes
	latest  map[fileKey]*waiting // what counts; any other item in the heaps is dead
	active  map[fileKey]*waiting // given out
	changed chan struct{}        // closed and renewed when something may have become ready
}

func newQueue(now func() time.Time) *queue {
	return &queue{
		now: now, latest: map[fileKey]*waiting{}, active: map[fileKey]*waiting{}, changed: make(chan struct{}),
		ready:   waitingHeap{less: (*waiting).before},
		resting: waitingHeap{less: func(a, b *waiting) bool { return a.at.Before(b.at) }},
	}
}

// put adds a version, or puts it back with w.at as its earliest time. It gives the one that waited in its place, which
// is not given out any more; nil if there is none, or it is given out now.
func (q *queue) put(w *waiting) (overtaken *waiting) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if before := q.latest[w.key]; before != w && q.active[w.key] != before {
		overtaken = before
	}
	q.latest[w.key] = w
	q.push(w)
	q.wakeAll()
	return overtaken
}

func (q *queue) push(w *waiting) {
	if !w.queued {
		w.queued = true
		heap.Push(&q.resting, w)
	}
}

// next waits for the most urgent and oldest version that may be moved now, and gives it out until done, or until again puts
// it back. room says whether there is any for a priority, and more so for higher ones. It returns nil when ctx ends.
func (q *queue) next(ctx context.Context, room func(schedule.Priority) bool) *waiting {
	for ctx.Err() == nil {
		w, changed, pause := q.take(room)
		if w != nil {
			return w
		}
		rest(ctx, pause, changed)
	}
	return nil
}

func (q *queue) take(room func(schedule.Priority) bool) (*waiting, <-chan struct{}, time.Duration) {
	q.mu.Lock()
	defer q.mu.Unlock()
	now := q.now()
	for q.resting.Len() > 0 && !q.resting.items[0].at.After(now) {
		heap.Push(&q.ready, heap.Pop(&q.resting))
	}
	for q.ready.Len() > 0 && room(q.ready.items[0].priority) {
		w := heap.Pop(&q.ready).(*waiting)
		w.queued = false
		if q.latest[w.key] != w || q.active[w.key] != nil {
			continue // overtaken; or given out again by done
		}
		q.active[w.key] = w
		return w, nil, 0
	}
	pause := time.Minute
	if q.resting.Len() > 0 {
		pause = min(pause, q.resting.items[0].at.Sub(now))
	}
	return nil, q.changed, pause
}

// done takes w out for good.
func (q *queue) done(w *waiting) {
	q.mu.Lock()
	defer q.mu.Unlock()
	delete(q.active, w.key)
	if q.latest[w.key] == w {
		delete(q.latest, w.key)
		return
	}
	q.revive(w.key)
}

// again puts w back until at, or forgets it if its route has gone. If another version has come meanwhile it does nothing
// and returns that one: w stays given out until done.
func (q *queue) again(w *waiting, at time.Time) (newer *waiting) {
	q.mu.Lock()
	defer q.mu.Unlock()
	switch latest := q.latest[w.key]; latest {
	case w:
		delete(q.active, w.key)
		w.at = at
		q.push(w)
		q.wakeAll()
	case nil:
		delete(q.active, w.key)
	default:
		return latest
	}
	return nil
}

// revive puts a version forward that came while an older one was given out.
func (q *queue) revive(key fileKey) {
	if newer := q.latest[key]; newer != nil {
		q.push(newer)
		q.wakeAll()
	}
}

// hurry lets all that rests on a route be tried at once.
func (q *queue) hurry(r *route) {
	q.mu.Lock()
	defer q.mu.Unlock()
	now := q.now()
	for _, w := range q.resting.items {
		if w.route == r && w.at.After(now) {
			w.at = now
		}
	}
	heap.Init(&q.resting)
	q.wakeAll()
}

// press gives what waits the priorities that are wanted now.
func (q *queue) press(priority func(*waiting) schedule.Priority) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for _, w := range q.latest {
		w.priority = priority(w)
	}
	heap.Init(&q.ready)
	q.wakeAll()
}

// find gives the version that counts of a file that suits, and whether it is given out; nil if there is none.
func (q *queue) find(suits func(*waiting) bool) (w *waiting, active bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for key, w := range q.latest {
		if suits(w) {
			return w, q.active[key] == w
		}
	}
	return nil, false
}

// hurryOne lets one that rests be tried at once.
func (q *queue) hurryOne(w *waiting) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if now := q.now(); w.queued && w.at.After(now) {
		w.at = now
		heap.Init(&q.resting)
	}
	q.wakeAll()
}

// look lets who waits for something look again, as when there may be room.
func (q *queue) look() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.wakeAll()
}

// drop forgets all that waits for a route. What is given out stays so until done.
func (q *queue) drop(r *route) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for key, w := range q.latest {
		if w.route == r {
			delete(q.latest, key)
		}
	}
}

// has tells whether a version of a file waits or is given out.
func (q *queue) has(key fileKey) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.latest[key] != nil || q.active[key] != nil
}

// lengths tells how many versions wait, and how many are given out.
func (q *queue) lengths() (wait, active int) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for key, w := range q.latest {
		if q.active[key] != w {
			wait++
		}
	}
	return wait, len(q.active)
}

func (q *queue) wakeAll() {
	close(q.changed)
	q.changed = make(chan struct{})
}

type waitingHeap struct {
	items []*waiting
	less  func(a, b *waiting) bool
}

func (h *waitingHeap) Len() int           { return len(h.items) }
func (h *waitingHeap) Less(i, j int) bool { return h.less(h.items[i], h.items[j]) }
func (h *waitingHeap) Swap(i, j int)      { h.items[i], h.items[j] = h.items[j], h.items[i] }
func (h *waitingHeap) Push(x any)         { h.items = append(h.items, x.(*waiting)) }

func (h *waitingHeap) Pop() any {
	last := len(h.items) - 1
	item := h.items[last]
	h.items[last] = nil
	h.items = h.items[:last]
	return item
}
