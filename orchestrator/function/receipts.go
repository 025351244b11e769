package function

import (
	"context"
	"errors"
	"path"
	"slices"
	"strings"

	"gantry/connectors"
	"gantry/orchestrator/catalog"
	"gantry/orchestrator/resources"
	"gantry/transfer"
	"gantry/transfer/agent/wire"
)

// proofs are all that there are, the weakest first. Another word proves nothing.
var proofs = []transfer.Proof{transfer.ProofSize, transfer.ProofReadback, transfer.ProofNative}

// covers tells whether the receipts, which come in the order's order, prove every
// copy that was ordered, and the manifest.
func covers(o wire.Order, receipts []transfer.Receipt) error {
	wanted := make([][]wire.PlaceRef, 0, len(o.Files)+len(o.Documents))
	for _, f := range o.Files {
		wanted = append(wanted, f.Destinations)
	}
	for _, d := range o.Documents {
		wanted = append(wanted, d.Destinations)
	}
	for i, places := range wanted {
		for _, place := range places {
			if i >= len(receipts) || !slices.ContainsFunc(receipts[i].Copies, func(c transfer.Copy) bool {
				return c.Location == place.Location && c.Path == place.Path && slices.Contains(proofs, c.Proof)
			}) {
				return unproved(place.Location+":"+place.Path, "no receipt proves this copy")
			}
		}
	}
	if m := o.Manifest; m != nil {
		below := path.Join(m.Root, "ascmhl") + "/"
		if !slices.ContainsFunc(receipts[min(len(wanted), len(receipts)):], func(r transfer.Receipt) bool {
			return slices.ContainsFunc(r.Copies, func(c transfer.Copy) bool {
				return c.Location == m.Location && strings.HasPrefix(c.Path, below) && slices.Contains(proofs, c.Proof)
			})
		}) {
			return unproved(m.Location+":"+below, "no receipt proves the manifest")
		}
	}
	return nil
}

func unproved(where, why string) error {
	return &connectors.Error{
		Kind: connectors.KindInvalid, Op: "take receipts", Path: where, Err: errors.New(why), Remedy: "is the agent of the hub's version?",
	}
}

// A Proved is a file at its destination.
type Proved struct {
	Location string             `json:"location"`
	Path     string             `json:"path"`
	Size     int64              `json:"size"`
	Digests  connectors.Digests `json:"digests"`
	Proof    string             `json:"proof"`
}

// provedBy lists the copies that a receipt proves.
func provedBy(r transfer.Receipt) []Proved {
	proved := make([]Proved, len(r.Copies))
	for i, c := range r.Copies {
		proved[i] = Proved{Location: c.Location, Path: c.Path, Size: r.Size, Digests: r.Digests, Proof: string(c.Proof)}
	}
	return proved
}

// refs names files without their proofs, as steps take them.
func refs(files []Proved) []wire.FileRef {
	named := make([]wire.FileRef, len(files))
	for i, f := range files {
		named[i] = wire.FileRef{Location: f.Location, Path: f.Path, Size: f.Size, Digests: f.Digests}
	}
	return named
}

// weakest names the proof that all files have at least.
func weakest(files []Proved) string {
	for _, proof := range proofs {
		if slices.ContainsFunc(files, func(f Proved) bool { return f.Proof == string(proof) }) {
			return string(proof)
		}
	}
	return ""
}

// copies records every copy of the receipts in the catalogue, for an asset.
func (h *Host) copies(ctx context.Context, tx catalog.Tx, t catalog.Transfer, kind, renditionID string, receipts []transfer.Receipt) ([]Proved, error) {
	set := h.Resources.Current()
	var proved []Proved
	for _, r := range receipts {
		if t.AssetID != "" {
			if err := h.learn(ctx, tx, t.AssetID, r); err != nil {
				return nil, err
			}
		}
		for _, p := range provedBy(r) {
			proved = append(proved, p)
			if t.AssetID == "" {
				continue // the catalogue keeps copies of assets only
			}
			if _, err := tx.PutCopy(ctx, catalog.Copy{
				ID: catalog.NewID(catalog.PrefixCopy, h.Now()), AssetID: t.AssetID, RenditionID: renditionID, Location: p.Location, Path: p.Path, Size: p.Size,
				Digests: p.Digests, Proof: p.Proof, Tier: set.Locations[p.Location].Tier, Kind: kind, VerifiedAt: r.Finished,
			}); err != nil {
				return nil, err
			}
		}
	}
	return proved, nil
}

// ofOriginal gives the asset's rendition as it arrived, if that is what the receipt
// is about: a copy of other bytes is never filed as one of the original.
func (h *Host) ofOriginal(ctx context.Context, r catalog.Reader, t catalog.Transfer, receipt transfer.Receipt) (catalog.Rendition, error) {
	asset, err := r.Asset(ctx, t.AssetID)
	if err != nil {
		return catalog.Rendition{}, err
	}
	if common, equal := asset.Digests.Agree(receipt.Digests); common == 0 || !equal {
		return catalog.Rendition{}, unproved(asset.Name, "the receipt is of other bytes than the original's")
	}
	return original(ctx, r, t.AssetID)
}

// original is the asset's rendition as it arrived.
func original(ctx context.Context, r catalog.Reader, asset string) (catalog.Rendition, error) {
	return r.Rendition(ctx, asset, resources.ProfileOriginal)
}
