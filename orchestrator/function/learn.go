package function

import (
	"context"
	"errors"
	"maps"

	"gantry/connectors"
	"gantry/orchestrator/catalog"
	"gantry/transfer"
)

// learn takes the digests of a receipt into the catalogue that it lacks of an asset: a
// recording of which only the edges were compared arrives with no more than its
// crc64nvme, and has the others as soon as it was copied on. That the receipt is of the
// same bytes is told by what both have.
func (h *Host) learn(ctx context.Context, tx catalog.Tx, assetID string, receipt transfer.Receipt) error {
	asset, err := tx.Asset(ctx, assetID)
	if err != nil || receipt.Packed != nil || asset.Size != receipt.Size || !completes(asset.Digests, receipt.Digests) {
		return err
	}
	if _, err := tx.UpdateAsset(ctx, assetID, func(a *catalog.Asset) error {
		a.Digests, a.UpdatedAt = both(a.Digests, receipt.Digests), h.Now()
		return nil
	}); err != nil {
		return err
	}
	rendition, err := original(ctx, tx.Reader, assetID)
	if errors.Is(err, catalog.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	copies, err := tx.Copies(ctx, catalog.CopyFilter{RenditionID: rendition.ID, Page: catalog.Page{Limit: catalog.MaxPage}})
	if err != nil {
		return err
	}
	for _, c := range copies {
		if c.Size != receipt.Size || !completes(c.Digests, receipt.Digests) {
			continue
		}
		c.Digests = both(c.Digests, receipt.Digests)
		if _, err := tx.PutCopy(ctx, c); err != nil {
			return err
		}
	}
	return nil
}

// completes tells whether digests are of the same bytes as others, and more of them.
func completes(known, more connectors.Digests) bool {
	common, equal := known.Agree(more)
	return common > 0 && equal && len(more) > common
}

func both(a, b connectors.Digests) connectors.Digests {
	all := maps.Clone(a)
	maps.Copy(all, b)
	return all
}
