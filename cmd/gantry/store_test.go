package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"gantry/connectors/servers"
)

// A tap is the way to a store. It lets so many bytes through and then stands
// still, until it is opened.
type tap struct {
	left  atomic.Int64
	shut  chan struct{} // closed when it stands still
	open  chan struct{}
	still sync.Once
}

var taps sync.Map // by the script's folder

// store BYTES starts an S3 store behind a tap that lets BYTES through, and names
// its bucket as the location "store" of the data folder.
func store(ts *testscript.TestScript, _ bool, args []string) {
	ctx, cancel := context.WithCancel(context.Background())
	s3, err := servers.StartVersityGW(ctx, ts.MkAbs("s3"))
	ts.Check(err)
	ts.Defer(func() { _ = s3.Stop(); cancel() })
	ts.Check(s3.MakeBucket(ctx, "bucket"))
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	ts.Check(err)
	ts.Defer(func() { _ = listener.Close() })
	t := &tap{shut: make(chan struct{}), open: make(chan struct{})}
	var n int64
	_, err = fmt.Sscan(args[0], &n)
	ts.Check(err)
	t.left.Store(n)
	taps.Store(ts.MkAbs("."), t)
	go t.serve(listener, strings.TrimPrefix(s3.Endpoint, "http://"))

	data := ts.MkAbs("data")
	ts.Check(os.MkdirAll(filepath.Join(data, "resources"), 0o755))
	ts.Check(os.WriteFile(filepath.Join(data, "access"), []byte(s3.AccessKey), 0o600))
	ts.Check(os.WriteFile(filepath.Join(data, "secret"), []byte(s3.SecretKey), 0o600))
	ts.Check(os.WriteFile(filepath.Join(data, "resources", "store.yaml"), fmt.Appendf(nil, `apiVersion: gantry/v1
kind: Site
metadata: { name: local }
spec: { title: here }
---
apiVersion: gantry/v1
kind: Location
metadata: { name: store }
spec:
  site: local
  url: "s3+http://%s/bucket"
  options: { accessKey: "file:${DATA}/access", secretKey: "file:${DATA}/secret" }
`, listener.Addr()), 0o644))
	ts.Setenv("GANTRY_DATA", data)
}

func (t *tap) serve(listener net.Listener, to string) {
	for {
		in, err := listener.Accept()
		if err != nil {
			return
		}
		go func() {
			defer in.Close()
			out, err := net.Dial("tcp", to)
			if err != nil {
				return
			}
			defer out.Close()
			go func() { _, _ = io.Copy(in, out); _ = in.Close() }()
			_, _ = io.Copy(out, &slow{in, t})
		}()
	}
}

// slow reads what the tap lets through.
type slow struct {
	r   io.Reader
	tap *tap
}

func (s *slow) Read(p []byte) (int, error) {
	if s.tap.left.Load() <= 0 {
		s.tap.still.Do(func() { close(s.tap.shut) })
		<-s.tap.open
	}
	n, err := s.r.Read(p)
	s.tap.left.Add(int64(-n))
	return n, err
}

// stood runs gantry until the tap stands still.
func (t *tap) stood(ts *testscript.TestScript, args []string) (cmd *exec.Cmd, out *bytes.Buffer, ended chan error) {
	cmd, out, ended = command(ts, args...), &bytes.Buffer{}, make(chan error, 1)
	cmd.Stdout, cmd.Stderr = out, out
	ts.Check(cmd.Start())
	go func() { ended <- cmd.Wait() }()
	select {
	case <-t.shut:
	case err := <-ended:
		ts.Fatalf("ended before it stood still: %v\n%s", err, out)
	case <-time.After(30 * time.Second):
		_ = cmd.Process.Kill()
		ts.Fatalf("does not get as far as the tap")
	}
	return cmd, out, ended
}

// meanwhile OTHER FILE ARG… runs gantry until the tap stands still, gives the name FILE
// to the file OTHER then, opens the tap, and wants gantry to end well.
func meanwhile(ts *testscript.TestScript, _ bool, args []string) {
	found, ok := taps.Load(ts.MkAbs("."))
	if !ok || len(args) < 3 {
		ts.Fatalf("usage: store BYTES, then meanwhile OTHER FILE ARG…")
	}
	t := found.(*tap)
	cmd, out, ended := t.stood(ts, args[2:])
	ts.Check(os.Rename(ts.MkAbs(args[0]), ts.MkAbs(args[1])))
	t.left.Store(1 << 60)
	close(t.open)
	select {
	case err := <-ended:
		if err != nil {
			ts.Fatalf("ended with %v\n%s", err, out)
		}
	case <-time.After(time.Minute):
		_ = cmd.Process.Kill()
		ts.Fatalf("does not end")
	}
	ts.Check(os.WriteFile(ts.MkAbs("meanwhile.log"), out.Bytes(), 0o644))
}

// cut SIGNAL CODE ARG… runs gantry until the tap stands still, and sends it the
// signal then: kill or interrupt. It has to end within five seconds, with the exit
// code, or by the signal where CODE is "killed". Then the tap is opened.
func cutOff(ts *testscript.TestScript, _ bool, args []string) {
	found, ok := taps.Load(ts.MkAbs("."))
	if !ok || len(args) < 3 {
		ts.Fatalf("usage: store BYTES, then cut kill|interrupt CODE ARG…")
	}
	t := found.(*tap)
	cmd, out, ended := t.stood(ts, args[2:])
	signal := map[string]os.Signal{"kill": syscall.SIGKILL, "interrupt": syscall.SIGINT}[args[0]]
	ts.Check(cmd.Process.Signal(signal))
	var err error
	select {
	case err = <-ended:
	case <-time.After(5 * time.Second):
		_ = cmd.Process.Kill()
		ts.Fatalf("does not end within five seconds")
	}
	close(t.open)
	t.left.Store(1 << 60)
	ts.Check(os.WriteFile(ts.MkAbs("cut.log"), out.Bytes(), 0o644))
	var exit *exec.ExitError
	if !errors.As(err, &exit) {
		ts.Fatalf("ended with %v, not %s", err, args[1])
	}
	if code := fmt.Sprint(exit.ExitCode()); args[1] != code && (args[1] != "killed" || code != "-1") {
		ts.Fatalf("ended with %s, not %s:\n%s", code, args[1], out)
	}
}
