package agent

import (
	"context"
	"errors"
	"io"
	"path"

	"gantry/connectors"
	"gantry/transfer"
	"gantry/transfer/manifest/mhl"
)

func (d *deed) manifest(ctx context.Context, receipts []transfer.Receipt) ([]transfer.Receipt, error) {
	m := d.order.Manifest
	if m.Root != "" {
		if _, err := connectors.CleanPath(m.Root); err != nil {
			return nil, err
		}
	}
	place, err := d.place(ctx, m.Location)
	if err != nil {
		return nil, err
	}
	unlock, err := d.roots.lock(ctx, placeKey(d.order.Locations[m.Location])+"\x00"+m.Root)
	if err != nil {
		return nil, err
	}
	defer unlock()
	created := m.Created
	if created.IsZero() {
		if created, err = d.stamp(d.order.Key); err != nil {
			return nil, err
		}
	}
	folder := path.Join(m.Root, "ascmhl")
	chain, err := readSmall(ctx, place, path.Join(folder, mhl.ChainFile))
	if err != nil {
		return nil, err
	}
	files := below(writtenBy(receipts), m.Location, m.Root)
	h, err := addGeneration(chain, generation(m.Location, m.Root, created, d.host, d.version, files))
	if err != nil {
		return nil, connectors.Errorf(connectors.KindInvalid, "write manifest", m.Root, "%w", err)
	}
	n := len(d.order.Files) + len(d.order.Documents)
	list, err := d.write(ctx, n, "manifest", h.manifest, []target{{m.Location, path.Join(folder, h.name), place, d.proof(m.Location), d.order.Locations[m.Location].Profile}}, nil)
	if err != nil {
		return nil, err
	}
	// The chain comes last: what it names is there.
	end, err := d.write(ctx, n+1, "chain/"+mhl.C4(h.chain)[:12], h.chain, []target{{m.Location, path.Join(folder, mhl.ChainFile), place, d.proof(m.Location), d.order.Locations[m.Location].Profile}}, nil)
	if err != nil {
		return nil, err
	}
	return []transfer.Receipt{list, end}, nil
}

// readSmall gives nil for a file that is not there.
func readSmall(ctx context.Context, place connectors.Source, path string) ([]byte, error) {
	r, err := place.Open(ctx, path, 0, -1)
	if connectors.KindOf(err) == connectors.KindNotFound {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	data, err := io.ReadAll(io.LimitReader(r, 16<<20))
	return data, errors.Join(err, r.Close())
}

// writtenBy lists the copies of receipts, with the digests of what was read.
func writtenBy(receipts []transfer.Receipt) []written {
	var all []written
	for _, r := range receipts {
		for _, c := range r.Copies {
			all = append(all, written{location: c.Location, path: c.Path, size: r.Size, digests: r.Digests})
		}
	}
	return all
}
