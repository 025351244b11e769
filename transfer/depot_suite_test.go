package transfer

import (
	"context"
	"io"
	"iter"
	"os"
	"path/filepath"
	"testing"

	"gantry/connectors"
	"gantry/connectors/aspera"
	"gantry/connectors/aspera/asperatest"
	"gantry/connectors/connectortest"
)

// A shed is a depot as a place: what is read is received first, as a job does it.
type shed struct {
	*depot
	far connectors.Place
}

func (s shed) List(ctx context.Context, prefix string) iter.Seq2[connectors.Entry, error] {
	return s.far.List(ctx, prefix)
}

func (s shed) Open(ctx context.Context, path string, offset, length int64) (io.ReadCloser, error) {
	s.forget(path)
	if err := s.collect(ctx, path, nil); err != nil {
		return nil, err
	}
	return s.depot.Open(ctx, path, offset, length)
}

// Begin hides that a movement can be read before it is published: only once it was moved.
func (s shed) Begin(ctx context.Context, path string, o connectors.UploadOptions) (connectors.Upload, error) {
	u, err := s.depot.Begin(ctx, path, o)
	return struct{ connectors.Upload }{u}, err
}

func (s shed) Close() error { return s.far.Close() }

// An upload through a depot keeps the promises of any other. Each file is a start of
// a program or two: it takes more than a minute.
func TestConformance(t *testing.T) {
	if os.Getenv("GANTRY_TEST_ALL") == "" {
		t.Skip("set GANTRY_TEST_ALL=1 to put depots through the suite of connectors, which takes more than a minute")
	}
	connectortest.Run(t, func(t *testing.T) connectortest.Site {
		a, scratch := asperatest.NewAscp(t), t.TempDir()
		l := portLocation(t, a, true)
		must(t, os.Mkdir(filepath.Join(a.Root, "media"), 0o700))
		return connectortest.Site{Slow: true, Open: func() (connectors.Place, error) {
			place, err := aspera.Connector().Open(t.Context(), l)
			if err != nil {
				return nil, err
			}
			d, _ := New(Options{Scratch: scratch}).near(place, "job", "far")
			d.fresh = true
			return shed{d, place}, nil
		}}
	})
}
