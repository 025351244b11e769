package transfer

import (
	"context"
	"io"
	"iter"
	"maps"
	"sync"
	"time"

	"gantry/connectors"
	"gantry/transfer/digest"
)

// read passes over the source once: it hands each part to the hashes of the whole
// and to the deliveries, and says what the whole is. KindChanged if the source did
// not stay the same, KindIntegrity if it is not what was expected.
func (r *run) read(ctx context.Context) (connectors.Whole, error) {
	closed := sync.OnceFunc(r.closeQueues)
	defer closed()
	whole := connectors.Whole{Size: r.plan().Size, Parts: r.known}
	aside, end := context.WithCancel(ctx)
	witness := r.askWitness(aside)
	s := r.sourceScan()
	s.parts, s.worth = r.unread(), r.somebody
	s.until = oneStream(r.job.Source.Place, r.plan().Size)
	r.askAside(aside)
	defer func() {
		end()
		<-witness.done
		r.told.wait()
	}()
	if r.readInOne() {
		s.algorithms = append(s.algorithms, r.wanted()...)
	}
	var hashes *hashes
	begin := func(ctx context.Context, first *piece) (err error) { // once it is known which are worth it
		if hashes != nil {
			return nil
		}
		if err := r.told.soon(ctx); err != nil {
			return err
		}
		apart := r.wanted()
		if r.readInOne() && first != nil {
			if err := first.fullySummed(apart); err != nil {
				return err
			}
		}
		if r.readInOne() {
			apart = nil
		}
		hashes, err = r.startHashes(apart)
		return err
	}
	s.each = func(ctx context.Context, p *piece) error {
		defer p.drop()
		if err := begin(ctx, p); err != nil {
			return err
		}
		whole.Parts = append(whole.Parts, p.part)
		r.trail.read(p.part)
		r.seen.add(p.part)
		for _, d := range r.deliveries {
			d.offer(ctx, p)
		}
		hashes.take(p)
		r.hashed.Add(p.part.Size)
		return nil
	}
	err := s.run(ctx, r.e, r.share)
	if err == nil {
		err = begin(ctx, nil) // of a file of which no part had to be read
	}
	closed()
	if hashes != nil {
		whole.Digests = hashes.end()
	}
	if err == nil {
		err = r.complete(&whole, s.algorithms)
	}
	if err == nil {
		whole, err = r.believe(ctx, whole, witness)
	}
	if err != nil {
		return connectors.Whole{}, err
	}
	return whole, r.approve(ctx, whole.Digests)
}

// oneStream tells where a stream ends that gives all parts of a file of this size: where
// the place is read best so; 0 otherwise.
func oneStream(place any, size int64) int64 {
	if p, ok := place.(interface{ Traits() connectors.Traits }); ok && p.Traits().OneStream {
		return max(size, 0)
	}
	return 0
}

// complete gives the whole those digests that its parts have.
func (r *run) complete(whole *connectors.Whole, ofParts []connectors.Algorithm) error {
	switch {
	case !r.readInOne():
		sum, err := digest.CombineParts(whole.Parts)
		whole.Digests[connectors.CRC64NVME] = sum
		return err
	case len(whole.Parts) == 0:
		sums, err := digest.Of(nil, ofParts...)
		whole.Digests = sums
		return err
	default:
		maps.Copy(whole.Digests, whole.Parts[0].Digests)
		return nil
	}
}

// unread are the parts that no earlier run has read for good.
func (r *run) unread() iter.Seq[connectors.Part] {
	return func(yield func(connectors.Part) bool) {
		for p := range r.plan().All() {
			if p.Number > len(r.known) && !yield(p) {
				return
			}
		}
	}
}

// closeQueues tells the deliveries that no more parts come.
func (r *run) closeQueues() {
	for _, d := range r.deliveries {
		close(d.queue)
	}
}

// sourceScan reads the source; which parts, and what for, is the caller's.
func (r *run) sourceScan() scan {
	return scan{
		what: "read", path: r.path(), algorithms: r.partAlgorithms(), doubt: r.changed, note: r.noteRetry, control: r.control, flow: r.reads, prompt: prompt(r.job.Source.Place),
		open: func(ctx context.Context, offset, length int64) (io.ReadCloser, error) {
			if r.pinned != nil && (r.source.Version != "" || offset == 0 && length == r.source.Size) {
				stream, err := r.pinned.OpenAs(ctx, r.source, offset, length)
				if telling, ok := stream.(connectors.Telling); ok && err == nil {
					r.told.hear(telling.Tells())
				}
				return stream, err
			}
			r.loose.Store(true)
			return r.openSource(ctx, offset, length)
		},
	}
}

// partAlgorithms are what the places check of each part, and always CRC64NVME,
// which combines into the whole's.
func (r *run) partAlgorithms() []connectors.Algorithm {
	list := []connectors.Algorithm{connectors.CRC64NVME}
	for _, d := range r.deliveries {
		if d.traits.PartDigest != "" {
			list = append(list, d.traits.PartDigest)
		}
		if r.record.Job == nil && r.left(d.to).asMD5(d.traits) {
			list = append(list, connectors.MD5)
		}
	}
	return list
}

func (r *run) noteRetry(err error, pause time.Duration) {
	r.retries.Add(1)
	r.trouble.note(r.e.o.Now(), "read", err, pause)
	r.e.log.Warn("read is retried", "job", r.job.ID, "path", r.job.Source.Path, "pause", pause, "error", err)
}
