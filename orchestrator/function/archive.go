package function

import (
	"context"
	"path"

	"gantry/orchestrator/catalog"
	"gantry/transfer"
	"gantry/transfer/agent/wire"
)

// ArchiveInput is the file to keep, and where.
type ArchiveInput struct {
	Source   Source `json:"source"`
	Location string `json:"location"`
}

// ArchiveOutput is the verified copy.
type ArchiveOutput struct {
	Copy Proved `json:"copy"`
}

func (h *Host) archive() Function {
	return New("archive", "Makes a verified copy of the original, with its manifest, in an archive location.",
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
			folder := path.Join(asset.ArrivedAt.UTC().Format("2006/01"), stem(asset.Name)+"-"+short(asset.ID))
			return out, h.order(ctx, c, from.Site, wire.Order{
				Kind:     catalog.TransferArchive,
				Files:    []wire.OrderFile{{Source: in.Source, Destinations: []wire.PlaceRef{{Location: in.Location, Path: path.Join(folder, asset.Name)}}}},
				Manifest: &wire.OrderManifest{Location: in.Location, Root: folder},
			}, nil)
		})
}

func (h *Host) archived(ctx context.Context, tx catalog.Tx, t catalog.Transfer, receipts []transfer.Receipt) (ArchiveOutput, error) {
	rendition, err := original(ctx, tx.Reader, t.AssetID)
	if err != nil {
		return ArchiveOutput{}, err
	}
	proved, err := h.copies(ctx, tx, t, catalog.CopyArchive, rendition.ID, receipts[:1])
	if err != nil {
		return ArchiveOutput{}, err
	}
	return ArchiveOutput{Copy: proved[0]}, nil
}

// short is the last eight letters of an ID: enough to tell assets of one name
// apart in a folder's name.
func short(id string) string { return id[max(0, len(id)-8):] }
