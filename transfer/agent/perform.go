package agent

import (
	"context"
	"errors"
	"fmt"
	"time"

	"golang.org/x/sync/errgroup"

	"gantry/connectors"
	"gantry/connectors/seal"
	"gantry/connectors/wrap/throttle"
	"gantry/transfer"
	"gantry/transfer/agent/wire"
	"gantry/transfer/custody"
	"gantry/transfer/schedule"
)

// filesAtOnce is how many files of one order are moved at the same time.
const filesAtOnce = 4

// performer carries orders out.
type performer struct {
	places  *places
	move    func(context.Context, moveJob) (transfer.Receipt, error)
	stamp   func(key string) (time.Time, error) // the same for the same key, over restarts
	limit   func(schedule.Scope, throttle.Timetable)
	host    string
	version string
	roots   keyedLock // one manifest is added to a root at a time
}

// perform does all that an order asks for: its files, then its documents, then its manifest. Doing it again changes nothing, and
// costs little. report may be called at once from many goroutines.
func (p *performer) perform(ctx context.Context, o wire.Order, report func(transferred)) ([]transfer.Receipt, error) {
	d := &deed{performer: p, order: o, report: report, open: map[string]connectors.Place{}}
	p.limit(schedule.OfRoute(orderScope(o.Key)), o.Bandwidth)
	defer p.limit(schedule.OfRoute(orderScope(o.Key)), throttle.Timetable{})
	receipts, err := d.do(ctx)
	d.giveBack(err)
	if err != nil {
		return nil, err
	}
	return receipts, nil
}

// deed is one order being carried out.
type deed struct {
	*performer
	order  wire.Order
	report func(transferred)

	origins []*origin        // of the files, where the order has a manifest
	target  *custody.History // that the manifest goes on with; nil if there is none

	open  map[string]connectors.Place
	backs []func(error)
}

func (d *deed) do(ctx context.Context) ([]transfer.Receipt, error) {
	if err := errors.Join(d.findOrigins(ctx), d.readTarget(ctx)); err != nil {
		return nil, err
	}
	files, err := d.files(ctx)
	if err != nil {
		return nil, err
	}
	documents, err := d.documents(ctx, files)
	if err != nil {
		return nil, err
	}
	receipts := append(files, documents...)
	if d.order.Manifest == nil {
		return receipts, nil
	}
	manifest, err := d.manifest(ctx, receipts)
	return append(receipts, manifest...), err
}

func (d *deed) files(ctx context.Context) ([]transfer.Receipt, error) {
	jobs := make([]moveJob, len(d.order.Files))
	for n, f := range d.order.Files {
		d.report(transferred{file: n, path: f.Source.Path, total: f.Source.Size})
		jobs[n] = moveJob{
			id: fmt.Sprintf("order/%s/%d", d.order.Key, n), location: f.Source.Location, path: f.Source.Path,
			size: f.Source.Size, progress: d.progress(n, f.Source.Path),
			work: d.order.Key, kind: d.order.Kind, priority: d.order.Priority, deadline: d.order.Deadline, scope: orderScope(d.order.Key),
		}
		var err error
		if jobs[n].expect, err = d.expected(n, f); err != nil {
			return nil, err
		}
		if jobs[n].from, err = d.place(ctx, f.Source.Location); err != nil {
			return nil, err
		}
		if jobs[n].to, err = d.targets(ctx, f.Destinations); err != nil {
			return nil, err
		}
		if jobs[n].pack, err = d.pack(f.Destinations); err != nil {
			return nil, err
		}
	}
	receipts := make([]transfer.Receipt, len(jobs))
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(filesAtOnce)
	for n, job := range jobs {
		group.Go(func() (err error) {
			receipts[n], err = d.move(ctx, job)
			return err
		})
	}
	return receipts, group.Wait()
}

