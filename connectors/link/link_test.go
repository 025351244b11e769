package link_test

import (
	"encoding/pem"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"gantry/connectors"
	"gantry/connectors/guard"
	"gantry/connectors/link"
)

// listen gives the address of a peer that does this with each connection.
func listen(t testing.TB, serve func(net.Conn)) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go serve(c)
		}
	}()
	return l.Addr().String()
}

func TestDialerKeepsToTheGuard(t *testing.T) {
	addr := listen(t, func(c net.Conn) { _ = c.Close() })
	if _, err := (link.Dialer{Guard: &guard.Guard{}}).Dial(t.Context(), "tcp", addr); !errors.Is(err, guard.ErrInner) {
		t.Errorf("an inner address: %v", err)
	}
	c, err := link.Dialer{}.Dial(t.Context(), "tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	if _, ok := c.(*net.TCPConn); !ok {
		t.Errorf("it is a %T", c)
	}
	_ = c.Close()
}

func TestCongestionByName(t *testing.T) {
	addr := listen(t, func(c net.Conn) { _ = c.Close() })
	for _, bad := range []string{"no such", "BBR", "a-b", "waytoolongforthekernel"} {
		if _, err := link.ReadCongestion(bad); connectors.KindOf(err) != connectors.KindInvalid {
			t.Errorf("%q: %v", bad, err)
		}
	}
	unknown, err := link.ReadCongestion("nosuchthing")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := (link.Dialer{Congestion: unknown}).Dial(t.Context(), "tcp", addr); err == nil || !strings.Contains(err.Error(), "congestion") {
		t.Errorf("what the kernel does not have: %v", err)
	}
	c, err := link.Dialer{Congestion: "reno", Stall: time.Minute}.Dial(t.Context(), "tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	_ = c.Close()
}

// TestWatch ends connections on which nothing moves, in either direction, and no others.
func TestWatch(t *testing.T) {
	t.Parallel()
	const stall = 300 * time.Millisecond
	timedOut := func(err error) bool { var n net.Error; return errors.As(err, &n) && n.Timeout() }
	dial := func(t *testing.T, serve func(net.Conn)) net.Conn {
		c, err := link.Dialer{}.Dial(t.Context(), "tcp", listen(t, serve))
		if err != nil {
			t.Fatal(err)
		}
		w := link.Watch(c, stall)
		t.Cleanup(func() { _ = w.Close() })
		return w
	}
	silent := func(c net.Conn) { t.Cleanup(func() { _ = c.Close() }) } // else the collector closes it
	t.Run("a peer that says nothing", func(t *testing.T) {
		t.Parallel()
		if _, err := dial(t, silent).Read(make([]byte, 1)); !timedOut(err) {
			t.Errorf("%v", err)
		}
	})
	t.Run("a peer that takes nothing", func(t *testing.T) {
		t.Parallel()
		if n, err := dial(t, silent).Write(make([]byte, 64<<20)); !timedOut(err) || n == 0 {
			t.Errorf("%d, %v", n, err)
		}
	})
	t.Run("a slow peer", func(t *testing.T) {
		t.Parallel()
		c := dial(t, func(c net.Conn) {
			for range 8 {
				time.Sleep(stall / 3)
				if _, err := c.Write([]byte{1}); err != nil {
					return
				}
			}
			_ = c.Close()
		})
		if data, err := io.ReadAll(c); err != nil || len(data) != 8 {
			t.Errorf("%d bytes, %v", len(data), err)
		}
	})
}

func TestAuthorities(t *testing.T) {
	dir := t.TempDir()
	empty := filepath.Join(dir, "empty.pem")
	if err := os.WriteFile(empty, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, bad := range []string{empty, filepath.Join(dir, "none.pem")} {
		if _, err := link.Authorities(bad); connectors.KindOf(err) != connectors.KindInvalid || !strings.Contains(err.Error(), "caFile") {
			t.Errorf("%s: %v", bad, err)
		}
	}
	if pool, err := link.Authorities(""); pool != nil || err != nil {
		t.Errorf("without a file: %v, %v", pool, err)
	}
}

// TestTransportResumesSessions over connections of their own, which speak HTTP/1.1
// though the server knows HTTP/2.
func TestTransportResumesSessions(t *testing.T) {
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Connection", "close")
		_, _ = io.WriteString(w, r.Proto)
	}))
	s.EnableHTTP2 = true
	s.StartTLS()
	defer s.Close()
	file := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw}), 0o600); err != nil {
		t.Fatal(err)
	}
	pool, err := link.Authorities(file)
	if err != nil {
		t.Fatal(err)
	}
	client := http.Client{Transport: link.Transport(link.Dialer{Stall: time.Minute}, link.TLS(pool))}
	for i := range 3 {
		r, err := client.Get(s.URL)
		if err != nil {
			t.Fatal(err)
		}
		proto, err := io.ReadAll(r.Body)
		_ = r.Body.Close()
		if err != nil || string(proto) != "HTTP/1.1" {
			t.Errorf("%q, %v", proto, err)
		}
		if r.TLS.DidResume != (i > 0) {
			t.Errorf("request %d: resumed %v", i+1, r.TLS.DidResume)
		}
	}
}
