package probe

import (
	"context"
	"slices"

	"gantry/connectors"
)

// rename moves a file inside the place, also onto another one.
func (p *probe) rename(ctx context.Context) error {
	renamer, ok := connectors.As[connectors.Renamer](p.place)
	if !ok {
		p.cannot("rename", "the protocol has none")
		return nil
	}
	data := bytesOf(4, 1000)
	from, to := p.path("renamed"), p.path("sub/renamed")
	if _, err := p.put(ctx, from, data, connectors.UploadOptions{}); err != nil {
		return p.can("rename", err)
	}
	err := renamer.Rename(ctx, from, to)
	if err == nil {
		err = p.holds(ctx, to, data, 0, -1)
	}
	if err := p.can("rename", err); err != nil || p.profile.Can["rename"] != "yes" {
		return err
	}
	if _, err = p.put(ctx, from, data[1:], connectors.UploadOptions{}); err == nil {
		err = renamer.Rename(ctx, from, to)
	}
	if err == nil {
		err = p.holds(ctx, to, data[1:], 0, -1)
	}
	return p.can("rename onto a file", err)
}

func (p *probe) copy(ctx context.Context) error {
	copier, ok := connectors.As[connectors.Copier](p.place)
	if !ok {
		p.cannot("copy on the server", "the protocol has none")
		return nil
	}
	data := bytesOf(5, 70_000)
	from, to := p.path("original"), p.path("copied")
	_, err := p.put(ctx, from, data, connectors.UploadOptions{})
	if err == nil {
		_, err = copier.Copy(ctx, from, to)
	}
	if err == nil {
		err = p.holds(ctx, to, data, 0, -1)
	}
	return p.can("copy on the server", err)
}

// hash asks the server for every digest, and checks what it says.
func (p *probe) hash(ctx context.Context) error {
	hasher, ok := connectors.As[connectors.Hasher](p.place)
	if !ok {
		p.cannot("digests on demand", "the protocol has none")
		return nil
	}
	if s, ok := connectors.As[connectors.Surveyor](p.place); ok {
		missing := s.Survey(ctx, -1)
		if err := p.learned(ctx); err != nil || missing != "" {
			p.cannot("digests on demand", "%s", missing)
			return err
		}
	}
	data := bytesOf(6, max(70_000, p.place.Traits().ComputesFrom))
	path := p.path("hashed")
	if _, err := p.put(ctx, path, data, connectors.UploadOptions{}); err != nil {
		return p.can("digests on demand", err)
	}
	digests, err := hasher.Hash(ctx, path, strongest...)
	if err == nil && len(digests) == 0 {
		p.cannot("digests on demand", "the server offers none")
		return nil
	}
	if err == nil && p.profile.Proof != "none" {
		p.vouched(digests, data)
	}
	if err := p.can("digests on demand", err); err != nil || p.profile.Can["digests on demand"] != "yes" {
		return err
	}
	for _, algorithm := range strongest {
		if _, ok := digests[algorithm]; ok && !slices.Contains(p.profile.Features, "digest "+string(algorithm)) {
			p.profile.Features = append(p.profile.Features, "digest "+string(algorithm))
		}
	}
	return nil
}
