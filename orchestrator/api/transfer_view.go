package api

import (
	"context"
	"encoding/json"
	"fmt"
	"path"

	"gantry/orchestrator/catalog"
	"gantry/transfer"
	"gantry/transfer/agent/wire"
)

// A TransferView is a transfer with what people know it by.
type TransferView struct {
	catalog.Transfer
	Name        string `json:"name,omitempty" doc:"of the asset, else of the file"`
	Source      string `json:"source,omitempty" doc:"LOCATION:PATH of what is moved; of several files, the first and how many more"`
	Destination string `json:"destination,omitempty" doc:"LOCATION:PATH, likewise"`
}

// described adds names and ends to rows.
func described(ctx context.Context, r catalog.Reader, rows []catalog.Transfer) ([]TransferView, error) {
	var ids []string
	for _, t := range rows {
		if t.AssetID != "" {
			ids = append(ids, t.AssetID)
		}
	}
	names, err := r.AssetNames(ctx, ids)
	if err != nil {
		return nil, err
	}
	list := make([]TransferView, len(rows))
	for i, t := range rows {
		list[i] = describe(t, names[t.AssetID])
	}
	return list, nil
}

func describe(t catalog.Transfer, asset string) TransferView {
	d := TransferView{Transfer: t, Name: asset}
	if t.Kind == catalog.TransferIngest {
		d.arrival()
	} else {
		d.order()
	}
	return d
}

// arrival reads an agent's own move: where it goes to shows once it has begun.
func (d *TransferView) arrival() {
	var spec struct{ From, To, Path string }
	if json.Unmarshal(d.Spec, &spec) != nil || spec.Path == "" {
		return
	}
	if d.Name == "" {
		d.Name = path.Base(spec.Path)
	}
	d.Source, d.Destination = place(spec.From, spec.Path), place(spec.To, "")
	var receipts []transfer.Receipt
	var moving wire.Moving
	switch {
	case json.Unmarshal(d.Receipts, &receipts) == nil && len(receipts) > 0 && len(receipts[0].Copies) > 0:
		c := receipts[0].Copies
		d.Destination = several(place(c[0].Location, c[0].Path), len(c))
	case json.Unmarshal(d.Progress, &moving) == nil && len(moving.Running) > 0 && len(moving.Running[0].Destinations) > 0:
		to := moving.Running[0].Destinations
		d.Destination = several(place(to[0].Location, to[0].Path), len(to))
	}
}

func (d *TransferView) order() {
	var o wire.Order
	if json.Unmarshal(d.Spec, &o) != nil || len(o.Files) == 0 {
		return
	}
	first := o.Files[0]
	if d.Name == "" {
		d.Name = path.Base(first.Source.Path)
	}
	d.Source = several(place(first.Source.Location, first.Source.Path), len(o.Files))
	if to := first.Destinations; len(to) > 0 {
		d.Destination = several(place(to[0].Location, to[0].Path), len(to))
	}
}

func place(location, path string) string {
	if location == "" {
		return path
	}
	return location + ":" + path
}

// several names the first of n.
func several(first string, n int) string {
	if n > 1 {
		return fmt.Sprintf("%s and %d more", first, n-1)
	}
	return first
}
