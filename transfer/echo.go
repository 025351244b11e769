package transfer

import (
	"context"
	"errors"
	"iter"
	"sync"
	"sync/atomic"

	"gantry/connectors"
	"gantry/transfer/digest"
	"gantry/transfer/schedule"
)

// An echo reads back what is staged while more of it is being sent: a line carries both
// ways at once, and so the proof of a copy costs no second time on the line.
//
// It proves that each part was right when it had arrived. A bit that turns round after
// that, while the rest is sent, it does not see, which a reading after the last part would:
// so it is for long ways only, some parts are read again at the end, and the receipt says
// so. A part that has been accepted is not written again; where one is, because it was
// found wrong or its upload was lost, the echo is not used.
type echo struct {
	stop  context.CancelFunc
	done  chan struct{}
	stale atomic.Bool // a part is sent again

	mu    sync.Mutex
	bytes int64       // that were read
	told  func(int64) // of more of them; nil until somebody waits

	// once done is closed
	set *digest.Set // of all bytes
	err error       // why the echo ended early
}

// soon is how many bytes before the end of a stream the next one is opened: so much as
// arrives meanwhile.
const soon = 4 << 20

// echoStep is how much is read at a time: it is memory beside the budget, of each copy.
const echoStep = 256 << 10

var errDiffers = errors.New("a part is not what was sent")

// echoes tells whether what is sent can be read back meanwhile.
func (d *delivery) echoes() bool {
	_, staged := connectors.As[connectors.Staged](d.upload)
	_, moves := d.upload.(*consignment)
	return staged && !moves && d.traits.OpenStaged && d.to.traits().Far && d.spotted() && d.way.Proof == ProofReadback && d.r.plan().Size > 0 && d.r.plan().Count() > 1
}

// startEcho is for an upload that begins to be sent.
func (d *delivery) startEcho(ctx context.Context) {
	if d.upload == nil || d.patience.Load() > 0 || !d.echoes() {
		return
	}
	set, err := digest.New(connectors.XXH128)
	if err != nil {
		return
	}
	ctx, stop := context.WithCancel(ctx)
	e := &echo{stop: stop, done: make(chan struct{}), set: set}
	d.echo = e
	go func() {
		defer close(e.done)
		e.err = e.run(ctx, d)
	}()
}

// dropEcho is for when something of the upload is going to be written again.
func (d *delivery) dropEcho() {
	if d.echo != nil {
		d.echo.stop()
		<-d.echo.done
		d.echo = nil
	}
}

// heard waits for the echo of the last part. It tells whether all was read back and is
// as it was sent; if not, what was read says nothing.
func (d *delivery) heard(ctx context.Context) bool {
	e := d.echo
	if e == nil {
		return false
	}
	defer d.dropEcho()
	e.mu.Lock()
	d.gauge.enter(PhaseVerify, e.bytes)
	e.told = func(n int64) { d.gauge.done.Add(n) }
	e.mu.Unlock()
	select {
	case <-e.done:
	case <-ctx.Done():
		return false
	}
	if e.err != nil {
		d.r.e.log.InfoContext(ctx, "what was read back while it was sent does not prove the copy, which is read again",
			"job", d.r.job.ID, "location", d.to.Location, "path", d.to.Path, "error", e.err)
		return false
	}
	_, equal := e.set.Sums().Agree(d.r.pass.whole.Digests)
	return equal && !e.stale.Load() && e.set.Size() == d.r.pass.whole.Size
}

// run reads the parts in order, each as soon as it is accepted.
func (e *echo) run(ctx context.Context, d *delivery) error {
	staged, _ := connectors.As[connectors.Staged](d.upload)
	s := scan{what: "read back", path: d.to.Path, open: staged.OpenStaged, note: d.retrier("read back").note, control: d.r.control, flow: d.r.flow(d.to.Place, d.to.Location, schedule.Read), patient: true}
	t := s.tape(ctx)
	defer t.end()
	buffer := make([]byte, echoStep)
	for p := range d.acceptedInOrder(ctx, &t.until) {
		part, err := digest.New(connectors.CRC64NVME)
		if err != nil {
			return err
		}
		for at := int64(0); at < p.Size; {
			piece := buffer[:min(echoStep, p.Size-at)]
			short, err := s.readAll(ctx, d.r.e, t, p.Offset+at, piece, part)
			if err != nil {
				return err
			}
			if short {
				return errDiffers
			}
			e.set.Write(piece)
			e.count(int64(len(piece)))
			at += int64(len(piece))
			if t.until-p.Offset-at <= soon {
				t.ahead(d.acceptedUpTo(p.Number))
			}
		}
		if common, equal := part.Sums().Agree(p.Digests); common == 0 || !equal {
			return errDiffers
		}
	}
	return context.Cause(ctx)
}

func (e *echo) count(n int64) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.bytes += n
	if e.told != nil {
		e.told(n)
	}
}

// acceptedInOrder yields all parts, each once the place has accepted it. until gets the
// offset up to which there is nothing to wait for.
func (d *delivery) acceptedInOrder(ctx context.Context, until *int64) iter.Seq[connectors.Part] {
	return func(yield func(connectors.Part) bool) {
		defer context.AfterFunc(ctx, d.stirred)()
		for number := 1; number <= d.r.plan().Count(); number++ {
			p, ok := d.awaitAccepted(ctx, number)
			if !ok {
				return
			}
			if p.Offset >= *until {
				*until = d.acceptedUpTo(number)
			}
			if !yield(p) {
				return
			}
		}
	}
}

func (d *delivery) awaitAccepted(ctx context.Context, number int) (p connectors.Part, ok bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for ctx.Err() == nil {
		if p, ok = d.accepted[number]; ok {
			return p, true
		}
		d.more.Wait()
	}
	return p, false
}

// acceptedUpTo gives the offset at which the parts end that follow this one, and are
// accepted like it.
func (d *delivery) acceptedUpTo(number int) (end int64) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for p, ok := d.accepted[number]; ok; p, ok = d.accepted[number] {
		end = p.Offset + p.Size
		number++
	}
	return end
}

// stirred wakes who waits for a part to be accepted.
func (d *delivery) stirred() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.more.Broadcast()
}