func (d *deed) documents(ctx context.Context, files []transfer.Receipt) ([]transfer.Receipt, error) {
	var receipts []transfer.Receipt
	for i, document := range d.order.Documents {
		to, err := d.targets(ctx, document.Destinations)
		if err != nil {
			return nil, err
		}
		pack, err := d.pack(document.Destinations)
		if err != nil {
			return nil, err
		}
		content, err := wire.FillPending(document.Content, func(n int) string { return xxh128Of(files, n) })
		if err != nil {
			return nil, err
		}
		r, err := d.write(ctx, len(d.order.Files)+i, fmt.Sprintf("document/%d", i), []byte(content), to, pack)
		if err != nil {
			return nil, err
		}
		receipts = append(receipts, r)
	}
	return receipts, nil
}

// xxh128Of is that of file n of the order, as it was before anything was made of it.
func xxh128Of(files []transfer.Receipt, n int) string {
	switch {
	case n < 0 || n >= len(files):
		return ""
	case files[n].Packed != nil:
		return files[n].Packed.Digests[connectors.XXH128]
	default:
		return files[n].Digests[connectors.XXH128]
	}
}

func (d *deed) write(ctx context.Context, n int, name string, content []byte, to []target, pack transfer.Pack) (transfer.Receipt, error) {
	return d.move(ctx, moveJob{
		id: fmt.Sprintf("order/%s/%s", d.order.Key, name), content: content, path: name, to: to, pack: pack, progress: d.progress(n, name),
		work: d.order.Key, kind: d.order.Kind, priority: d.order.Priority, deadline: d.order.Deadline, scope: orderScope(d.order.Key),
	})
}

// pack tells how a file is packed for its destinations, which have to want the same.
func (d *deed) pack(to []wire.PlaceRef) (transfer.Pack, error) {
	var first seal.Seal
	for i, ref := range to {
		s, err := seal.Of(d.order.Locations[ref.Location])
		if err != nil {
			return nil, err
		}
		if i > 0 && s.Recipe() != first.Recipe() {
			return nil, connectors.Errorf(connectors.KindUnsupported, "carry out order", d.order.ID, "%s and %s want a file packed in different ways: order them apart", to[0].Location, ref.Location)
		}
		first = s
	}
	if first.None() {
		return nil, nil
	}
	return first, nil
}

func (d *deed) progress(n int, path string) func(transfer.Progress) {
	return func(p transfer.Progress) { d.report(transferred{file: n, path: path, total: p.Size, now: &p}) }
}

// orderScope is what the bandwidth of an order is limited by: all its files together.
func orderScope(key string) string { return "order " + key }

// proof is what the location asks of a copy.
func (d *deed) proof(location string) transfer.Verify {
	return transfer.Verify(d.order.Locations[location].Proof)
}

func (d *deed) targets(ctx context.Context, refs []wire.PlaceRef) ([]target, error) {
	if len(refs) == 0 {
		return nil, connectors.Errorf(connectors.KindInvalid, "carry out order", d.order.ID, "a file has no destination")
	}
	targets := make([]target, len(refs))
	for i, ref := range refs {
		if _, err := connectors.CleanPath(ref.Path); err != nil {
			return nil, err
		}
		place, err := d.place(ctx, ref.Location)
		if err != nil {
			return nil, err
		}
		targets[i] = target{location: ref.Location, path: ref.Path, place: place, verify: d.proof(ref.Location), profile: d.order.Locations[ref.Location].Profile}
	}
	return targets, nil
}

// place opens a location of the order once.
func (d *deed) place(ctx context.Context, name string) (connectors.Place, error) {
	if p := d.open[name]; p != nil {
		return p, nil
	}
	l, err := locate(d.order.Locations, name)
	if err != nil {
		return nil, err
	}
	place, back, err := d.places.borrow(ctx, seal.Without(l))
	if err != nil {
		return nil, err
	}
	d.open[name] = place
	d.backs = append(d.backs, back)
	return place, nil
}

func (d *deed) giveBack(outcome error) {
	for _, back := range d.backs {
		back(outcome)
	}
}
