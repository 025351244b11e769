package sftp_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"gantry/connectors"
	"gantry/connectors/connectortest"
	"gantry/connectors/servers"
)

// busyUntil reads a large file in several streams at once until the condition
// holds.
func busyUntil(t *testing.T, place connectors.Place, path string, until func() bool) {
	t.Helper()
	deadline := time.Now().Add(20 * time.Second)
	for !until() {
		if time.Now().After(deadline) {
			t.Fatal("the pool does not do what is expected of it")
		}
		var group errgroup.Group
		for range 6 {
			group.Go(func() error { return readAll(t.Context(), place, path) })
		}
		must(t, group.Wait())
	}
}

func readAll(ctx context.Context, place connectors.Place, path string) error {
	r, err := place.Open(ctx, path, 0, -1)
	if err != nil {
		return err
	}
	defer r.Close()
	_, err = io.Copy(io.Discard, r)
	return err
}

const bigSize = 24 << 20

// big is a file that takes many requests, none of which is like another.
func big(t *testing.T, dir string) []byte {
	t.Helper()
	data := make([]byte, bigSize)
	for i := 0; i < len(data); i += 8 {
		for j := range 4 {
			data[i+j] = byte(i >> (8 * j))
		}
	}
	must(t, os.WriteFile(filepath.Join(dir, "big"), data, 0o600))
	return data
}

func TestPoolGrowsUnderLoad(t *testing.T) {
	t.Parallel()
	s := start(t)
	wire, dir := newLink(t, s.Addr), t.TempDir()
	big(t, dir)
	place := open(t, trusting(t, s, through(s, wire, dir)))
	for range 20 {
		_, err := place.Stat(t.Context(), "big")
		must(t, err)
	}
	if n := wire.Connections(); n != 1 {
		t.Errorf("one call after the other made %d connections", n)
	}
	busyUntil(t, place, "big", func() bool { return wire.Connections() == 3 })
	must(t, readAll(t.Context(), place, "big"))
	if n := wire.Connections(); n > 3 {
		t.Errorf("%d connections; want 3 at most", n)
	}
}

// A stream goes on when one of its connections breaks, and so does an upload.
func TestOneOfManyIsCut(t *testing.T) {
	t.Parallel()
	s := start(t)
	wire, dir := newLink(t, s.Addr), t.TempDir()
	data := big(t, dir)
	place := open(t, trusting(t, s, through(s, wire, dir)))
	busyUntil(t, place, "big", func() bool { return wire.Connections() == 3 })

	for n := range 2 {
		r, err := place.Open(t.Context(), "big", 0, bigSize)
		must(t, err)
		got := make([]byte, bigSize)
		_, err = io.ReadFull(r, got[:bigSize/3])
		must(t, err)
		wire.CutOne(n)
		_, err = io.ReadFull(r, got[bigSize/3:])
		if err != nil { // it ran over this one alone
			wantKind(t, "read while one connection is cut", err, connectors.KindUnavailable)
		} else if !bytes.Equal(got, data) {
			t.Error("other bytes were read than are in the file")
		}
		must(t, r.Close())
		busyUntil(t, place, "big", func() bool { return true })
	}

	up, err := place.Begin(t.Context(), "copy", connectors.UploadOptions{Size: bigSize})
	must(t, err)
	whole := connectors.Whole{Size: bigSize}
	const size = bigSize / 4
	for i := range 4 {
		p := connectors.Part{Number: i + 1, Offset: int64(i) * size, Size: size}
		whole.Parts = append(whole.Parts, p)
		r := during(data[p.Offset:p.Offset+size], 40, func() { wire.CutOne(wire.Connections() - 1) })
		if _, err := up.WritePart(t.Context(), p, r); err != nil {
			wantKind(t, "write a part while a connection is cut", err, connectors.KindUnavailable)
			_, err = up.WritePart(t.Context(), p, bytes.NewReader(data[p.Offset:p.Offset+size]))
			if connectors.KindOf(err) == connectors.KindUnavailable { // it may find out by the first call only
				_, err = up.WritePart(t.Context(), p, bytes.NewReader(data[p.Offset:p.Offset+size]))
			}
			must(t, err)
		}
	}
	_, err = up.Commit(t.Context(), whole)
	must(t, err)
	got, err := os.ReadFile(filepath.Join(dir, "copy"))
	must(t, err)
	if !bytes.Equal(got, data) {
		t.Error("other bytes arrived than were sent")
	}
}

