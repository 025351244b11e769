package ftp

import (
	"context"

	"gantry/connectors"
)

var _ connectors.Taker = (*place)(nil)

// Near implements connectors.Taker, for places that the same login reaches.
func (p *place) Near(other any) bool {
	o, ok := connectors.Innermost(other).(*place)
	return ok && !p.dropBox && !o.dropBox && p.addr() == o.addr() && p.user == o.user && p.tls == o.tls
}

// TakeOver implements connectors.Taker, for files that the same login reaches. FTP
// cannot refuse to replace a file, as it cannot for an exclusive upload.
func (p *place) TakeOver(ctx context.Context, other any, from connectors.Entry, to string) (entry connectors.Entry, err error) {
	if !p.Near(other) {
		return entry, notTaken(from.Path, "it is not on this server")
	}
	source := connectors.Innermost(other).(*place)
	path, err := source.clean(from.Path)
	if err != nil {
		return entry, err
	}
	if to, err = p.clean(to); err != nil {
		return entry, err
	}
	file, err := ask(ctx, source, "rename", path, func(s *session) (string, error) {
		now, err := source.file(s, "rename", path)
		if err == nil && !now.SameVersion(from) {
			err = connectors.Errorf(connectors.KindChanged, "rename", path, "it is another version by now")
		}
		return s.abs(path), err
	})
	if err != nil {
		return entry, err
	}
	return ask(ctx, p, "rename", to, func(s *session) (connectors.Entry, error) {
		if err := p.moveNew(s, file, to); err != nil {
			return entry, err
		}
		entry, err := p.file(s, "rename", to)
		if connectors.KindOf(err) == connectors.KindNotFound { // which would say that it has its old path
			err = connectors.Errorf(connectors.KindUnavailable, "rename", to, "the server does not show it yet: %w", err)
		}
		return entry, err
	})
}

// moveNew renames the file at an absolute path to a path where nothing may be.
func (p *place) moveNew(s *session, file, to string) error {
	length, err := p.length(s, to)
	if err != nil {
		return err
	}
	if length >= 0 {
		return connectors.Errorf(connectors.KindExists, "rename", to, "there is a file already")
	}
	err = p.inFolder(s, to, func() error { return ignoreGood(s.lib.Rename(file, s.abs(to))) })
	if codeOf(err) == 0 {
		return err
	}
	err = s.inTheWay("rename", to, err)
	if kind := connectors.KindOf(err); kind == connectors.KindExists || kind == connectors.KindInvalid || p.isFile(s, to) {
		return err
	}
	return notTaken(to, err.Error())
}

func notTaken(path, why string) error {
	return connectors.Errorf(connectors.KindUnsupported, "rename", path, "the server does not rename it: %s", why)
}
