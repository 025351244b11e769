package main

import (
	"fmt"
	"io"
	"math"
	"path"
	"sync"
	"time"

	"github.com/vbauerster/mpb/v8"
	"github.com/vbauerster/mpb/v8/decor"

	"gantry/transfer"
	"gantry/transfer/steer"
)

// bars shows a bar for each file that takes a while, and one for all.
type bars struct {
	width func() int           // letters of a line
	open  func() *mpb.Progress // at the first use: until then others may write there
	all   *mpb.Bar
	total text // the words beside the bar of all
	files map[string]*fileBar
	seen  map[string]time.Time // when a file was first under way
}

type fileBar struct {
	bar  *mpb.Bar
	size int64
	left text
}

// A text is what a bar's own goroutine shows.
type text struct {
	mu             sync.Mutex
	before, behind string
}

func (t *text) set(before, behind string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.before, t.behind = before, behind
}

func (t *text) options() []mpb.BarOption {
	return []mpb.BarOption{
		mpb.PrependDecorators(decor.Any(func(decor.Statistics) string { t.mu.Lock(); defer t.mu.Unlock(); return t.before }, decor.WCSyncSpaceR)),
		mpb.AppendDecorators(decor.Any(func(decor.Statistics) string { t.mu.Lock(); defer t.mu.Unlock(); return t.behind })),
	}
}

const (
	barWidth = 30                     // letters
	besides  = 32                     // of what stands behind a bar: 43%, 120 MiB/s, ETA 2m10s
	shortest = 12                     // that a name is cut to
	mostBars = 6                      // of files
	patient  = 700 * time.Millisecond // how long a file has to be under way to get a bar
)

func newBars(w io.Writer, width func() int) *bars {
	return &bars{
		width: width,
		open: sync.OnceValue(func() *mpb.Progress {
			return mpb.New(mpb.WithOutput(w), mpb.WithWidth(barWidth), mpb.WithRefreshRate(150*time.Millisecond))
		}),
		files: map[string]*fileBar{}, seen: map[string]time.Time{},
	}
}

func (b *bars) show(s steer.Status) {
	if b.all == nil { // without a total at first: one that has one ends by itself
		b.all = b.open().AddBar(0, append(b.total.options(), mpb.BarPriority(math.MaxInt))...)
	}
	at := s.Done
	if done, verifies := verified(s); verifies { // the bar begins anew
		at = done
	}
	before := amount(s)
	if name := subject(s); name != "" {
		before = middle(name[:len(name)-2], max(b.width()-barWidth-len(before)-besides, shortest)) + ", " + before
	}
	b.total.set(before, cut(shareOf(s, at)+", "+speedOf(s), max(b.width()-len(before)-shortest, besides)))
	b.all.SetTotal(max(s.Bytes, 1, s.Done+1), false)
	b.all.SetCurrent(at) // the bar completes when all is proved
	if s.Files > 1 {
		b.each(s.Running)
	}
}

// each keeps a bar for each of the first files that take a while.
func (b *bars) each(running []transfer.Progress) {
	now, there := time.Now(), map[string]bool{}
	for _, p := range running {
		there[p.Job] = true
		if b.seen[p.Job].IsZero() {
			b.seen[p.Job] = now
		}
		f := b.files[p.Job]
		if f == nil {
			if p.Size == 0 || len(b.files) >= mostBars || now.Sub(b.seen[p.Job]) < patient {
				continue
			}
			f = &fileBar{size: p.Size}
			f.bar = b.open().AddBar(p.Size+1, append(f.left.options(), mpb.BarRemoveOnComplete())...)
			b.files[p.Job] = f
		}
		at := p.Sent
		if p.Phase == transfer.PhaseVerify { // the bar begins anew
			at = proved(p)
		}
		f.left.set(middle(printable(path.Base(p.Source)), max(b.width()-barWidth-besides, shortest)), share(p, at)+", "+paceOf(p))
		f.bar.SetCurrent(min(at, f.size))
	}
	for id := range b.seen {
		if there[id] {
			continue
		}
		delete(b.seen, id)
		if f := b.files[id]; f != nil {
			f.bar.Abort(true)
			delete(b.files, id)
		}
	}
}

// paceOf says how fast a file goes, or what it waits for.
func paceOf(p transfer.Progress) string {
	switch {
	case p.Waiting != "":
		return cut(printable(p.Waiting), besides+shortest)
	case p.Phase != transfer.PhaseSend:
		return p.Phase
	}
	return rate(p.Rate)
}

func (b *bars) note(text string) { fmt.Fprintln(b.open(), text) }

func (b *bars) end(s steer.Status) {
	for _, f := range b.files {
		f.bar.Abort(true)
	}
	if b.all != nil && s.FilesDone == s.Files {
		b.total.set(amount(s), "100%")
		b.all.SetTotal(max(s.Bytes, 1), true)
	} else if b.all != nil {
		b.all.Abort(false)
	}
	b.open().Wait()
}