// A server that lets only so much in is lived with.
func TestServerWithFewConnections(t *testing.T) {
	t.Parallel()
	for name, lines := range map[string][]string{
		"MaxSessions 1": {"MaxSessions 1"},
		"MaxStartups 1": {"MaxStartups 1:100:1", "LoginGraceTime 5"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := startWith(t, t.TempDir(), servers.SSHDOptions{Lines: lines})
			dir := t.TempDir()
			data := big(t, dir)
			place := open(t, location(s, dir))
			for range 3 {
				var group errgroup.Group
				for range 8 {
					group.Go(func() error { return readAll(t.Context(), place, "big") })
				}
				must(t, group.Wait())
			}
			r, err := place.Open(t.Context(), "big", 0, -1)
			must(t, err)
			got, err := io.ReadAll(r)
			must(t, err)
			if !bytes.Equal(got, data) {
				t.Error("other bytes were read than are in the file")
			}
		})
	}
}

// A server of which the firewall lets one connection through and refuses all
// others, and which opens one session on each.
func TestServerWithOneConnection(t *testing.T) {
	t.Parallel()
	s := startWith(t, t.TempDir(), servers.SSHDOptions{Lines: []string{"MaxSessions 1"}})
	wire, dir := newLink(t, s.Addr), t.TempDir()
	wire.most = 1
	big(t, dir)
	place := open(t, trusting(t, s, through(s, wire, dir)))
	describe := func() string {
		d, err := place.(connectors.Describer).Describe(t.Context())
		must(t, err)
		for _, q := range d.Quirks {
			if q.Name == "few-connections" {
				return q.Meaning
			}
		}
		return ""
	}
	busyUntil(t, place, "big", func() bool { return describe() != "" })
	busyUntil(t, place, "big", func() bool { return true })
	if n := wire.Connections(); n != 1 {
		t.Errorf("%d connections", n)
	}
}

// Whatever call the link is cut at, it says so, and the next attempt works.
func TestCutAtEachOperation(t *testing.T) {
	t.Parallel()
	testEachOperation(t, func(t *testing.T, s *servers.SSHD, wire *link) (fail, mend func()) {
		return wire.Cut, func() {}
	})
}

// The same with a server that is killed and comes back.
func TestServerKilledAtEachOperation(t *testing.T) {
	t.Parallel()
	testEachOperation(t, func(t *testing.T, s *servers.SSHD, wire *link) (fail, mend func()) {
		return func() { _ = s.Stop(); wire.Cut() }, func() { must(t, s.Restart(t.Context())) }
	})
}

