package function

import (
	"context"
	"errors"
	"io"
	"maps"
	"slices"

	"gantry/connectors"
	"gantry/transfer/agent/wire"
	"gantry/transfer/digest"
)

// same refuses a file that is not the one that is meant: of another size, or of
// other bytes than its digests say.
func same(ctx context.Context, place connectors.Source, ref wire.FileRef, progress func(Progress)) error {
	entry, err := place.Stat(ctx, ref.Path)
	if err != nil {
		return err
	}
	if ref.Size > 0 && entry.Size != ref.Size {
		return connectors.Errorf(connectors.KindChanged, "read", ref.Location+":"+ref.Path, "it has %d bytes, not %d: somebody has replaced it", entry.Size, ref.Size)
	}
	if len(ref.Digests) == 0 {
		return nil
	}
	r, err := place.Open(ctx, ref.Path, 0, -1)
	if err != nil {
		return err
	}
	counted := &reading{ctx: ctx, Reader: r, report: Progress{Total: float64(entry.Size), Unit: "bytes", Note: ref.Path}, progress: progress}
	sums, _, err := digest.Read(counted, quickest(ref.Digests)...)
	if err = errors.Join(err, r.Close()); err != nil {
		return err
	}
	if _, equal := ref.Digests.Agree(sums); !equal {
		return connectors.Errorf(connectors.KindChanged, "read", ref.Location+":"+ref.Path, "its bytes are not those that its digest stands for: somebody has replaced it")
	}
	return nil
}

// quickest picks the algorithm to compare by.
func quickest(known connectors.Digests) []connectors.Algorithm {
	if _, ok := known[connectors.XXH128]; ok {
		return []connectors.Algorithm{connectors.XXH128}
	}
	return slices.Sorted(maps.Keys(known))
}

// A reading ends with its context and tells how far it is.
type reading struct {
	io.Reader

	ctx      context.Context
	report   Progress
	progress func(Progress)
}

func (r *reading) Read(p []byte) (int, error) {
	if err := r.ctx.Err(); err != nil {
		return 0, err
	}
	n, err := r.Reader.Read(p)
	r.report.Done += float64(n)
	r.progress(r.report)
	return n, err
}
