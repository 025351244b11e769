package ftp

import (
	"context"

	"gantry/connectors"
	"gantry/connectors/ftp/listing"
)

var _ connectors.Foldered = (*place)(nil)

// RemoveFolder implements connectors.Foldered. Servers say in many words why they
// refuse, or not at all: it is looked at to tell. In a drop box nobody can look,
// and the server's word is passed on.
func (p *place) RemoveFolder(ctx context.Context, path string) error {
	path, err := p.clean(path)
	if err != nil {
		return err
	}
	return p.do(ctx, "remove folder", path, func(s *session) error {
		_, err := s.control.must("RMD %s", s.abs(path))
		if codeOf(err) == 0 || p.dropBox {
			return err
		}
		return p.whyNotRemoved(s, path, err)
	})
}

// whyNotRemoved finds out why a server refused to remove a folder.
func (p *place) whyNotRemoved(s *session, path string, refusal error) error {
	const op = "remove folder"
	info, err := p.kind(s, path)
	switch {
	case connectors.KindOf(err) == connectors.KindNotFound:
		return connectors.Errorf(connectors.KindNotFound, op, path, "%w", refusal)
	case err != nil:
		return err
	case info.Kind != listing.Folder:
		return connectors.Errorf(connectors.KindInvalid, op, path, "it is no folder (%s)", info.Kind)
	}
	found, err := p.folder(s, path)
	switch {
	case err != nil && codeOf(err) == 0:
		return err
	case len(found.entries) > 0:
		return connectors.Errorf(connectors.KindExists, op, path, "%q is in it", found.entries[0].Name)
	case len(found.bad) > 0:
		return connectors.Errorf(connectors.KindExists, op, path, "%q is in it", found.bad[0].Name)
	default:
		return unexplained(op, path, refusal)
	}
}
