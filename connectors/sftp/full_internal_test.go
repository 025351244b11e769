package sftp

import (
	"bytes"
	"sync/atomic"
	"testing"

	"gantry/connectors"
	"gantry/connectors/sftp/wire"
)

// A server that only says "failure" is full if the rest of the file does not fit, whatever
// of it has arrived, and not if all of it does.
func TestBareFailureIsNoSpaceWhereTheRestDoesNotFit(t *testing.T) {
	t.Parallel()
	p := oneConnection(t, startSSHD(t), t.TempDir(), new(atomic.Int64))
	opened, err := p.Begin(t.Context(), "clip", connectors.UploadOptions{Size: 2 << 10})
	if err != nil {
		t.Fatal(err)
	}
	up, first := opened.(*upload), connectors.Part{Number: 1, Size: 1 << 10}
	if _, err := up.WritePart(t.Context(), first, bytes.NewReader(make([]byte, first.Size))); err != nil {
		t.Fatal(err)
	}
	const more = int64(1) << 60 // more than any volume has
	failure := error(&wire.Status{Code: wire.Failure})
	second := connectors.Part{Number: 2, Offset: 1 << 10, Size: 1 << 10}
	for name, c := range map[string]struct {
		size int64
		part connectors.Part
		full bool
	}{
		"all of it fits":               {2 << 10, second, false},
		"its size is not known":        {-1, second, false},
		"its last part fits":           {more, connectors.Part{Number: 3, Offset: more - 1<<10, Size: 1 << 10}, false},
		"the rest does not fit":        {more, second, true},
		"what follows does not fit":    {more, first, true},
		"the part alone does not fit":  {-1, connectors.Part{Number: 2, Offset: 1 << 10, Size: more}, true},
		"the part is sent once more":   {1 << 10, first, false},
		"more is there than was meant": {1, first, false},
	} {
		up.options.Size = c.size
		if full := connectors.KindOf(up.whyFull(t.Context(), c.part, failure)) == connectors.KindNoSpace; full != c.full {
			t.Errorf("where %s, that it is full is said to be %v", name, full)
		}
	}
	up.options.Size = more
	if err := up.whyFull(t.Context(), second, failure); !connectors.Retryable(err) {
		t.Errorf("nobody tries again: %v", err)
	}
}
