package transfer

import (
	"context"

	"gantry/connectors"
)

// reconcile compares what the journal says was accepted with what the place says.
// What it claims counts once the source's own digest of the part agrees. A place
// that cannot tell single parts is believed to hold what the journal says.
func (d *delivery) reconcile(ctx context.Context) error {
	ours := d.r.record.Parts[d.target]
	list, err := d.parts(ctx)
	if connectors.KindOf(err) == connectors.KindNotFound {
		return d.lose(ctx)
	}
	if err != nil {
		return err
	}
	believed := d.to.Profile == nil || wrongDigests(*d.to.Profile) == ""
	theirs := map[int]connectors.Part{}
	for _, p := range list {
		theirs[p.Number] = p
	}
	for want := range d.r.plan().All() {
		if want.Number > max(highest(ours), highest(theirs)) {
			break
		}
		p, ok := agreed(want, ours, theirs)
		if _, recorded := ours[want.Number]; ok && (recorded || believed) {
			d.claimed[want.Number] = p
		} else if d.traits.Sequential {
			break
		}
	}
	return nil
}

func agreed(want connectors.Part, ours, theirs map[int]connectors.Part) (connectors.Part, bool) {
	our, recorded := ours[want.Number]
	their, listed := theirs[want.Number]
	recorded = recorded && our.Size == want.Size && our.Offset == want.Offset
	if len(theirs) == 0 {
		return our, recorded
	}
	if !listed || their.Size != want.Size {
		return our, false
	}
	if recorded {
		_, equal := our.Digests.Agree(their.Digests)
		return our, equal && our.ETag == their.ETag
	}
	their.Offset = want.Offset
	return their, len(their.Digests) > 0
}
