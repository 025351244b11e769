package transfer

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"gantry/connectors"
	"gantry/transfer/docket"
	"gantry/transfer/journal"
	"gantry/transfer/schedule"
)

// A delivery brings the file to one destination.
type delivery struct {
	r      *run
	to     Destination
	target journal.Target
	traits connectors.Traits
	prompt bool // see connectors.Prompt
	gauge  gauge
	way    ProofPlan
	copy   *Copy // the result

	times Times // but for the first byte
	notes []string
	first atomic.Pointer[time.Time] // when the first byte was taken

	queue chan *piece   // the parts of the pass, in order
	left  chan struct{} // closed when the delivery takes no more of them
	leave func()
	idle  sync.WaitGroup // ends when the queue is drained after that

	inHand atomic.Int64 // parts that it was given and has not sent yet
	apart  atomic.Bool  // it follows the reading with one of its own
	share  *share       // see ownShare

	writes *schedule.Flow

	tally     tally
	recess    recess
	beginning atomic.Bool           // it has no upload yet
	lent      atomic.Pointer[piece] // what it holds meanwhile

	upload    connectors.Upload
	record    journal.Upload
	recording func() error // waits until record is in the journal; nil = it is, or need not be
	again     bool         // the upload was taken up from an earlier run, or a commit of it was tried
	filled    bool         // the storage has copied the file into the upload
	lost      bool         // an upload of an earlier run is gone, or not known: the file may be there already
	strange   bool         // nothing but its content says that a file at the path is ours
	unheard   bool         // a commit of this run got no answer: it may have been done

	opened  moment         // when it has an upload, or has failed
	proving sync.WaitGroup // of parts that were accepted before
	ended   chan struct{}  // has something when the recording was found to be finished once more

	mu       sync.Mutex
	proved   map[int]connectors.Part // that were read back, as they were then
	claimed  map[int]connectors.Part // what an earlier run or the place says was accepted
	accepted map[int]connectors.Part
	tried    map[int]bool // sent at least once by this run
	touched  map[int]int  // by number: how often an attempt to send it has begun or ended
	kept     []*piece     // of which the upload has a copy
	astray   astray       // what may arrive yet, though nobody waits for it
	lives    int          // uploads that were given up
	ends     int          // how often the recording was found to be finished
	flying   map[int]bool // on its way now
	resumed  int
	prefix   int        // how many of the first parts are accepted, at least
	more     *sync.Cond // of mu: something was accepted

	docket   *docket.Held // of the upload; nil if there is none
	sought   bool         // uploads that were left were looked for
	adopted  bool         // the upload was left, without a record
	held     int          // parts that it turned out to hold
	patience atomic.Int32 // how many parts are looked for in what is staged, in vain; 0 = none is looked for

	echo *echo // nil unless what is sent is read back meanwhile
}

func newDelivery(r *run, to Destination) *delivery {
	d := &delivery{
		r: r, to: to, target: to.target(), traits: to.traits(), prompt: prompt(to.Place), way: r.planProof(to),
		writes: r.flow(to.Place, to.Location, schedule.Write),
		queue:  make(chan *piece, r.e.parallel()+2), left: make(chan struct{}),
		opened: newMoment(), ended: make(chan struct{}, 1), proved: map[int]connectors.Part{},
		claimed: map[int]connectors.Part{}, accepted: map[int]connectors.Part{}, tried: map[int]bool{},
		touched: map[int]int{}, astray: astray{}, flying: map[int]bool{},
	}
	d.times.Started = d.now()
	d.more = sync.NewCond(&d.mu)
	d.leave = sync.OnceFunc(func() { close(d.left); d.idle.Go(d.drain) })
	return d
}

// errPass says that the delivery ended because the reading did.
var errPass = errors.New("the source was not read to its end")

// run delivers, or says why it cannot. It leaves the upload for the next run.
func (d *delivery) run(ctx context.Context) error {
	defer func() { d.docket.Release() }() // last: until then something may be on its way
	defer d.leave()
	defer d.layDown()
	defer d.letGo()
	defer d.opened.end()
	defer d.recess.end()
	if d.late() {
		d.leave()
		<-d.r.pass.done
		if d.r.pass.err != nil {
			return errPass
		}
	}
	d.beginning.Store(true)
	if err := d.begin(ctx); err != nil {
		return err
	}
	if err := d.reveal(ctx); err != nil {
		return err
	}
	d.beginning.Store(false)
	d.proveClaimed(ctx)
	d.proveAtEnd(ctx)
	d.opened.end()
	d.gauge.enter(d.passes(), 0)
	d.takeOver()
	var err error
	if !d.fill(ctx) {
		d.startEcho(ctx)
		defer d.dropEcho()
		err = d.sendPass(ctx)
	}
	behind := (err == nil && isClosed(d.left) || errors.Is(err, errRepair)) && !d.filled && d.upload != nil && !isClosed(d.r.pass.done)
	d.leave()
	defer d.endShare()
	if behind {
		err = d.follow(ctx)
	}
	if err != nil && !errors.Is(err, errGone) && !errors.Is(err, errRepair) {
		return err
	}
	if errors.Is(err, errGone) {
		d.forsake()
	}
	<-d.r.pass.done
	d.proving.Wait()
	if d.r.pass.err != nil {
		return errPass
	}
	d.takeFilled()
	return d.settle(ctx)
}

func (d *delivery) now() time.Time { return d.r.e.o.Now().UTC() }

// took is told that a byte was taken.
func (d *delivery) took() {
	if d.first.Load() == nil {
		t := d.now()
		d.first.CompareAndSwap(nil, &t)
	}
}

// finish records the copy.
func (d *delivery) finish(entry connectors.Entry, e evidence) error {
	if d.times.Verified.IsZero() {
		d.times.Verified = d.now()
	}
	if first := d.first.Load(); first != nil {
		d.times.FirstByte = *first
	}
	c := Copy{
		Location: d.to.Location, Path: d.to.Path, Entry: entry, Parts: d.r.plan().Count(),
		Proof: e.proof, ProofDigest: e.digest, ProofReason: e.reason, Notes: d.notes, Times: d.times,
		ServerSide: d.filled, Resumed: d.resumed, SentBytes: d.gauge.sent.Load(), Resent: d.gauge.resent.Load(), Retries: int(d.gauge.retries.Load()),
	}
	if d.to.Profile != nil {
		c.Software = d.to.Profile.Software
	}
	if len(d.r.job.Destinations) > 1 {
		d.r.remembered.Store(true)
		if err := d.r.e.journal.Done(d.r.job.ID, d.target, finished{Copy: c, Digests: d.r.pass.whole.Digests}); err != nil {
			return fmt.Errorf("the copy is made, but not in the journal: %w", err)
		}
	}
	d.concealCommitted()
	d.copy = &c
	d.gauge.enter(PhaseDone, d.r.plan().Size)
	return nil
}
