package function

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"
	"time"

	"gantry/connectors"
	"gantry/orchestrator/catalog"
	"gantry/orchestrator/media"
	"gantry/orchestrator/resources"
	"gantry/transfer/agent/wire"
)

// A parcel is a delivery before it is sent.
type parcel struct {
	asset   catalog.Asset
	site    string
	folder  string
	order   wire.Order
	earlier *catalog.Delivery // it was delivered before
}

func (p parcel) out() (out DeliverOutput) {
	if d := p.earlier; d != nil {
		out = DeliverOutput{Delivery: d.ID, Partner: d.Partner, Location: d.Location, Folder: d.Path}
		_ = json.Unmarshal(d.Receipts, &out.Files) // we wrote it
	}
	return out
}

// parcel gathers the rendition's files and renders the sidecar.
func (h *Host) parcel(ctx context.Context, c Call, partner resources.Partner) (p parcel, err error) {
	p.asset, err = h.asset(ctx, c)
	if err != nil {
		return p, err
	}
	var rendition catalog.Rendition
	var copies []catalog.Copy
	err = h.Store.Read(ctx, func(ctx context.Context, r catalog.Reader) error {
		d, err := r.DeliveryTo(ctx, p.asset.ID, partner.Name)
		if err != nil && !errors.Is(err, catalog.ErrNotFound) {
			return err
		}
		if d.Status == catalog.DeliveryDelivered {
			p.earlier = &d
			return nil
		}
		rendition, err = r.Rendition(ctx, p.asset.ID, partner.Profile)
		if errors.Is(err, catalog.ErrNotFound) {
			return nothingToDeliver(partner, "there is no rendition of that profile")
		}
		if err != nil {
			return err
		}
		copies, err = sources(ctx, r, rendition.ID)
		return err
	})
	if err != nil || p.earlier != nil {
		return p, err
	}
	copies = oneLocation(copies, rendition)
	if len(copies) == 0 {
		return p, nothingToDeliver(partner, "it has no copy to deliver from")
	}
	from, err := h.place(copies[0].Location)
	if err != nil {
		return p, err
	}
	p.site = from.Site
	subject := subjectOf(p.asset, partner, rendition)
	for n, each := range copies {
		rel := strings.TrimPrefix(each.Path, path.Dir(rendition.Path)+"/")
		subject.Files = append(subject.Files, resources.SubjectFile{Path: rel, Size: each.Size, XXH128: cmp.Or(each.Digests[connectors.XXH128], wire.PendingDigest(n))})
		if subject.Asset.Digest == "" && partner.Profile == resources.ProfileOriginal && len(copies) == 1 {
			subject.Asset.Digest = wire.PendingDigest(n)
		}
		p.order.Files = append(p.order.Files, wire.OrderFile{
			Source:       wire.FileRef{Location: each.Location, Path: each.Path, Size: each.Size, Digests: each.Digests},
			Destinations: []wire.PlaceRef{{Location: partner.Location, Path: rel}},
		})
	}
	subject.Asset.Digest = cmp.Or(subject.Asset.Digest, unknown)
	return p, p.address(partner, subject)
}

func nothingToDeliver(partner resources.Partner, why string) *Fault {
	return &Fault{
		Type: "validation", Status: 409, Title: fmt.Sprintf("%s wants the rendition %s, but %s", partner.Name, partner.Profile, why),
		Detail: "let the workflow call transcode with that profile before it delivers",
	}
}

// oneLocation picks the location to deliver from: the one that has the file to open
// first, and if several have, the one that was verified last.
func oneLocation(copies []catalog.Copy, r catalog.Rendition) []catalog.Copy {
	var main catalog.Copy
	for _, c := range copies {
		if c.Path == r.Path && !c.VerifiedAt.Before(main.VerifiedAt) {
			main = c
		}
	}
	return slices.DeleteFunc(copies, func(c catalog.Copy) bool { return c.Location != main.Location })
}

