package transfer

import (
	"context"
	"slices"
	"sync"

	"gantry/connectors"
)

// readBackStaged is readBack of what is staged. by is the digest by which the parts were
// compared, if it is not that of the whole.
func (d *delivery) readBackStaged(ctx context.Context, staged connectors.Staged) (bad []int, by connectors.Algorithm, err error) {
	_, disk := connectors.As[connectors.OnDisk](d.to.Place)
	parts := d.r.pass.whole.Parts
	if !disk || len(parts) < 2 || slices.ContainsFunc(parts, func(p connectors.Part) bool { return p.Digests[connectors.CRC64NVME] == "" }) {
		bad, err = d.readBack(ctx, staged.OpenStaged)
		return bad, "", err
	}
	d.gauge.enter(PhaseVerify, 0)
	bad, err = d.readBackDisk(ctx, staged, parts)
	return bad, connectors.CRC64NVME, err
}

// readBackDisk compares the parts of a file on a disk of this machine with what was sent.
// Several are read at once, a little of each at a time: that is hashed while the processor
// has it at hand, where whole parts would go out to the memory and come in again. A digest
// of the whole would need them one after the other, and finds nothing that those of all the
// parts do not.
func (d *delivery) readBackDisk(ctx context.Context, staged connectors.Staged, parts []connectors.Part) (bad []int, err error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	todo := make(chan connectors.Part)
	var readers sync.WaitGroup
	var mu sync.Mutex
	for range min(d.r.e.parallel(), mostDiskReaders, len(parts)) {
		readers.Go(func() {
			for p := range todo {
				equal, err := d.sameBackInTheEnd(ctx, staged, p)
				if err != nil {
					cancel(err) // the first one counts
					return
				}
				d.gauge.done.Add(p.Size)
				if !equal {
					mu.Lock()
					bad = append(bad, p.Number)
					mu.Unlock()
				}
			}
		})
	}
	for _, p := range parts {
		select {
		case todo <- p:
			continue
		case <-ctx.Done():
		}
		break
	}
	close(todo)
	readers.Wait()
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	slices.Sort(bad)
	return bad, nil
}

// mostDiskReaders is how many parts are read back from a disk at once, at most: enough for
// one that has to fetch them.
const mostDiskReaders = 4

// sameBackInTheEnd is sameBack that waits where nothing may be read now.
func (d *delivery) sameBackInTheEnd(ctx context.Context, staged connectors.Staged, p connectors.Part) (equal bool, err error) {
	for {
		equal, err := d.sameBack(ctx, staged, p)
		wait, late := waitsLater(err)
		if !late {
			return equal, err
		}
		if err := wait(ctx); err != nil {
			return false, err
		}
	}
}
