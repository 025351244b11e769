package transfer

import (
	"context"
	"io"

	"gantry/connectors"
	"gantry/transfer/digest"
)

// readBackHere is readBack of a small file on a disk of this machine: its bytes come from
// the system's memory, and go by no line that anything else waits for. ok is false where
// readBack has to find out by itself what is wrong.
func (d *delivery) readBackHere(ctx context.Context, open func(context.Context, int64, int64) (io.ReadCloser, error)) (right, ok bool) {
	if _, disk := connectors.As[connectors.OnDisk](d.to.Place); !disk || !d.r.once || d.r.plan().Count() != 1 {
		return false, false
	}
	size := d.r.plan().Size
	p, err := d.ownShare().take(ctx, size)
	if err != nil {
		return false, false
	}
	defer p.drop()
	p.hold()
	_, err = limited(ctx, d.r.e.o.Stall, func(ctx context.Context) (struct{}, error) {
		defer p.drop() // not before: a call that hangs still writes to it
		r, err := open(ctx, 0, size)
		if err != nil {
			return struct{}{}, err
		}
		defer r.Close()
		_, err = io.ReadFull(r, p.data)
		return struct{}{}, err
	})
	if err != nil {
		return false, false
	}
	sums, err := digest.Of(p.data, connectors.XXH128, connectors.CRC64NVME)
	if err != nil {
		return false, false
	}
	common, equal := sums.Agree(d.r.pass.whole.Digests)
	d.gauge.done.Add(size)
	return equal && common > 0, true
}
