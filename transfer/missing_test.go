package transfer

import (
	"context"
	"fmt"
	"io"
	"strings"
	"testing"

	"gantry/connectors"
)

// A location that does not exist is said at once. An upload that the place loses again
// and again is no damage to any bytes.
func TestUploadsThatAreLost(t *testing.T) {
	t.Parallel()
	for what, test := range map[string]struct {
		refusal error
		kind    connectors.Kind
		commits int32
		says    string
	}{
		"no bucket": {fmt.Errorf("the store says so: %w", connectors.ErrNoRoot), connectors.KindNotFound, 1, "the store says so"},
		"no upload": {fmt.Errorf("no such upload"), connectors.KindUnavailable, rounds, "the upload is gone"},
	} {
		t.Run(what, func(t *testing.T) {
			s := newStage(t)
			s.file("clip", part)
			to := &script{Place: s.folder("a")}
			to.commit = func(int, func() (connectors.Entry, error)) (connectors.Entry, error) {
				return connectors.Entry{}, &connectors.Error{Kind: connectors.KindNotFound, Op: "commit", Path: "clip", Err: test.refusal}
			}
			if _, err := s.fails(s.job("clip", to), test.kind); !strings.Contains(err.Error(), test.says) {
				t.Errorf("%v; want it to say %q", err, test.says)
			}
			if got := to.commits.Load(); got != test.commits {
				t.Errorf("tried %d times, want %d", got, test.commits)
			}
		})
	}
}

func TestPartsForALocationThatDoesNotExist(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	s.file("clip", 3*part)
	to := &script{Place: s.folder("a")}
	to.write = func(context.Context, int, connectors.Part, io.ReadSeeker, writer) (connectors.Part, error) {
		return connectors.Part{}, &connectors.Error{Kind: connectors.KindNotFound, Op: "write part", Path: "clip", Err: connectors.ErrNoRoot}
	}
	s.fails(s.job("clip", to), connectors.KindNotFound)
	if got := to.begins.Load(); got != 1 {
		t.Errorf("begun %d times, want once", got)
	}
}
