package watch

import (
	"container/heap"
	"time"
)

// dueQueue orders paths by the time at which to look at them. An item may have been overtaken by an earlier one of the
// same path, or its path be gone: the tracker knows which item of a path counts.
type dueQueue struct{ h dueHeap }

type dueItem struct {
	at   time.Time
	path string
}

func (q *dueQueue) push(path string, at time.Time) { heap.Push(&q.h, dueItem{at, path}) }

func (q *dueQueue) len() int { return len(q.h) }

func (q *dueQueue) next() (time.Time, bool) {
	if len(q.h) == 0 {
		return time.Time{}, false
	}
	return q.h[0].at, true
}

// pop takes out the first path, if it is due.
func (q *dueQueue) pop(now time.Time) (dueItem, bool) {
	if len(q.h) == 0 || q.h[0].at.After(now) {
		return dueItem{}, false
	}
	return heap.Pop(&q.h).(dueItem), true
}

type dueHeap []dueItem

func (h dueHeap) Len() int           { return len(h) }
func (h dueHeap) Less(i, j int) bool { return h[i].at.Before(h[j].at) }
func (h dueHeap) Swap(i, j int)      { h[i], h[j] = h[j], h[i] }
func (h *dueHeap) Push(x any)        { *h = append(*h, x.(dueItem)) }

func (h *dueHeap) Pop() any {
	last := len(*h) - 1
	item := (*h)[last]
	(*h)[last] = dueItem{}
	*h = (*h)[:last]
	return item
}
