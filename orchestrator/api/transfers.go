package api

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"gantry/orchestrator/catalog"
)

func (s *server) transfers(a huma.API) {
	huma.Register(a, operation(http.MethodGet, "/transfers", "list-transfers", "Transfers", "Lists transfers, newest first"),
		func(ctx context.Context, in *struct {
			Status []string `query:"status" enum:"queued,leased,moving,done,failed,cancelled"`
			Kind   []string `query:"kind" enum:"ingest,transfer,deliver,archive,quarantine"`
			Asset  string   `query:"asset"`
			Run    string   `query:"run"`
			PageQuery
		},
		) (*body[Page[TransferView]], error) {
			rows, err := read(ctx, s, func(ctx context.Context, r catalog.Reader) ([]TransferView, error) {
				rows, err := r.Transfers(ctx, catalog.TransferFilter{Status: list(in.Status), Kind: list(in.Kind), AssetID: in.Asset, RunID: in.Run, Page: in.page()})
				if err != nil {
					return nil, err
				}
				return described(ctx, r, rows)
			})
			return given(paged(rows, in.PageQuery, func(t TransferView) string { return t.ID }), err)
		})
	huma.Register(a, operation(http.MethodGet, "/transfers/{id}", "get-transfer", "Transfers", "Shows a transfer with its order and its receipts"),
		func(ctx context.Context, in *struct {
			ID string `path:"id"`
		},
		) (*body[TransferView], error) {
			row, err := read(ctx, s, func(ctx context.Context, r catalog.Reader) (t TransferView, err error) {
				row, err := r.Transfer(ctx, in.ID)
				if err != nil {
					return t, err
				}
				rows, err := described(ctx, r, []catalog.Transfer{row})
				if err != nil {
					return t, err
				}
				return rows[0], nil
			})
			return given(row, catalog.NotThere(err, "transfer", in.ID))
		})
	s.steer(a)
}

func (s *server) deliveries(a huma.API) {
	huma.Register(a, operation(http.MethodGet, "/deliveries", "list-deliveries", "Deliveries", "Lists deliveries, newest first"),
		func(ctx context.Context, in *struct {
			Status  []string `query:"status" enum:"pending,delivered,failed"`
			Asset   string   `query:"asset"`
			Partner string   `query:"partner"`
			PageQuery
		},
		) (*body[Page[catalog.Delivery]], error) {
			rows, err := read(ctx, s, func(ctx context.Context, r catalog.Reader) ([]catalog.Delivery, error) {
				return r.Deliveries(ctx, catalog.DeliveryFilter{Status: list(in.Status), AssetID: in.Asset, Partner: in.Partner, Page: in.page()})
			})
			return given(paged(rows, in.PageQuery, func(d catalog.Delivery) string { return d.ID }), err)
		})
	huma.Register(a, operation(http.MethodGet, "/deliveries/{id}", "get-delivery", "Deliveries", "Shows a delivery with the proof of each file"),
		func(ctx context.Context, in *struct {
			ID string `path:"id"`
		},
		) (*body[catalog.Delivery], error) {
			row, err := read(ctx, s, func(ctx context.Context, r catalog.Reader) (catalog.Delivery, error) { return r.Delivery(ctx, in.ID) })
			return given(row, catalog.NotThere(err, "delivery", in.ID))
		})
}
