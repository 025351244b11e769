package main

import (
	"context"
	"io"
	"maps"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"gantry/connectors"
	"gantry/transfer"
	"gantry/transfer/digest"
)

// compare makes the receipt of a file that the destination holds already, proved
// by digests. It gives nil if there is none, another, or one that cannot be read:
// then the file is sent.
func (m *mover) compare(ctx context.Context, p pair) *transfer.Receipt {
	started := time.Now().UTC()
	there, err := m.to.Stat(ctx, p.Destination)
	if err != nil || there.Size != p.Size {
		return nil
	}
	source, err := m.from.Stat(ctx, p.Source)
	if err != nil || source.Size != p.Size {
		return nil
	}
	want := append(append(m.algorithms(), m.more(p)...), connectors.XXH128, connectors.CRC64NVME)
	plan := transfer.PlanProof(m.destination(p.Destination), transfer.VerifyStrongest, m.algorithms()...)
	var native connectors.Digests
	if plan.Proof == transfer.ProofNative {
		native = m.nativeDigests(ctx, there, append(want, plan.Digest))
	}
	want = append(want, slices.Collect(maps.Keys(native))...)
	proof := transfer.ProofNative
	var ours, theirs connectors.Digests
	reads, ctx := errgroup.WithContext(ctx)
	reads.Go(func() (err error) {
		ours, err = readDigests(ctx, m.from, p.Source, func(n int64) { m.tally.compare(p, n) }, want...)
		return err
	})
	if theirs = native; len(native) == 0 {
		proof = transfer.ProofReadback
		reads.Go(func() (err error) {
			theirs, err = readDigests(ctx, m.to, p.Destination, func(int64) {}, connectors.XXH128)
			return err
		})
	}
	if reads.Wait() != nil {
		return nil
	}
	if common, equal := ours.Agree(theirs); common == 0 || !equal {
		return nil
	}
	expect, err := m.expected(p)
	if _, equal := ours.Agree(expect); err != nil || !equal {
		return nil // the engine refuses it
	}
	by := connectors.XXH128
	if proof == transfer.ProofNative {
		by = slices.MinFunc(slices.Collect(maps.Keys(theirs)), func(a, b connectors.Algorithm) int {
			return slices.Index(digest.All(), a) - slices.Index(digest.All(), b)
		})
	}
	return &transfer.Receipt{
		Job:    copyID(p.Source, p.Destination),
		Source: transfer.ReceiptSource{Location: m.from.label(), Path: p.Source, Entry: source},
		Size:   p.Size, Digests: ours, Started: started, Finished: time.Now().UTC(),
		Copies: []transfer.Copy{{Location: m.to.label(), Path: p.Destination, Entry: there, Proof: proof, ProofDigest: by, ProofReason: "it was there already, with the same digest"}},
		Engine: "gantry " + version,
	}
}

// nativeDigests are those that the destination vouches for without sending bytes, as
// far as they are long enough for a proof.
func (m *mover) nativeDigests(ctx context.Context, there connectors.Entry, want []connectors.Algorithm) connectors.Digests {
	weak := func(a connectors.Algorithm, _ string) bool { return !digest.Strong(a) }
	if stated := maps.Clone(there.Digests); len(stated) > 0 {
		if maps.DeleteFunc(stated, weak); len(stated) > 0 {
			return stated
		}
	}
	if hasher, ok := connectors.As[connectors.Hasher](m.to.Place); ok {
		if digests, err := hasher.Hash(ctx, there.Path, want...); err == nil {
			maps.DeleteFunc(digests, weak)
			return digests
		}
	}
	return nil
}

func readDigests(ctx context.Context, from connectors.Source, path string, read func(int64), want ...connectors.Algorithm) (connectors.Digests, error) {
	r, err := from.Open(ctx, path, 0, -1)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	digests, _, err := digest.Read(&counter{r: r, report: read}, want...)
	return digests, err
}

// A counter reports how much was read so far.
type counter struct {
	r      io.Reader
	n      int64
	report func(int64)
}

func (c *counter) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n += int64(n)
	c.report(c.n)
	return n, err
}
