package main

import (
	"context"

	"gantry/connectors"
)

// eachOrSelf is each, and takes the path for a file's where the place cannot list.
// Where it can move files and not describe them either, the size is not known, and
// shown as none.
func (s *spot) eachOrSelf(ctx context.Context, use func(connectors.Entry) error) error {
	err := s.each(ctx, use)
	if connectors.KindOf(err) == connectors.KindUnsupported && s.path != "" {
		entry, failed := s.patient.Stat(ctx, s.path)
		if kind := connectors.KindOf(failed); kind != connectors.KindUnsupported {
			if failed != nil {
				return failed
			}
			return use(entry)
		}
	}
	if _, moves := connectors.As[connectors.Mover](s.Place); !moves || s.path == "" || connectors.KindOf(err) != connectors.KindUnsupported {
		return err
	}
	return use(connectors.Entry{Path: s.path})
}
