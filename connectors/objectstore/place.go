package objectstore

import (
	"context"
	"errors"
	"sync/atomic"
	"time"

	"gantry/connectors"
)

const (
	// MinPart and MaxPart are the limits of S3 for a part, in bytes. The last
	// part of an object may be shorter.
	MinPart = 5 << 20
	MaxPart = 5 << 30

	// MaxParts is the limit of S3 for the parts of an object.
	MaxParts = 10_000

	// SmallSize is the largest object that is sent in one request, in bytes.
	SmallSize = MinPart

	// maxCopy is the largest object that S3 copies in one request.
	maxCopy = 5 << 30
)

// A Config is what a Place has to know beside its wire.
type Config struct {
	URL      string // the location's, for messages
	Bucket   string
	Root     string // prefix of all keys, as CleanRoot gives it
	MaxSize  int64  // bytes of one object
	Checksum Checksum
	Terms    Terms
	Habits   Habits
	Account  string    // who asks, as far as the options say: those that are equal are the same
	Endpoint string    // host that is asked; what is known of its kind is told by it
	Plain    bool      // it is asked without TLS
	Unsigned bool      // there is no access key
	Close    func()    // releases connections; may be nil
	Distance *Distance // may be nil

	Connections int // at once; 0 = no limit
}

// A Place is a bucket, or what lies below a prefix of it.
type Place struct {
	client  Client
	config  Config
	sums    support
	reached atomic.Bool // the bucket is there, and we may ask
	closed  context.Context
	close   context.CancelCauseFunc

	vouches     atomic.Bool // what the store answers to a PUT is what it tells of the object
	badCopySums atomic.Bool // the store's checksums of copied parts are wrong
	noTags      atomic.Bool // the store takes no tags from us
}

var (
	_ connectors.Place       = (*Place)(nil)
	_ connectors.Hasher      = (*Place)(nil)
	_ connectors.Copier      = (*Place)(nil)
	_ connectors.Tierer      = (*Place)(nil)
	_ connectors.Locker      = (*Place)(nil)
	_ connectors.Versioner   = (*Place)(nil)
	_ connectors.Tagger      = (*Place)(nil)
	_ connectors.Describer   = (*Place)(nil)
	_ connectors.Sweeper     = (*Place)(nil)
	_ connectors.DatedPinner = (*Place)(nil)
)

var errClosed = errors.New("the place is closed")

// New makes a place. It asks nothing of the network.
func New(client Client, config Config) *Place {
	p := &Place{client: client, config: config}
	p.sums.init(config.Checksum)
	p.closed, p.close = context.WithCancelCause(context.Background())
	return p
}

// concurrency leaves one connection to the calls in between.
func (c Config) concurrency() int {
	if c.Connections == 0 {
		return 0
	}
	return max(1, c.Connections-1)
}

// Traits states the limits of S3. The digests are promised until an answer of the
// store has shown that it does not do them.
func (p *Place) Traits() connectors.Traits {
	t := connectors.Traits{
		MinPart: MinPart, MaxPart: MaxPart, MaxParts: MaxParts, MaxSize: p.config.MaxSize,
		AtomicCommit: true, EqualParts: p.config.Habits.Equal,
		Concurrency: p.config.concurrency(), Start: p.config.Distance.start(p.config.concurrency()), Unchecked: p.config.Plain,
	}
	if p.sums.wanted() {
		t.PartDigest, t.WholeDigest = connectors.CRC64NVME, connectors.CRC64NVME
	}
	return t
}

// Close ends what is under way.
func (p *Place) Close() error {
	p.close(errClosed)
	if p.config.Close != nil {
		p.config.Close()
	}
	return nil
}

// use gives the context of one call: it ends with ctx, and when the place is
// closed.
func (p *Place) use(ctx context.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancelCause(listening(ctx))
	if p.closed.Err() != nil {
		cancel(errClosed)
	}
	stop := context.AfterFunc(p.closed, func() { cancel(errClosed) })
	return ctx, func() {
		stop()
		cancel(nil)
	}
}

// Prompt implements connectors.Prompt: what is waited for is requests, which end with their
// context.
func (p *Place) Prompt() {}

func (p *Place) now() time.Time {
	if p.config.Terms.Now == nil {
		return time.Now()
	}
	return p.config.Terms.Now()
}

func (p *Place) entry(path string, o Object) connectors.Entry {
	stated, _ := parseStated(o.Stated)
	return connectors.Entry{
		Path: path, Size: o.Size, Version: o.ETag, Digests: digestsOf(o.Sums), Stated: stated,
		// A listing may tell milliseconds, the headers of an object never do.
		ModTime: wholeSecond(o.ModTime),
	}
}
