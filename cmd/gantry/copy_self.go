package main

import (
	"context"

	"gantry/connectors"
)

// eachOrSelf is each, and takes the path for a file's where the place can move
// files and not list them. Its size is not known then, and shown as none.
func (s *spot) eachOrSelf(ctx context.Context, use func(connectors.Entry) error) error {
	err := s.each(ctx, use)
	if _, moves := connectors.As[connectors.Mover](s.Place); !moves || s.path == "" || connectors.KindOf(err) != connectors.KindUnsupported {
		return err
	}
	return use(connectors.Entry{Path: s.path})
}
