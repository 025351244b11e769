package custody

import (
	"bytes"
	"context"
	"errors"
	"path"
	"slices"

	"gantry/connectors"
	"gantry/transfer/manifest/mhl"
)

// An Order tells how the history at one place stands to the one at another.
type Order int

// The orders of two histories.
const (
	Ahead    Order = iota // it goes on from the other one's end, or there is no other
	Same                  // both have the same generations
	Behind                // the other one goes on from its end
	Diverged              // they have parted, or the other one cannot be read
)

// Compare tells how the chain of the history at fromRoot stands to that at toRoot, with the numbers of their generations. It reads the chains alone.
func Compare(ctx context.Context, from connectors.Source, fromRoot string, to connectors.Source, toRoot string) (order Order, here, there int, err error) {
	ours, _, err := links(ctx, from, fromRoot)
	if err != nil {
		return Diverged, 0, 0, err
	}
	theirs, _, err := links(ctx, to, toRoot)
	var broken *Broken
	if errors.As(err, &broken) {
		return Diverged, len(ours), 0, nil
	}
	if err != nil {
		return Diverged, len(ours), 0, err
	}
	common := min(len(ours), len(theirs))
	switch {
	case !slices.EqualFunc(ours[:common], theirs[:common], func(a, b mhl.Link) bool { return a.C4 == b.C4 }):
		order = Diverged
	case len(ours) > len(theirs):
		order = Ahead
	case len(ours) < len(theirs):
		order = Behind
	default:
		order = Same
	}
	return order, len(ours), len(theirs), nil
}

// links reads the chain at root, nil for none.
func links(ctx context.Context, place connectors.Source, root string) ([]mhl.Link, []byte, error) {
	file := path.Join(root, mhl.Folder, mhl.ChainFile)
	chain, err := readSmall(ctx, place, file, mostChain)
	if err != nil || chain == nil {
		return nil, nil, err
	}
	list, err := mhl.ParseChain(bytes.NewReader(chain))
	if err != nil {
		return nil, nil, &Broken{Unreadable, file, err}
	}
	return list, chain, nil
}
