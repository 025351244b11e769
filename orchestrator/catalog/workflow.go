package catalog

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"time"

	"github.com/uptrace/bun"
	"golang.org/x/mod/semver"
)

// A Workflow is one version of a workflow's document, kept so that a run ends on
// the version that it began with.
type Workflow struct {
	bun.BaseModel `bun:"table:workflows" json:"-"`

	Namespace string    `bun:"namespace,pk" json:"namespace"`
	Name      string    `bun:"name,pk" json:"name"`
	Version   string    `bun:"version,pk" json:"version"`
	Source    string    `bun:"source" json:"source"`
	Digest    string    `bun:"digest" json:"digest"` // SHA-256 of Source
	CreatedAt time.Time `bun:"created_at,nullzero" json:"createdAt,omitzero"`
}

// AddWorkflow keeps a version of a workflow and tells whether it is new. The same
// version with another source is refused with [ErrConflict].
func (t Tx) AddWorkflow(ctx context.Context, w Workflow) (bool, error) {
	sum := sha256.Sum256([]byte(w.Source))
	w.Digest = hex.EncodeToString(sum[:])
	isNew, err := added(t.db.NewInsert().Model(&w).On("CONFLICT (namespace, name, version) DO NOTHING").Exec(ctx))
	if err != nil || isNew {
		return isNew, err
	}
	have, err := t.Workflow(ctx, w.Namespace, w.Name, w.Version)
	if err != nil {
		return false, err
	}
	if have.Digest != w.Digest {
		return false, fmt.Errorf("workflow %s/%s %s: %w: give the changed document a new version", w.Namespace, w.Name, w.Version, ErrConflict)
	}
	return false, nil
}

// Workflow gives a version of a workflow, the newest by semantic versioning
// for "".
func (r Reader) Workflow(ctx context.Context, namespace, name, version string) (Workflow, error) {
	if version != "" {
		return one[Workflow](ctx, r, "workflow", false, "namespace = ? AND name = ? AND version = ?", namespace, name, version)
	}
	versions, err := many[Workflow](ctx, "workflows", r, func(q *bun.SelectQuery) *bun.SelectQuery {
		return q.Column("version").Where("namespace = ? AND name = ?", namespace, name)
	})
	if err != nil {
		return Workflow{}, err
	}
	if len(versions) == 0 {
		return Workflow{}, fmt.Errorf("workflow %s/%s: %w", namespace, name, ErrNotFound)
	}
	newest := slices.MaxFunc(versions, byVersion)
	return r.Workflow(ctx, namespace, name, newest.Version)
}

// Workflows lists all versions of all workflows without their sources, by name and
// newest first.
func (r Reader) Workflows(ctx context.Context) ([]Workflow, error) {
	rows, err := many[Workflow](ctx, "workflows", r, func(q *bun.SelectQuery) *bun.SelectQuery {
		return q.ExcludeColumn("source").OrderExpr("namespace, name")
	})
	slices.SortStableFunc(rows, func(a, b Workflow) int {
		if a.Namespace != b.Namespace || a.Name != b.Name {
			return 0
		}
		return byVersion(b, a)
	})
	return rows, err
}

func byVersion(a, b Workflow) int {
	if c := semver.Compare("v"+a.Version, "v"+b.Version); c != 0 {
		return c
	}
	return a.CreatedAt.Compare(b.CreatedAt)
}
