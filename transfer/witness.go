package transfer

import (
	"context"

	"gantry/connectors"
	"gantry/transfer/digest"
)

// A witness has the digests of the source's place, which may take as long as the
// reading: it is asked at its beginning.
type witness struct {
	done   chan struct{}
	theirs connectors.Digests
	stated connectors.Digests // by somebody else
	note   string
}

func (r *run) askWitness(ctx context.Context) *witness {
	v := &witness{done: make(chan struct{}), theirs: connectors.Digests{}}
	hasher, ok := connectors.As[connectors.Hasher](r.job.Source.Place)
	a := r.askable()
	if !ok || a == "" {
		close(v.done)
		return v
	}
	go func() {
		defer close(v.done)
		sums, err := limited(ctx, 0, func(ctx context.Context) (connectors.Digests, error) {
			return hasher.Hash(ctx, r.job.Source.Path, a)
		})
		switch {
		case err != nil:
			v.note = "the source's place was asked for its " + string(a) + ": " + err.Error()
		case sums[a] == "":
			v.note = "the source's place was asked for its " + string(a) + " and gave none"
		default:
			v.theirs[a] = sums[a]
		}
	}()
	return v
}

func (r *run) agrees(ours connectors.Digests, v *witness) bool {
	for _, claims := range []connectors.Digests{v.theirs, v.stated, r.job.Expect, r.digests} {
		if _, equal := ours.Agree(claims); !equal {
			return false
		}
	}
	return true
}

// vouchedBy is the strong digest that both have.
func vouchedBy(ours, theirs connectors.Digests) connectors.Algorithm {
	for _, a := range digest.All() {
		if theirs[a] != "" && ours[a] == theirs[a] && digest.Strong(a) {
			return a
		}
	}
	return ""
}
