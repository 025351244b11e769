package main

import (
	"context"
	"sync"

	"golang.org/x/sync/semaphore"

	"gantry/connectors"
)

const (
	// mostFiles is how many small files are under way at once: enough to fill the
	// pauses between their requests, and no more than servers like.
	mostFiles = 32

	// largeFile is from how many bytes on a file fills a link by its own parts; four
	// of them hide each other's beginnings and ends.
	largeFile  = 64 << 20
	largeFiles = 4
)

// eachFile calls move for each pair, several at once, in the order of the pairs.
func (c *copier) eachFile(pairs []pair, move func(i int)) {
	atOnce, weigh := c.transfers, func(pair) int64 { return 1 }
	if atOnce == 0 {
		atOnce, weigh = mostFiles, weight
		if most := c.most(); most > 0 {
			atOnce = min(atOnce, most)
		}
		if c.moves() {
			atOnce = min(atOnce, largeFiles)
		}
	}
	slots := semaphore.NewWeighted(int64(atOnce))
	queue := make(chan func())
	defer close(queue)
	var running sync.WaitGroup
	for i, p := range pairs {
		n := min(weigh(p), int64(atOnce))
		_ = slots.Acquire(context.Background(), n) // a copy that is stopped ends its files, which give their slots back
		running.Add(1)
		hand(queue, func() {
			defer running.Done()
			defer slots.Release(n)
			move(i)
		})
	}
	running.Wait()
}

// hand gives work to a goroutine that has done some before and is idle, or to a new one:
// those of many small files would spend much of their lives on growing their stacks.
func hand(queue chan func(), work func()) {
	select {
	case queue <- work:
	default:
		go func() {
			work()
			for next := range queue {
				next()
			}
		}()
	}
}

// weight is the share of a file in the slots.
func weight(p pair) int64 {
	if p.Size >= largeFile {
		return mostFiles / largeFiles
	}
	return 1 + p.Size*(mostFiles/largeFiles-1)/largeFile
}

// most is how many calls the two ends can make use of at once; 0 = not known.
func (c *copier) most() int {
	from, to := c.from.Traits().Concurrency, c.to.Traits().Concurrency
	if from == 0 || to > 0 && to < from {
		return to
	}
	return from
}

// moves tells whether one of the ends moves whole files by a program of its own, or
// does not tell how large they are.
func (c *copier) moves() bool {
	_, from := connectors.As[connectors.Mover](c.from.Place)
	_, to := connectors.As[connectors.Mover](c.to.Place)
	return from || to
}
