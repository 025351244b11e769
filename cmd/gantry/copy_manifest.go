package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"gantry/connectors"
	"gantry/transfer/custody"
	"gantry/transfer/manifest/mhl"
)

// A hop is what a copy with --manifest adds to the history of a folder: the histories
// at both ends, as they were before. The zero value adds nothing.
type hop struct {
	on       bool
	from, to *custody.History // nil for none
}

// prepare reads the histories of both ends, and takes their files off the plan: they
// are carried on, and not copied over what the destination has.
func (c *copier) prepareHop(ctx context.Context, pairs []pair) ([]pair, error) {
	if !c.hop.on {
		return pairs, nil
	}
	switch {
	case c.packing.any():
		return nil, coded(exitUsage, errors.New("--manifest is about files as they are: leave out what packs or unpacks them"))
	case c.to.Traits().WriteOnly:
		return nil, coded(exitUsage, errors.New("--manifest needs a destination that can be read: a drop box cannot"))
	case pairs[0].Source == c.from.path:
		return nil, coded(exitUsage, fmt.Errorf("--manifest is about folders, and %s is a file: name the folder that it lies in", printable(c.from.typed)))
	}
	var err error
	if c.hop.from, err = historyAt(ctx, c.from); err != nil {
		return nil, err
	}
	if c.hop.to, err = historyAt(ctx, c.to); err != nil {
		return nil, err
	}
	kept := slices.DeleteFunc(pairs, func(p pair) bool { return custody.IsHistory(beneath(p.Source, c.from.path)) })
	for _, p := range kept {
		if _, err := c.expected(p); err != nil {
			return nil, err
		}
	}
	return kept, nil
}

func historyAt(ctx context.Context, s *spot) (*custody.History, error) {
	h, err := custody.Read(ctx, s.patient, s.path, nil)
	if custody.FaultOf(err) == custody.NoHistory || connectors.KindOf(err) == connectors.KindNotFound {
		return nil, nil
	}
	return h, historyError(err)
}

func beneath(p, root string) string {
	if root == "" {
		return p
	}
	return strings.TrimPrefix(p, root+"/")
}

// expected is what a file must be for the histories of both ends to hold.
func (c *copier) expected(p pair) (connectors.Digests, error) {
	if !c.hop.on {
		return nil, nil
	}
	want := connectors.Digests{}
	for _, h := range []*custody.History{c.hop.from, c.hop.to} {
		if h == nil {
			continue
		}
		owner, rel := h.Owner(beneath(p.Destination, c.to.path))
		for a, sum := range custody.Expected(owner.File(rel)) {
			if had, ok := want[a]; ok && had != sum {
				return nil, connectors.Errorf(connectors.KindIntegrity, "copy", p.Source, "the histories of source and destination disagree on its %s: copy to another folder, or without --manifest", a)
			}
			want[a] = sum
		}
	}
	return want, nil
}

// more are the algorithms that the histories ask for.
func (c *copier) more(p pair) (list []connectors.Algorithm) {
	want, _ := c.expected(p) // checked before
	for a := range want {
		list = append(list, a)
	}
	return list
}

// addHop carries the source's histories on to the destination, and adds the generation
// of this copy. Where all was there before and is recorded, there is nothing to add.
func (c *copier) addHop(ctx context.Context, r *report) ([]custody.Written, error) {
	known := map[string]connectors.Digests{}
	recorded := c.hop.to != nil && r.Present == r.Files
	for f, err := range results(r.spool.lines()) {
		if err != nil {
			return nil, err
		}
		rel := beneath(f.Destination, c.to.path)
		known[rel] = f.Receipt.Digests
		if recorded {
			owner, in := c.hop.to.Owner(rel)
			recorded = owner.File(in) != nil
		}
	}
	if recorded {
		return nil, nil
	}
	if c.hop.from != nil {
		if err := custody.Carry(ctx, c.from.patient, c.from.path, c.to.patient, c.to.path, c.hop.from); err != nil {
			return nil, historyError(err)
		}
	}
	k := &keeper{app: c.app, parallel: 4}
	if err := k.made(); err != nil {
		return nil, err
	}
	added, err := custody.Create(ctx, c.to.patient, c.to.path, custody.CreateOptions{
		Maker: k.maker, Name: c.to.name(), Process: mhl.Transfer, Wait: true, Now: time.Now,
		Known: func(p string) (connectors.Digests, bool) { d, ok := known[p]; return d, ok },
	})
	if err != nil {
		return nil, historyError(err)
	}
	if added.Has(custody.Changed) {
		return added.Written, coded(exitChanged, errors.New("the generation of this copy was added, and files are not what the history says: see `gantry manifest verify`"))
	}
	return added.Written, nil
}
