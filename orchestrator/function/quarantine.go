package function

import (
	"context"
	"encoding/json"
	"path"

	"gantry/orchestrator/catalog"
	"gantry/orchestrator/media"
	"gantry/orchestrator/resources"
	"gantry/transfer"
	"gantry/transfer/agent/wire"
)

// QuarantineInput is the clip that cannot be used, and why.
type QuarantineInput struct {
	Source   Source          `json:"source"`
	Reason   string          `json:"reason"`
	Findings []media.Finding `json:"findings,omitempty"`
}

// QuarantineOutput is the copy for whoever reworks the clip.
type QuarantineOutput struct {
	Copy Proved `json:"copy"`
}

func (h *Host) quarantine() Function {
	return New("quarantine", "Puts a copy of a clip that cannot be used aside, with a document that says why. The original stays.",
		func(ctx context.Context, c Call, in QuarantineInput) (QuarantineOutput, error) {
			var out QuarantineOutput
			asset, err := h.asset(ctx, c)
			if err != nil {
				return out, err
			}
			from, err := h.place(in.Source.Location)
			if err != nil {
				return out, err
			}
			to, err := h.withRole(resources.RoleQuarantine, from.Site)
			if err != nil {
				return out, err
			}
			in.Source.Digests = asset.Digests
			why, err := json.MarshalIndent(map[string]any{
				"asset": asset.ID, "name": asset.Name, "site": asset.Site, "recordedAt": asset.RecordedAt,
				"reason": in.Reason, "findings": in.Findings,
			}, "", "  ")
			if err != nil {
				return out, err
			}
			folder := stem(asset.Name) + "-" + short(asset.ID)
			file := wire.PlaceRef{Location: to.Name, Path: path.Join(folder, asset.Name)}
			note := wire.PlaceRef{Location: to.Name, Path: path.Join(folder, asset.Name+".reason.json")}
			return out, h.order(ctx, c, from.Site, wire.Order{
				Kind:      catalog.TransferQuarantine,
				Files:     []wire.OrderFile{{Source: in.Source, Destinations: []wire.PlaceRef{file}}},
				Documents: []wire.OrderDocument{{Destinations: []wire.PlaceRef{note}, Content: string(why) + "\n"}},
			}, func(ctx context.Context, tx catalog.Tx, _ string) error {
				_, err := tx.UpdateAsset(ctx, asset.ID, func(a *catalog.Asset) error {
					a.Status, a.Reason, a.UpdatedAt = catalog.AssetQuarantined, in.Reason, h.Now()
					return nil
				})
				return err
			})
		})
}

func (h *Host) quarantined(ctx context.Context, tx catalog.Tx, t catalog.Transfer, receipts []transfer.Receipt) (QuarantineOutput, error) {
	rendition, err := h.ofOriginal(ctx, tx.Reader, t, receipts[0])
	if err != nil {
		return QuarantineOutput{}, err
	}
	proved, err := h.copies(ctx, tx, t, catalog.CopyQuarantine, rendition.ID, receipts[:1])
	if err != nil {
		return QuarantineOutput{}, err
	}
	return QuarantineOutput{Copy: proved[0]}, nil
}
