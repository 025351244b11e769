package function

import (
	"context"

	"gantry/orchestrator/catalog"
	"gantry/transfer"
	"gantry/transfer/agent/wire"
)

// TransferInput is a file and where to copy it.
type TransferInput struct {
	Source Source        `json:"source"`
	To     wire.PlaceRef `json:"to"`
	Urgency
}

// TransferOutput is the verified copy.
type TransferOutput struct {
	Copy Proved `json:"copy"`
}

func (h *Host) transfer() Function {
	return New("transfer", "Copies a file to another location, verified, by an agent that reaches both.",
		func(ctx context.Context, c Call, in TransferInput) (TransferOutput, error) {
			var out TransferOutput
			from, err := h.place(in.Source.Location)
			if err != nil {
				return out, err
			}
			if _, err := h.place(in.To.Location); err != nil {
				return out, err
			}
			o := wire.Order{
				Kind:  catalog.TransferTransfer,
				Files: []wire.OrderFile{{Source: in.Source, Destinations: []wire.PlaceRef{in.To}}},
			}
			if err := in.press(&o); err != nil {
				return out, err
			}
			return out, h.order(ctx, c, from.Site, o, nil)
		})
}

func (h *Host) transferred(ctx context.Context, tx catalog.Tx, t catalog.Transfer, receipts []transfer.Receipt) (TransferOutput, error) {
	proved, err := h.copies(ctx, tx, t, catalog.CopyWork, "", receipts)
	if err != nil {
		return TransferOutput{}, err
	}
	return TransferOutput{Copy: proved[0]}, nil
}
