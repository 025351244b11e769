package api

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"gantry/orchestrator/catalog"
)

// An AssetView is all that is known of an asset, in one look.
type AssetView struct {
	Asset      catalog.Asset       `json:"asset"`
	Renditions []catalog.Rendition `json:"renditions"`
	Copies     []catalog.Copy      `json:"copies" doc:"the newest 1000"`
	Deliveries []catalog.Delivery  `json:"deliveries" doc:"the newest 1000"`
	Runs       []catalog.Run       `json:"runs" doc:"the newest 1000"`
	Transfers  []catalog.Transfer  `json:"transfers" doc:"the newest 1000"`
}

func (s *server) assets(a huma.API) {
	huma.Register(a, operation(http.MethodGet, "/assets", "list-assets", "Assets", "Lists assets, newest first"),
		func(ctx context.Context, in *struct {
			Status []string `query:"status" enum:"arrived,processing,ready,published,quarantined,failed"`
			Site   string   `query:"site"`
			Name   string   `query:"name" doc:"somewhere in the name"`
			PageQuery
		},
		) (*body[Page[catalog.Asset]], error) {
			rows, err := read(ctx, s, func(ctx context.Context, r catalog.Reader) ([]catalog.Asset, error) {
				return r.Assets(ctx, catalog.AssetFilter{Status: list(in.Status), Site: in.Site, Text: in.Name, Page: in.page()})
			})
			return given(paged(rows, in.PageQuery, func(a catalog.Asset) string { return a.ID }), err)
		})
	huma.Register(a, operation(http.MethodGet, "/assets/{id}", "get-asset", "Assets", "Shows an asset with its renditions, copies, deliveries, runs and transfers"),
		func(ctx context.Context, in *struct {
			ID string `path:"id"`
		},
		) (*body[AssetView], error) {
			view, err := read(ctx, s, func(ctx context.Context, r catalog.Reader) (AssetView, error) { return assetView(ctx, r, in.ID) })
			return given(view, catalog.NotThere(err, "asset", in.ID))
		})
}

func assetView(ctx context.Context, r catalog.Reader, id string) (v AssetView, err error) {
	all := catalog.Page{Limit: catalog.MaxPage}
	if v.Asset, err = r.Asset(ctx, id); err != nil {
		return v, err
	}
	if v.Renditions, err = r.Renditions(ctx, id); err != nil {
		return v, err
	}
	if v.Copies, err = r.Copies(ctx, catalog.CopyFilter{AssetID: id, Page: all}); err != nil {
		return v, err
	}
	if v.Deliveries, err = r.Deliveries(ctx, catalog.DeliveryFilter{AssetID: id, Page: all}); err != nil {
		return v, err
	}
	if v.Runs, err = r.Runs(ctx, catalog.RunFilter{AssetID: id, Page: all}); err != nil {
		return v, err
	}
	v.Transfers, err = r.Transfers(ctx, catalog.TransferFilter{AssetID: id, Page: all})
	return v, err
}

// read runs fn on the catalogue as it is at one moment.
func read[T any](ctx context.Context, s *server, fn func(ctx context.Context, r catalog.Reader) (T, error)) (v T, err error) {
	err = s.Store.Read(ctx, func(ctx context.Context, r catalog.Reader) error {
		v, err = fn(ctx, r)
		return err
	})
	return v, err
}
