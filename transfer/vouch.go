package transfer

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"gantry/connectors"
	"gantry/transfer/digest"
)

// What is known of the source's content, by others than ourselves: its place states
// digests, or computes one when it is asked; an uploader has left some beside it; the
// job expects some; earlier copies had some. One reading that does not agree with all
// of them is not believed, and made again.

var errDamaged = errors.New("what is read is not what the source's place says it holds, twice")

// cheap digests cost less than to move the bytes: they are computed to be compared
// with those that the source comes with, even if nobody wants them.
var cheap = []connectors.Algorithm{connectors.XXH128, connectors.XXH3, connectors.XXH64, connectors.CRC64NVME, connectors.CRC32C, connectors.CRC32}

// comparable are the digests to be computed for the sake of what the source comes
// with: the cheap ones, and any where the bytes can change on the way unnoticed.
func (r *run) comparable() (list []connectors.Algorithm) {
	unchecked := r.sourceTraits().Unchecked
	theirs, stated := r.claimed()
	for _, claims := range []connectors.Digests{theirs, stated} {
		for a := range claims {
			if unchecked || slices.Contains(cheap, a) {
				list = append(list, a)
			}
		}
	}
	return append(list, r.askable())
}

func (r *run) sourceTraits() connectors.Traits {
	if p, ok := r.job.Source.Place.(interface{ Traits() connectors.Traits }); ok {
		return p.Traits()
	}
	return connectors.Traits{}
}

// askable is the digest that the source's place is asked for: only where nothing
// else would notice what changes on the way, since it has to read the file for it.
func (r *run) askable() connectors.Algorithm {
	traits := r.sourceTraits()
	if _, hashes := connectors.As[connectors.Hasher](r.job.Source.Place); !hashes || !traits.Unchecked || len(r.source.Digests) > 0 {
		return ""
	}
	l := ladder{traits: traits, wanted: r.job.algorithms()}
	if p := r.job.Source.Profile; p != nil {
		l.profile = *p
	}
	a, ok := l.computed()
	if !ok || wrongDigests(l.profile) != "" {
		return ""
	}
	return a
}

// believe compares a reading with all that is known of the source, and reads it once
// more if they differ. Parts that were read wrong are sent again by the deliveries,
// which compare what they have with the whole that it returns.
func (r *run) believe(ctx context.Context, whole connectors.Whole, v *witness) (connectors.Whole, error) {
	select {
	case <-v.done:
	case <-ctx.Done():
		return whole, context.Cause(ctx)
	}
	theirs, stated, err := r.claims(ctx)
	if err != nil {
		return whole, err
	}
	if v.stated = stated; r.told.err != nil {
		v.note = "the source's place was asked what it states of the file: " + r.told.err.Error()
	}
	if p := r.job.Source.Profile; p == nil || wrongDigests(*p) == "" {
		maps.Copy(v.theirs, theirs)
	}
	if v.note != "" {
		r.notes = append(r.notes, v.note)
	}
	if !r.doubted.Load() && r.agrees(whole.Digests, v) {
		r.vouched = vouchedBy(whole.Digests, v.theirs)
		return whole, nil
	}
	if err := r.changed(ctx); err != nil {
		return whole, err
	}
	r.e.log.WarnContext(ctx, "what was read differs from what is known of the source, which is read again", "job", r.job.ID, "path", r.job.Source.Path)
	again, err := r.readAgain(ctx, whole)
	if err != nil {
		return whole, err
	}
	if wrong := differing(whole, again); len(wrong) > 0 {
		r.notes = append(r.notes, "parts were read wrong and read again: "+numbers(wrong))
	}
	for _, claims := range []connectors.Digests{v.theirs, v.stated} {
		if _, equal := again.Digests.Agree(claims); !equal {
			return whole, &connectors.Error{
				Kind: connectors.KindIntegrity, Op: "read", Path: r.job.Source.Path, Err: fmt.Errorf("%w: %v", errDamaged, claims),
				Remedy: "take it from another copy; this one is damaged, or the way to it is",
			}
		}
	}
	r.vouched = vouchedBy(again.Digests, v.theirs)
	return again, nil
}

// readAgain passes over the source a second time, for nothing but the digests that
// the first reading has.
func (r *run) readAgain(ctx context.Context, first connectors.Whole) (connectors.Whole, error) {
	whole := connectors.Whole{Size: first.Size}
	set, err := digest.New(slices.Collect(maps.Keys(first.Digests))...)
	if err != nil {
		return whole, err
	}
	s := r.sourceScan()
	s.parts = r.plan().All()
	s.each = func(_ context.Context, p *piece) error {
		defer p.drop()
		whole.Parts = append(whole.Parts, p.part)
		set.Write(p.data)
		return nil
	}
	err = s.run(ctx, r.e, r.share)
	whole.Digests = set.Sums()
	return whole, err
}

// differing are the numbers of the parts that two readings gave differently.
func differing(a, b connectors.Whole) (list []int) {
	for i, p := range a.Parts {
		if i >= len(b.Parts) {
			break
		}
		if _, equal := p.Digests.Agree(b.Parts[i].Digests); !equal {
			list = append(list, p.Number)
		}
	}
	return list
}

// intact tells whether a part in memory is still what was read.
func (p *piece) intact() bool {
	sums, err := digest.Of(p.data, connectors.CRC64NVME)
	_, equal := sums.Agree(p.part.Digests)
	return err == nil && equal
}
