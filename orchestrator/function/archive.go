package function

import (
	"context"
	"path"
	"slices"

	"gantry/orchestrator/catalog"
	"gantry/transfer"
	"gantry/transfer/agent/wire"
)

// ArchiveInput is the file to keep, and where.
type ArchiveInput struct {
	Source   Source `json:"source"`
	Location string `json:"location"`
	Urgency
}

// ArchiveOutput is the verified copy.
type ArchiveOutput struct {
	Copy Proved `json:"copy"`
}

func (h *Host) archive() Function {
	return New("archive", "Makes a verified copy of the original, with its manifest, in an archive location, once for each location.",
		func(ctx context.Context, c Call, in ArchiveInput) (ArchiveOutput, error) {
			var out ArchiveOutput
			asset, err := h.asset(ctx, c)
			if err != nil {
				return out, err
			}
			if _, err := h.place(in.Location); err != nil {
				return out, err
			}
			from, err := h.place(in.Source.Location)
			if err != nil {
				return out, err
			}
			kept, ok, err := h.archivedAt(ctx, asset, in.Location)
			if err != nil || ok {
				return ArchiveOutput{Copy: kept}, err
			}
			in.Source.Digests = asset.Digests
			folder := path.Join(asset.ArrivedAt.UTC().Format("2006/01"), stem(asset.Name)+"-"+short(asset.ID))
			o := wire.Order{
				Kind:     catalog.TransferArchive,
				Files:    []wire.OrderFile{{Source: in.Source, Destinations: []wire.PlaceRef{{Location: in.Location, Path: path.Join(folder, asset.Name)}}}},
				Manifest: &wire.OrderManifest{Location: in.Location, Root: folder},
			}
			if err := in.press(&o); err != nil {
				return out, err
			}
			return out, h.order(ctx, c, from.Site, o, nil)
		})
}

func (h *Host) archived(ctx context.Context, tx catalog.Tx, t catalog.Transfer, receipts []transfer.Receipt) (ArchiveOutput, error) {
	rendition, err := h.ofOriginal(ctx, tx.Reader, t, receipts[0])
	if err != nil {
		return ArchiveOutput{}, err
	}
	proved, err := h.copies(ctx, tx, t, catalog.CopyArchive, rendition.ID, receipts[:1])
	if err != nil {
		return ArchiveOutput{}, err
	}
	return ArchiveOutput{Copy: proved[0]}, nil
}

// archivedAt finds the copy of the original that an earlier call made and proved.
func (h *Host) archivedAt(ctx context.Context, asset catalog.Asset, location string) (p Proved, ok bool, err error) {
	err = h.Store.Read(ctx, func(ctx context.Context, r catalog.Reader) error {
		rendition, err := original(ctx, r, asset.ID)
		if err != nil {
			return err
		}
		copies, err := r.Copies(ctx, catalog.CopyFilter{RenditionID: rendition.ID, Location: location, Kind: []string{catalog.CopyArchive}, Page: catalog.Page{Limit: 1}})
		if err != nil || len(copies) == 0 {
			return err
		}
		c := copies[0]
		p = Proved{Location: c.Location, Path: c.Path, Size: c.Size, Digests: c.Digests, Proof: c.Proof}
		common, equal := asset.Digests.Agree(c.Digests)
		ok = common > 0 && equal && slices.Contains(proofs, transfer.Proof(c.Proof))
		return nil
	})
	if !ok {
		p = Proved{}
	}
	return p, ok, err
}

// short is the last eight letters of an ID: enough to tell assets of one name
// apart in a folder's name.
func short(id string) string { return id[max(0, len(id)-8):] }
