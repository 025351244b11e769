package probe

import (
	"bytes"
	"context"
	"strings"

	"gantry/connectors"
)

// contradict sends a part with the digest of other bytes. A server that looks at what
// arrives refuses it. One that takes it, and tells the same digest of the whole, repeats
// what it was told: that proves nothing.
func (p *probe) contradict(ctx context.Context) error {
	algorithm := p.traits.WholeDigest
	if algorithm == "" || p.traits.PartDigest != algorithm || p.profile.Proof == "none" {
		return nil
	}
	data, wrong := bytesOf(7, 50_000), digestsOf(bytesOf(8, 50_000))
	told := connectors.Digests{algorithm: wrong[algorithm]}
	upload, err := p.place.Begin(ctx, p.path("contradicted"), connectors.UploadOptions{Size: -1})
	if err != nil {
		return p.can("check digests", err)
	}
	defer upload.Abort(context.WithoutCancel(ctx)) // safe after it was committed
	part, err := upload.WritePart(ctx, connectors.Part{Number: 1, Size: int64(len(data)), Digests: told}, bytes.NewReader(data))
	if err != nil {
		return p.refused(err)
	}
	part.Digests = told
	entry, err := upload.Commit(ctx, connectors.Whole{Parts: []connectors.Part{part}, Size: int64(len(data)), Digests: told})
	switch {
	case err != nil:
		return p.refused(err)
	case entry.Digests[algorithm] == told[algorithm]:
		p.cannot("check digests", "it took a file with the digest of another one")
		p.quirk("echoed-digest", "the %s that it states of a file is the one that it was told, whatever the bytes are: copies are read back", algorithm)
		if strings.HasPrefix(p.profile.Proof, "native ") {
			p.profile.Proof = "readback"
		}
	}
	return nil
}

// refused is what a server should do with a wrong digest, unless it failed for a reason
// that says nothing of it.
func (p *probe) refused(err error) error {
	switch connectors.KindOf(err) {
	case connectors.KindAuth, connectors.KindCanceled, connectors.KindTimeout, connectors.KindUnavailable:
		return err
	}
	return p.can("check digests", nil)
}
