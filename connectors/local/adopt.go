package local

import (
	"context"
	"os"

	"gantry/connectors"
	"gantry/connectors/local/lease"
	"gantry/connectors/promise"
)

// Left implements connectors.Adopter. A file that somebody has open for writing, as far as
// the system tells, is not among them.
func (p *place) Left(ctx context.Context, path string) (left []connectors.Left, err error) {
	if path, err = promise.CleanPath(path); err != nil {
		return nil, err
	}
	list, err := p.unfinished(ctx)
	if err != nil {
		return nil, err
	}
	root, err := p.openRoot("list uploads of", path)
	if err != nil {
		return nil, err
	}
	defer root.Close()
	for _, u := range list {
		if promise.CheckID(u.ID, path) != nil {
			continue
		}
		f, err := root.Open(promise.StagedPath(u.ID))
		if err != nil {
			continue // it is committed by now, or may not be read
		}
		info, err := f.Stat()
		if writer, told := lease.Writer(f); err == nil && !(writer && told) {
			left = append(left, connectors.Left{ID: u.ID, Size: info.Size(), Written: info.ModTime().UTC()})
		}
		_ = f.Close()
	}
	return left, nil
}

// Claim implements connectors.Adopter.
func (p *place) Claim(ctx context.Context, path, id string) (string, error) {
	path, err := promise.CleanPath(path)
	if err != nil {
		return "", err
	}
	if err := promise.CheckID(id, path); err != nil {
		return "", err
	}
	u := &upload{place: p, id: id, path: path}
	fresh := promise.NewID(path)
	return fresh, u.within(ctx, "claim upload of", func(root *os.Root, staged string) error { return root.Rename(staged, promise.StagedPath(fresh)) })
}
