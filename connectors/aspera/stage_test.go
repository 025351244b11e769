package aspera

import (
	"bytes"
	"context"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"gantry/connectors"
	"gantry/connectors/aspera/asperatest"
	"gantry/connectors/promise"
)

func TestMain(m *testing.M) {
	asperatest.Main()
	os.Exit(m.Run())
}

// A stage has the stand-ins, a folder of this machine and a clock that does not
// wait.
type stage struct {
	t     *testing.T
	ascp  *asperatest.Ascp
	node  *asperatest.Node // nil without one
	dir   string
	clock *stoppedClock
}

type stoppedClock struct {
	mu     sync.Mutex
	pauses []time.Duration
}

func (c *stoppedClock) Pause(_ context.Context, d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.pauses = append(c.pauses, d)
}

func (c *stoppedClock) Jitter() float64 { return 0.5 }

func (c *stoppedClock) slept() []time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	return append([]time.Duration(nil), c.pauses...)
}

func withNode(t *testing.T, script ...asperatest.Act) *stage {
	t.Helper()
	return withSSH(t, script...).withNode()
}

func withSSH(t *testing.T, script ...asperatest.Act) *stage {
	t.Helper()
	t.Parallel()
	return withoutParallel(t, script...)
}

// hold is an ascp that moves nothing until it is told a rate.
var hold = asperatest.Act{Hold: true}

func (s *stage) withNode() *stage {
	s.node = asperatest.NewNode(s.t, s.ascp)
	return s
}

func withoutParallel(t *testing.T, script ...asperatest.Act) *stage {
	t.Helper()
	return &stage{t: t, ascp: asperatest.NewAscp(t, script...), dir: t.TempDir(), clock: &stoppedClock{}}
}

func (s *stage) secret(text string) string {
	s.t.Helper()
	name := filepath.Join(s.t.TempDir(), "secret")
	if err := os.WriteFile(name, []byte(text+"\n"), 0o600); err != nil {
		s.t.Fatal(err)
	}
	return "file:" + name
}

// location names the stand-ins; pairs of name and value change its options.
func (s *stage) location(options ...string) connectors.Location {
	l := connectors.Location{URL: "aspera://xfer@server.example.net/media", Options: map[string]string{
		"ascp": s.ascp.Program, "hostKey": "9fc1", "password": s.secret(asperatest.Password), "timeout": "10s",
	}}
	if s.node != nil {
		l.URL = "aspera+https://" + s.node.URL[len("https://"):] + "/media"
		l.Options["caFile"], l.Options["nodeUser"], l.Options["password"] = s.node.CAFile, asperatest.NodeUser, s.secret(asperatest.NodePassword)
	}
	for i := 0; i < len(options); i += 2 {
		l.Options[options[i]] = options[i+1]
	}
	return l
}

func (s *stage) open(options ...string) connectors.Place {
	s.t.Helper()
	p, err := newPlace(s.location(options...), s.clock)
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { p.Close() })
	return p
}

// file makes one on this machine, with a time in whole seconds.
func (s *stage) file(name string, size int) (path string, data []byte) {
	s.t.Helper()
	data = content(size)
	path = filepath.Join(s.dir, name)
	if err := os.WriteFile(path, data, 0o600); err != nil {
		s.t.Fatal(err)
	}
	if err := os.Chtimes(path, modified, modified); err != nil {
		s.t.Fatal(err)
	}
	return path, data
}

var modified = time.Date(2020, 1, 2, 3, 4, 5, 0, time.UTC)

func content(size int) []byte {
	data := make([]byte, size)
	random := rand.NewChaCha8([32]byte{byte(size)})
	_, _ = random.Read(data)
	return data
}

// move starts a movement and waits for it.
func (s *stage) move(p connectors.Place, m connectors.Movement) (connectors.Entry, error) {
	s.t.Helper()
	mover, ok := connectors.As[connectors.Mover](p)
	if !ok {
		s.t.Fatal("the place is no mover")
	}
	moving, err := mover.Start(s.t.Context(), m)
	if err != nil {
		return connectors.Entry{}, err
	}
	return moving.Publish(s.t.Context())
}

// clipID names the upload of send, in every process.
var clipID = promise.NewID("day1/clip.mov")

func (s *stage) send(p connectors.Place, file string, size int) (connectors.Entry, error) {
	s.t.Helper()
	return s.move(p, connectors.Movement{ID: clipID, Path: "day1/clip.mov", File: file, Size: int64(size), ModTime: modified})
}

func (s *stage) must(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
}

// kind fails unless err has it.
func (s *stage) kind(err error, kind connectors.Kind) {
	s.t.Helper()
	if connectors.KindOf(err) != kind {
		s.t.Errorf("got %v; want %s", err, kind)
	}
}

// serves fails unless the server has the file, and nothing else.
func (s *stage) serves(path string, data []byte) {
	s.t.Helper()
	if got := s.ascp.Has(path); !bytes.Equal(got, data) {
		s.t.Errorf("the server has %d bytes at %s, want %d", len(got), path, len(data))
	}
	if files := s.ascp.Files(); len(files) != 1 {
		s.t.Errorf("the server has %q", files)
	}
}