// sources lists the copies that a rendition can be delivered from, by path.
func sources(ctx context.Context, r catalog.Reader, renditionID string) ([]catalog.Copy, error) {
	var all []catalog.Copy
	for after := ""; ; after = all[len(all)-1].ID {
		page, err := r.Copies(ctx, catalog.CopyFilter{
			RenditionID: renditionID, Kind: []string{catalog.CopyHot, catalog.CopyWork},
			Page: catalog.Page{Limit: catalog.MaxPage, After: after},
		})
		if err != nil {
			return nil, err
		}
		all = append(all, page...)
		if len(page) < catalog.MaxPage {
			break
		}
	}
	slices.SortFunc(all, func(a, b catalog.Copy) int { return strings.Compare(a.Path, b.Path) })
	return all, nil
}

// address gives every file of the parcel its place at the partner's.
func (p *parcel) address(partner resources.Partner, subject resources.Subject) (err error) {
	if p.folder, err = partner.Folder(subject); err != nil {
		return &Fault{Type: "configuration", Status: 400, Title: "the folder for " + partner.Name + " cannot be named", Detail: err.Error(), Err: err}
	}
	if wire.HasPending(p.folder) || strings.Contains(p.folder, unknown) {
		return unknownDigest(partner.Name, "the name of its folder")
	}
	for i := range p.order.Files {
		to := &p.order.Files[i].Destinations[0]
		to.Path = path.Join(p.folder, to.Path)
	}
	p.order.Kind = catalog.TransferDeliver
	if partner.Manifest {
		p.order.Manifest = &wire.OrderManifest{Location: partner.Location, Root: p.folder}
	}
	if partner.Sidecar == nil {
		return nil
	}
	name, text, err := partner.Sidecar.Render(subject)
	if err != nil {
		return &Fault{Type: "configuration", Status: 400, Title: "the sidecar of " + partner.Name + " cannot be made", Detail: err.Error(), Err: err}
	}
	switch {
	case wire.HasPending(name), strings.Contains(name, unknown):
		return unknownDigest(partner.Name, "the name of its sidecar")
	case strings.Contains(text, unknown):
		return unknownDigest(partner.Name, "its sidecar")
	}
	note := path.Join(p.folder, name)
	if slices.ContainsFunc(p.order.Files, func(f wire.OrderFile) bool { return f.Destinations[0].Path == note }) {
		return &Fault{Type: "configuration", Status: 400, Title: "the sidecar of " + partner.Name + " has the name of a media file", Detail: fmt.Sprintf("%q: change sidecar.name of the Partner", name)}
	}
	p.order.Documents = []wire.OrderDocument{{
		Destinations: []wire.PlaceRef{{Location: partner.Location, Path: note}}, Content: text,
	}}
	return nil
}

// unknown stands for the xxh128 of an original that is not delivered and that nobody has
// computed yet.
const unknown = "gantry-xxh128-that-is-not-known"

func unknownDigest(partner, where string) *Fault {
	return &Fault{
		Type: "validation", Status: 409, Title: fmt.Sprintf("%s wants the xxh128 of the recording in %s, and it is not known yet", partner, where),
		Detail: "it is known as soon as the recording was copied on: let the workflow archive it before it delivers, or set verify: full in the route's growing",
	}
}

func subjectOf(a catalog.Asset, partner resources.Partner, r catalog.Rendition) resources.Subject {
	var info media.Info
	_ = json.Unmarshal(r.Facts, &info) // we wrote it
	s := resources.Subject{
		Asset: resources.SubjectAsset{
			ID: a.ID, Short: short(a.ID), Name: a.Name, Stem: stem(a.Name), Site: a.Site,
			RecordedAt: a.RecordedAt.UTC().Format(time.RFC3339), Digest: a.Digests["xxh128"],
		},
		Partner: resources.SubjectPartner{Name: partner.Name, Title: partner.Title},
		Profile: r.Profile, Main: path.Base(r.Path), Duration: info.Duration, Audio: len(info.Audio), Timecode: info.Timecode,
	}
	if len(info.Video) > 0 {
		v := info.Video[0]
		s.Video = resources.SubjectVideo{Codec: v.Codec, FrameRate: v.FrameRate, Width: v.Width, Height: v.Height}
	}
	return s
}
