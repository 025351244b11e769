package catalog

import (
	"context"
	"fmt"
	"time"

	"github.com/uptrace/bun"
)

// A Site is a place where people and machines are: a venue, the centre.
type Site struct {
	bun.BaseModel `bun:"table:sites" json:"-"`

	Name  string `bun:"name,pk" json:"name"`
	Title string `bun:"title" json:"title,omitempty"`
}

// A Location is a place for files that belongs to a site.
type Location struct {
	bun.BaseModel `bun:"table:locations" json:"-"`

	Name      string    `bun:"name,pk" json:"name"`
	Site      string    `bun:"site" json:"site"`
	URL       string    `bun:"url" json:"url"` // without secrets
	Tier      string    `bun:"tier" json:"tier,omitempty"`
	UpdatedAt time.Time `bun:"updated_at,nullzero" json:"updatedAt,omitzero"`
}

// PutSite writes a site.
func (t Tx) PutSite(ctx context.Context, s Site) error {
	_, err := t.db.NewInsert().Model(&s).On("CONFLICT (name) DO UPDATE").Set("title = EXCLUDED.title").Exec(ctx)
	if err != nil {
		return fmt.Errorf("write site %s: %w", s.Name, translate(err))
	}
	return nil
}

// PutLocation writes a location.
func (t Tx) PutLocation(ctx context.Context, l Location) error {
	_, err := t.db.NewInsert().Model(&l).On("CONFLICT (name) DO UPDATE").
		Set("site = EXCLUDED.site").Set("url = EXCLUDED.url").Set("tier = EXCLUDED.tier").Set("updated_at = EXCLUDED.updated_at").Exec(ctx)
	if err != nil {
		return fmt.Errorf("write location %s: %w", l.Name, translate(err))
	}
	return nil
}

// Sites lists all sites by name.
func (r Reader) Sites(ctx context.Context) ([]Site, error) {
	return many[Site](ctx, "sites", r, func(q *bun.SelectQuery) *bun.SelectQuery { return q.OrderExpr("name") })
}

// Locations lists the locations of a site, or all for "", by name.
func (r Reader) Locations(ctx context.Context, site string) ([]Location, error) {
	return many[Location](ctx, "locations", r, func(q *bun.SelectQuery) *bun.SelectQuery {
		return equal(q, "site", site).OrderExpr("name")
	})
}

// Location gives the location of a name.
func (r Reader) Location(ctx context.Context, name string) (Location, error) {
	return one[Location](ctx, r, "location", false, "name = ?", name)
}
