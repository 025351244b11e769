package transfer

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"gantry/connectors"
	"gantry/transfer/digest"
)

// evidence is what speaks for a copy. The zero evidence is none.
type evidence struct {
	proof  Proof
	digest connectors.Algorithm
	reason string
}

// natively is the evidence of the place's own digests, whose reason was planned.
func (d *delivery) natively(theirs connectors.Digests, reason string) evidence {
	if a := d.way.Digest; a != "" && theirs[a] != "" && d.r.pass.whole.Digests[a] != "" {
		return evidence{ProofNative, a, reason}
	}
	for _, a := range digest.All() {
		if theirs[a] != "" && d.r.pass.whole.Digests[a] != "" && digest.Strong(a) {
			return evidence{ProofNative, a, reason}
		}
	}
	return evidence{}
}

// compare compares the place's digests with ours. strong tells whether one that they
// have in common is long enough for a proof; even a short one can show a difference.
func (d *delivery) compare(theirs connectors.Digests) (strong, equal bool) {
	ours := d.r.pass.whole.Digests
	_, equal = theirs.Agree(ours)
	for a := range theirs {
		strong = strong || ours[a] != "" && digest.Strong(a)
	}
	return strong, equal
}

// askings is how often a place is asked for a digest when the connection breaks.
const askings = 2

// ask has the place compute digests, by hash. A place that does not, for whatever
// reason, is noted: the next rung of the ladder is climbed down to. KindNotFound is
// the only error, beside the end of ctx.
func (d *delivery) ask(ctx context.Context, hash func(context.Context, ...connectors.Algorithm) (connectors.Digests, error)) (connectors.Digests, error) {
	want := []connectors.Algorithm{d.way.Digest}
	if d.way.Digest == "" {
		want = d.strong()
	}
	d.gauge.enter(PhaseVerify, 0)
	for tries := 1; ; tries++ {
		theirs, err := limited(ctx, 0, func(ctx context.Context) (connectors.Digests, error) { return hash(ctx, want...) })
		switch kind := connectors.KindOf(err); {
		case ctx.Err() != nil:
			return nil, ended(ctx, err)
		case kind == connectors.KindNotFound:
			return nil, err
		case err == nil && len(theirs) == 0:
			d.note("the place was asked for a digest and gave none")
		case err != nil && tries < askings && (kind == connectors.KindUnavailable || kind == connectors.KindTimeout):
			d.noteRetry("hash", err, 0)
			continue
		case err != nil:
			d.note("the place was asked for a digest: " + err.Error())
		}
		return theirs, nil
	}
}

// strong are the digests that we have of the file and that can prove it.
func (d *delivery) strong() (list []connectors.Algorithm) {
	for _, a := range digest.All() {
		if d.r.pass.whole.Digests[a] != "" && digest.Strong(a) {
			list = append(list, a)
		}
	}
	return list
}

// mostNotes bounds what a receipt tells of one copy.
const mostNotes = 20

// note keeps something for the receipt that the reader of it would want to know.
func (d *delivery) note(text string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if len(d.notes) < mostNotes && !slices.Contains(d.notes, text) {
		d.notes = append(d.notes, text)
	}
}

// because gives the reason of a proof by what was planned and by what came of it.
func (d *delivery) because() string {
	if d.way.Proof == ProofReadback || len(d.notes) == 0 {
		return d.way.Reason
	}
	return d.way.Reason + ", which failed (see notes)"
}

// numbers writes a list of parts for people.
func numbers(parts []int) string {
	const most = 10
	words := make([]string, 0, most)
	for _, n := range parts[:min(most, len(parts))] {
		words = append(words, fmt.Sprint(n))
	}
	text := strings.Join(words, ", ")
	if more := len(parts) - most; more > 0 {
		text += fmt.Sprintf(" and %d more", more)
	}
	return text
}
