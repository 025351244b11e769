package agent

import (
	"fmt"
	"time"

	"gantry/connectors"
)

// of tells whether the record is that of a file, by its identity, or by its inode where that is all there is.
func (r growRecord) of(inode uint64, identity string) bool {
	if r.Identity == "" || identity == "" {
		return r.Inode == inode
	}
	return r.Identity == identity
}

// recall finds the record of the recording, or makes one: a restart goes on with what was sent.
func (s *growers) recall(g *grower) (growRecord, error) {
	old, found, err := s.a.keep.growth(g.key)
	if err != nil {
		return old, err
	}
	identity, err := s.identify(g.route, g.file.Path, g.key.Path)
	if err != nil {
		return growRecord{}, err
	}
	if found && old.of(g.file.Inode, identity) {
		if old.Gone.IsZero() {
			return old, nil
		}
		old.Gone = time.Time{} // else it is forgotten while it is sent
		return old, s.a.keep.keepGrowth(g.key, old)
	}
	since := s.a.now().UTC()
	fresh := growRecord{
		ID:   shortID("grown", s.a.site, g.key.Route, g.key.Path, fmt.Sprint(g.file.Inode), fmt.Sprint(since.UnixNano())),
		Path: g.file.Path, Inode: g.file.Inode, Since: since, Identity: identity,
	}
	return fresh, s.a.keep.keepGrowth(g.key, fresh)
}

// identify gives the identity of the file at the first of the paths that has one, "" if there is none, or its place cannot tell.
func (s *growers) identify(r *route, paths ...string) (string, error) {
	place, back, err := s.a.places.borrow(r.ctx, r.plan.from)
	if err != nil {
		return "", err
	}
	defer func() { back(err) }()
	i, ok := connectors.As[connectors.Identifier](place)
	if !ok {
		return "", nil
	}
	for _, path := range paths {
		var identity string
		if identity, err = i.Identity(r.ctx, path); connectors.KindOf(err) != connectors.KindNotFound {
			return identity, err
		}
	}
	return "", nil
}
