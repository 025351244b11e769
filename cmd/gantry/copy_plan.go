package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"path"
	"strings"

	"golang.org/x/sync/errgroup"

	"gantry/connectors"
	"gantry/connectors/promise"
	"gantry/transfer"
)

// A pair is one file to copy.
type pair struct {
	Source      string `json:"source"`
	Destination string `json:"destination"`
	Size        int64  `json:"size"`
	Action      string `json:"action,omitempty"` // of a rehearsal: create, replace, compare, rename

	Proof *transfer.ProofPlan `json:"proof,omitempty"` // of a rehearsal: how the copy will be proved

	seen *connectors.Entry // as the listing tells it
}

// plan lists what to copy and where to, and refuses what makes no sense.
func (c *copier) plan(ctx context.Context) ([]pair, error) {
	into, err := c.to.isFolder(ctx)
	if err != nil {
		return nil, err
	}
	var pairs []pair
	err = c.from.eachOrSelf(c.withLeftOut(ctx), func(e connectors.Entry) error {
		if promise.IsMark(e.Path) {
			return nil
		}
		target := c.to.path
		switch {
		case e.Path != c.from.path:
			target = path.Join(target, strings.TrimPrefix(strings.TrimPrefix(e.Path, c.from.path), "/"))
		case into:
			target = path.Join(target, path.Base(e.Path))
		}
		pairs = append(pairs, pair{Source: e.Path, Destination: c.packing.name(e.Path, target), Size: e.Size, seen: &e})
		return nil
	})
	if err != nil {
		return nil, err
	}
	if err := c.checkEnds(ctx, pairs); err != nil {
		return nil, err
	}
	return pairs, c.growth.only(c, pairs)
}

// checkEnds refuses to copy a file onto itself, a folder into itself, and a folder
// onto a file.
func (c *copier) checkEnds(ctx context.Context, pairs []pair) error {
	if len(pairs) == 0 && len(c.leftOut) > 0 {
		return coded(exitFailed, fmt.Errorf("every file of %s was left out because of its name (see above): rename them", printable(c.from.typed)))
	}
	if len(pairs) == 0 {
		return coded(exitNotFound, fmt.Errorf("%s is an empty folder: there is nothing to copy", printable(c.from.typed)))
	}
	from, to := c.from.address(c.from.path), c.to.address(c.to.path)
	first := pairs[0]
	switch {
	case c.from.address(first.Source) == c.to.address(first.Destination):
		return coded(exitUsage, errors.New("source and destination are the same: name another destination"))
	case first.Source == c.from.path:
		return nil
	case strings.HasPrefix(to+"/", strings.TrimSuffix(from, "/")+"/"):
		return coded(exitUsage, errors.New("the destination lies inside the source: name one outside"))
	case c.to.path == "":
		return nil
	}
	_, err := c.to.Stat(ctx, c.to.path)
	if err == nil {
		return coded(exitUsage, fmt.Errorf("%s is a file, and the source is a folder: name a folder", printable(c.to.typed)))
	}
	return nil // what else is wrong shows when it is written to
}

// rehearse says what carryOut would do.
func (c *copier) rehearse(ctx context.Context, pairs []pair) error {
	looks, ctx := errgroup.WithContext(ctx)
	looks.SetLimit(cmp.Or(c.transfers, mostFiles))
	for i := range pairs {
		looks.Go(func() (err error) {
			proof := transfer.PlanProof(c.destination(pairs[i].Destination), transfer.VerifyStrongest, c.algorithms()...)
			pairs[i].Proof = &proof
			pairs[i].Action, err = c.action(ctx, pairs[i])
			if pairs[i].Action == "create" && c.renames() {
				pairs[i].Action = "rename"
				pairs[i].Proof = &transfer.ProofPlan{Proof: transfer.ProofRenamed, Reason: "source and destination seem to be on one storage, which gives the file its new path; if it does not, it is copied"}
			}
			return err
		})
	}
	if err := looks.Wait(); err != nil {
		return err
	}
	plan := rehearsal{DryRun: true, Files: len(pairs), LeftOut: c.leftOut, Results: pairs}
	for _, p := range pairs {
		plan.Bytes += p.Size
	}
	return c.app.print(c.out, plan, func(w io.Writer) error { return planTable(w, pairs) })
}

// A rehearsal is what -o json prints of one. Its fields are those of a copy's report.
type rehearsal struct {
	DryRun  bool      `json:"dryRun"`
	Files   int       `json:"files"`
	Bytes   int64     `json:"bytes"`
	LeftOut []leftOut `json:"leftOut,omitempty"`
	Results []pair    `json:"results"`
}

func (c *copier) action(ctx context.Context, p pair) (string, error) {
	there, err := c.to.Stat(ctx, p.Destination)
	switch {
	case connectors.KindOf(err) == connectors.KindNotFound, err != nil && c.to.Traits().WriteOnly:
		return "create", nil
	case err != nil:
		return "", err
	case there.Size == p.Size && !c.packing.any():
		return "compare", nil
	}
	return "replace", nil
}

// renames tells whether a move tries to give files their new paths where nothing has
// them yet.
func (c *copier) renames() bool {
	if c.move == transfer.Keep || c.packing.any() || c.growth.on {
		return false
	}
	taker, ok := connectors.As[connectors.Taker](c.to.Place)
	return ok && taker.Near(c.from.Place)
}

func planTable(w io.Writer, pairs []pair) error {
	rows := make([][]string, len(pairs))
	total := int64(0)
	for i, p := range pairs {
		total += p.Size
		rows[i] = []string{p.Action, size(p.Size), proofWord(p.Proof.Proof, p.Proof.Digest), p.Source, p.Destination}
	}
	if err := columns(w, "ACTION SIZE PROOF SOURCE DESTINATION", rows); err != nil {
		return err
	}
	if len(pairs) > 0 {
		fmt.Fprintf(w, "Proof: %s, for %s.\n", proofWord(pairs[0].Proof.Proof, pairs[0].Proof.Digest), printable(pairs[0].Proof.Reason))
	}
	_, err := fmt.Fprintf(w, "%s, %s; nothing was copied (--dry-run)\n", count(len(pairs), "file"), size(total))
	return err
}

// proofWord names a proof and the place's digest that is behind it.
func proofWord(proof transfer.Proof, by connectors.Algorithm) string {
	switch {
	case proof == "":
		return "none"
	case proof == transfer.ProofNative && by != "":
		return string(proof) + " " + string(by)
	}
	return string(proof)
}
