package main

import (
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	"github.com/vbauerster/mpb/v8"
	"github.com/vbauerster/mpb/v8/decor"
	"golang.org/x/term"
)

// A progress shows how far a copy is: a bar on a terminal, a line every five
// seconds elsewhere. It may be used by many goroutines at once.
type progress struct {
	w        io.Writer
	terminal bool

	mu       sync.Mutex
	bars     *mpb.Progress
	bar      *mpb.Bar
	files    int // to do
	ready    int // done
	total    int64
	finished int64            // bytes of files that are done
	under    map[string]int64 // bytes of the files under way
	phase    string
	began    time.Time
	lastLine time.Time
}

const lineEvery = 5 * time.Second

func newProgress(w io.Writer) *progress {
	f, ok := w.(*os.File)
	return &progress{w: w, terminal: ok && term.IsTerminal(int(f.Fd())), under: map[string]int64{}}
}

func (p *progress) start(pairs []pair) {
	p.files = len(pairs)
	for _, each := range pairs {
		p.total += each.Size
	}
	p.began = time.Now()
	p.lastLine = p.began.Add(time.Second - lineEvery) // the first line after a second
	if !p.terminal {
		return
	}
	p.bars = mpb.New(mpb.WithOutput(p.w), mpb.WithWidth(60))
	p.bar = p.bars.AddBar(max(p.total, 1),
		mpb.PrependDecorators(decor.Any(func(decor.Statistics) string { return p.heading() })),
		mpb.AppendDecorators(decor.Any(func(decor.Statistics) string { return p.pace() })),
	)
}

// heading says what is done and what goes on.
func (p *progress) heading() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.amount()
}

func (p *progress) amount() string {
	text := fmt.Sprintf("%s of %s", size(p.sent()), size(p.total))
	if p.files > 1 {
		text = fmt.Sprintf("%d/%d files, %s", p.ready, p.files, text)
	}
	if len(p.under) == 1 {
		text += ", " + p.phase
	}
	return text
}

// pace says how far it is, how fast it goes and how long it will take.
func (p *progress) pace() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return fmt.Sprintf("%d%%, %s", 100*p.sent()/max(p.total, 1), p.speed())
}

func (p *progress) speed() string {
	perSecond := float64(p.sent()) / max(time.Since(p.began).Seconds(), 0.001)
	if perSecond == 0 || p.sent() == p.total {
		return rate(perSecond)
	}
	left := time.Duration(float64(p.total-p.sent()) / perSecond * float64(time.Second))
	return rate(perSecond) + ", ETA " + short(left)
}

func (p *progress) sent() int64 {
	n := p.finished
	for _, bytes := range p.under {
		n += bytes
	}
	return n
}

// report takes how many bytes of a file are through a phase.
func (p *progress) report(file pair, phase string, done int64) {
	p.mu.Lock()
	p.phase = phase
	p.under[file.Destination] = done
	p.mu.Unlock()
	p.show()
}

// end takes a file off what is under way.
func (p *progress) end(file pair, ok bool) {
	p.mu.Lock()
	delete(p.under, file.Destination)
	if ok {
		p.ready++
		p.finished += file.Size
	}
	p.mu.Unlock()
	p.show()
}

func (p *progress) show() {
	p.mu.Lock()
	sent := p.sent()
	if p.bar == nil {
		p.line()
	}
	p.mu.Unlock()
	if p.bar != nil { // without the lock, which the bar's own goroutine takes
		p.bar.SetCurrent(min(sent, max(p.total, 1)-1)) // the bar completes when all is proved
	}
}

func (p *progress) line() {
	if now := time.Now(); now.Sub(p.lastLine) >= lineEvery {
		p.lastLine = now
		fmt.Fprintf(p.w, "%s, %s\n", p.amount(), p.speed())
	}
}

func (p *progress) stop() {
	if p.bar == nil {
		return
	}
	if p.ready == p.files {
		p.bar.SetCurrent(max(p.total, 1))
	} else {
		p.bar.Abort(false)
	}
	p.bars.Wait()
}
