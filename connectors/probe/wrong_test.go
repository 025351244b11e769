package probe_test

import (
	"context"
	"io"
	"testing"

	"gantry/connectors"
)

// An echo states of a file what it was told of it.
type echo struct {
	connectors.Place
	looks bool // at the bytes of parts, as a store should
}

func (e echo) Traits() connectors.Traits {
	t := e.Place.Traits()
	t.PartDigest, t.WholeDigest = connectors.CRC64NVME, connectors.CRC64NVME
	return t
}

func (e echo) Begin(ctx context.Context, path string, o connectors.UploadOptions) (connectors.Upload, error) {
	up, err := e.Place.Begin(ctx, path, o)
	return echoing{up, e.looks}, err
}

type echoing struct {
	connectors.Upload
	looks bool
}

func (u echoing) WritePart(ctx context.Context, p connectors.Part, r io.ReadSeeker) (connectors.Part, error) {
	if u.looks && p.Size == 50_000 {
		return p, connectors.Errorf(connectors.KindIntegrity, "write part", "", "BadDigest")
	}
	p.Digests = nil // the folder inside would look
	return u.Upload.WritePart(ctx, p, r)
}

func (u echoing) Commit(ctx context.Context, w connectors.Whole) (connectors.Entry, error) {
	told := w.Digests
	w.Digests = nil
	entry, err := u.Upload.Commit(ctx, w)
	entry.Digests = connectors.Digests{connectors.CRC64NVME: told[connectors.CRC64NVME]}
	return entry, err
}

func TestAStoreThatRepeatsWhatItWasTold(t *testing.T) {
	for _, looks := range []bool{false, true} {
		p, err := run(t, place(func(p connectors.Place) connectors.Place { return echo{p, looks} }), connectors.Location{URL: "file://" + t.TempDir()})
		want := "readback"
		if looks {
			want = "native crc64nvme"
		}
		if err != nil || p.Proof != want || hasQuirk(p, "echoed-digest") == looks || (p.Can["check digests"] == "yes") != looks {
			t.Errorf("looks %v: %+v, %v", looks, p, err)
		}
	}
}
