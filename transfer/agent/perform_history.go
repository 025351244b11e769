package agent

import (
	"context"
	"fmt"
	"path"

	"gantry/connectors"
	"gantry/transfer/agent/wire"
	"gantry/transfer/custody"
	"gantry/transfer/manifest/mhl"
)

// origin is the history that a file of an order has where it comes from.
type origin struct {
	location, root string
	history        *custody.History
	rel            string // the file's path in it
	packed         bool   // the destination gets other bytes than these
}

func (o *origin) record() *mhl.Record { return o.history.File(o.rel) }

// findOrigins finds the histories of an order's files, nil for a file without one or that its history does not know.
func (d *deed) findOrigins(ctx context.Context) error {
	d.origins = make([]*origin, len(d.order.Files))
	if d.order.Manifest == nil {
		return nil
	}
	type folder struct{ location, path string }
	known := map[folder]*origin{}
	for n, f := range d.order.Files {
		from, err := d.place(ctx, f.Source.Location)
		if err != nil {
			return err
		}
		in := folder{f.Source.Location, path.Dir(f.Source.Path)}
		o, looked := known[in]
		if !looked {
			h, root, err := custody.Above(ctx, from, f.Source.Path)
			if err != nil {
				return historyFault(f.Source.Location, err)
			}
			if h != nil {
				o = &origin{location: f.Source.Location, root: root, history: h}
			}
			known[in] = o
		}
		if o == nil {
			continue
		}
		rel, _ := relative(f.Source.Path, o.root)
		pack, err := d.pack(f.Destinations)
		if err != nil {
			return err
		}
		if own := (&origin{o.location, o.root, o.history, rel, pack != nil}); own.record() != nil {
			d.origins[n] = own
		}
	}
	return nil
}

// historyFault makes an unusable history one of the failures that callers decide on.
func historyFault(location string, err error) error {
	if err == nil {
		return nil
	}
	err = fmt.Errorf("the history in %s: %w", location, err)
	if custody.FaultOf(err) == "" {
		return err
	}
	return &connectors.Error{Kind: connectors.KindIntegrity, Op: "carry on history", Err: err, Remedy: "nothing was sent"}
}

// readTarget reads the history that the order's manifest is to go on with.
func (d *deed) readTarget(ctx context.Context) error {
	m := d.order.Manifest
	if m == nil {
		return nil
	}
	place, err := d.place(ctx, m.Location)
	if err != nil || place.Traits().WriteOnly {
		return err
	}
	d.target, err = custody.At(ctx, place, m.Root, -1)
	return historyFault(m.Location, err)
}

// expected is what file n must be: what the order says, and what the histories of its source and its destination say. A file that is not what
// they say is not sent.
func (d *deed) expected(n int, f wire.OrderFile) (connectors.Digests, error) {
	want := connectors.Digests{}
	for a, sum := range f.Source.Digests {
		want[a] = sum
	}
	add := func(r *mhl.Record, where string) error {
		for a, sum := range custody.Expected(r) {
			if had, ok := want[a]; ok && had != sum {
				return &connectors.Error{
					Kind: connectors.KindIntegrity, Op: "carry on history", Path: f.Source.Path,
					Err:    fmt.Errorf("its %s is to be %s, and its history in %s says %s", a, had, where, sum),
					Remedy: "compare it with another copy; a new version needs a name or a folder of its own",
				}
			}
			want[a] = sum
		}
		return nil
	}
	if o := d.origins[n]; o != nil {
		if err := add(o.record(), o.location+":"+o.root); err != nil {
			return nil, err
		}
	}
	pack, err := d.pack(f.Destinations)
	if err != nil {
		return nil, err
	}
	if m := d.order.Manifest; m != nil && d.target != nil && pack == nil {
		for _, to := range f.Destinations {
			if rel, ok := relative(to.Path, m.Root); ok && to.Location == m.Location {
				if err := add(d.target.File(rel), m.Location+":"+m.Root); err != nil {
					return nil, err
				}
			}
		}
	}
	return want, nil
}
