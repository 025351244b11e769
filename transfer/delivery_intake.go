package transfer

import (
	"context"

	"gantry/transfer/schedule"
)

// ownShare is for the readings of one destination: what it holds then does not stop
// another.
func (d *delivery) ownShare() *share {
	if d.share == nil {
		d.share = d.r.newShare(endpoint(d.to.Place, d.to.Location, schedule.Write).Name)
	}
	return d.share
}

func (d *delivery) endShare() {
	if d.share != nil {
		d.share.end()
	}
}

// offer hands a part of the pass to the delivery, unless it takes no more.
func (d *delivery) offer(ctx context.Context, p *piece) {
	p.hold()
	d.inHand.Add(1)
	select {
	case d.queue <- p:
	case <-d.left:
		d.drop(p)
	case <-ctx.Done():
		d.drop(p)
	}
}

func (d *delivery) drop(p *piece) {
	d.inHand.Add(-1)
	p.drop()
}

// drain drops the parts that nobody will send, until the pass has ended.
func (d *delivery) drain() {
	for p := range d.queue {
		d.drop(p)
	}
}