func testEachOperation(t *testing.T, trouble func(t *testing.T, s *servers.SSHD, wire *link) (fail, mend func())) {
	s := start(t)
	wire, dir := newLink(t, s.Addr), t.TempDir()
	data := big(t, dir)
	must(t, os.WriteFile(filepath.Join(dir, "old"), nil, 0o600))
	at := trusting(t, s, through(s, wire, dir))
	at.Options["connections"] = "1"
	place := open(t, at)
	up := begin(t, place, "clip", "")
	write(t, up, 1, 2)
	fail, mend := trouble(t, s, wire)
	operations := []struct {
		name string
		do   func() error
		done func() bool // although the answer was lost
	}{
		{"stat", func() error { _, err := place.Stat(t.Context(), "big"); return err }, nil},
		{"list", func() error {
			for _, err := range place.List(t.Context(), "") {
				if err != nil {
					return err
				}
			}
			return nil
		}, nil},
		{"open", func() error {
			r, err := place.Open(t.Context(), "big", 0, -1)
			if err != nil {
				return err
			}
			defer r.Close()
			got, err := io.ReadAll(r)
			if err == nil && !bytes.Equal(got, data) {
				return errors.New("other bytes were read")
			}
			return err
		}, nil},
		{"rename", func() error {
			return place.(connectors.Renamer).Rename(t.Context(), "old", "new")
		}, func() bool { _, err := os.Lstat(filepath.Join(dir, "new")); return err == nil }},
		{"begin", func() error {
			begun, err := place.Begin(t.Context(), "another", connectors.UploadOptions{Size: 1})
			if err == nil {
				err = begun.Abort(t.Context())
			}
			return err
		}, nil},
		{"take up", func() (err error) {
			up, err = place.Begin(t.Context(), "clip", connectors.UploadOptions{Size: 4 * partSize, Resume: up.ID()})
			return err
		}, nil},
		{"write", func() error { _, err := up.WritePart(t.Context(), part(3), bytes.NewReader(frames(3))); return err }, nil},
		{"write more", func() error { _, err := up.WritePart(t.Context(), part(4), bytes.NewReader(frames(4))); return err }, nil},
		{
			"commit", func() error { _, err := up.Commit(t.Context(), connectortest.Clip()); return err },
			func() bool { _, err := os.Lstat(filepath.Join(dir, "clip")); return err == nil },
		},
		{
			"remove", func() error { return place.Remove(t.Context(), "big") },
			func() bool { _, err := os.Lstat(filepath.Join(dir, "big")); return err != nil },
		},
	}
	hit := 0
	for _, o := range operations {
		saved := up
		release := wire.Block()
		result := make(chan error, 1)
		go func() { result <- o.do() }()
		wire.AwaitBlocked(t) // the request has arrived at the link, and no further
		fail()
		release()
		err := <-result
		if err != nil { // the cut may meet what an earlier operation left to close, before this one has a connection
			hit++
			wantKind(t, o.name+" over a link that is cut", err, connectors.KindUnavailable)
		}
		if up == nil {
			up = saved
		}
		mend()
		for range 10 {
			if err = o.do(); !connectors.Retryable(err) {
				break
			}
		}
		if err != nil && (o.done == nil || !o.done()) {
			t.Errorf("%s, made again: %v", o.name, err)
		}
	}
	if hit < len(operations)/2 {
		t.Errorf("only %d of %d operations were cut", hit, len(operations))
	}
	wantClip(t, filepath.Join(dir, "clip"))
}

// The first connection is shared by all who wait for it, and so is its failure.
func TestManyWaitForTheFirstConnection(t *testing.T) {
	t.Parallel()
	s := start(t)
	wire, dir := newLink(t, s.Addr), t.TempDir()
	place := open(t, trusting(t, s, through(s, wire, dir)))
	wire.Cut()
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			if _, err := place.Stat(t.Context(), "none"); connectors.KindOf(err) != connectors.KindNotFound && !connectors.Retryable(err) {
				t.Error(err)
			}
		})
	}
	group.Wait()
	_, err := place.Stat(t.Context(), "none")
	wantKind(t, "stat", err, connectors.KindNotFound)
	must(t, s.Stop())
	wire.Cut()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	must(t, listener.Close())
	began := time.Now()
	for range 8 {
		group.Go(func() {
			if _, err := place.Stat(t.Context(), "none"); connectors.KindOf(err) != connectors.KindUnavailable {
				t.Error(err)
			}
		})
	}
	group.Wait()
	if took := time.Since(began); took > 10*time.Second {
		t.Errorf("it took %v", took)
	}
	must(t, place.Close())
	_, err = place.Stat(t.Context(), "none")
	wantKind(t, "stat at a place that was closed", err, connectors.KindOther)
}
