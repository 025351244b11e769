package web

import (
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/net/dns/dnsmessage"

	"gantry/connectors"
)

// A nameServer answers each question about an IPv4 address with the next of its
// addresses, and with the last one from then on.
type nameServer struct {
	answers [][4]byte
	asked   atomic.Int32
}

func (s *nameServer) resolver(t *testing.T) *net.Resolver {
	t.Helper()
	c, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	go func() {
		buffer := make([]byte, 512)
		for {
			n, from, err := c.ReadFrom(buffer)
			if err != nil {
				return
			}
			var m dnsmessage.Message
			if m.Unpack(buffer[:n]) != nil || len(m.Questions) != 1 {
				continue
			}
			m.Response = true
			m.Additionals = nil
			if q := m.Questions[0]; q.Type == dnsmessage.TypeA {
				i := min(int(s.asked.Add(1)), len(s.answers)) - 1
				m.Answers = []dnsmessage.Resource{{
					Header: dnsmessage.ResourceHeader{Name: q.Name, Class: q.Class, Type: q.Type}, Body: &dnsmessage.AResource{A: s.answers[i]},
				}}
			}
			if packed, err := m.Pack(); err == nil {
				_, _ = c.WriteTo(packed, from)
			}
		}
	}()
	return &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "udp", c.LocalAddr().String())
	}}
}

func openWith(t *testing.T, address string, r *net.Resolver, proxy *url.URL, options map[string]string) connectors.Place {
	t.Helper()
	all := map[string]string{"dav": "false"}
	for name, value := range options {
		all[name] = value
	}
	s := surroundings{now: time.Now, resolver: r, proxy: func(*http.Request) (*url.URL, error) { return proxy, nil }}
	p, err := open(t.Context(), connectors.Location{URL: address, Options: all}, s)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.Close() })
	return p
}

func reached(t *testing.T) (port string, count *atomic.Int32) {
	t.Helper()
	count = &atomic.Int32{}
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		count.Add(1)
		w.Header().Set("Connection", "close")
		_, _ = w.Write([]byte("inside"))
	}))
	t.Cleanup(s.Close)
	return s.URL[strings.LastIndexByte(s.URL, ':')+1:], count
}

// TestRebinding has a name lead to this machine: the location's own name from the
// start, after an earlier answer, and the name that a redirect leads to.
func TestRebinding(t *testing.T) {
	loopback, carrier := [4]byte{127, 0, 0, 1}, [4]byte{169, 254, 169, 254}
	port, count := reached(t)
	for name, test := range map[string]struct {
		answers [][4]byte
		allow   string
		reached bool
	}{
		"to this machine":         {[][4]byte{loopback}, "", false},
		"to the metadata service": {[][4]byte{carrier}, "", false},
		"allowed by address":      {[][4]byte{loopback}, "127.0.0.1", true},
		"allowed by name":         {[][4]byte{loopback}, "media.example", true},
	} {
		t.Run(name, func(t *testing.T) {
			before := count.Load()
			s := &nameServer{answers: test.answers}
			_, err := openWith(t, "http://media.example:"+port, s.resolver(t), nil, map[string]string{"allow": test.allow}).Stat(t.Context(), "clip")
			if got := count.Load() > before; got != test.reached {
				t.Fatalf("reached %v, %v", got, err)
			}
			if !test.reached && connectors.KindOf(err) != connectors.KindInvalid {
				t.Error(err)
			}
		})
	}
	t.Run("from one request to the next", func(t *testing.T) {
		before := count.Load()
		s := &nameServer{answers: [][4]byte{{127, 0, 0, 2}, loopback}} // the first is allowed
		p := openWith(t, "http://media.example:"+port, s.resolver(t), nil, map[string]string{"allow": "127.0.0.2"})
		_, first := p.Stat(t.Context(), "clip") // nobody listens there
		_, second := p.Stat(t.Context(), "clip")
		if count.Load() > before || connectors.KindOf(first) != connectors.KindUnavailable || connectors.KindOf(second) != connectors.KindInvalid {
			t.Errorf("%v; %v", first, second)
		}
	})
	t.Run("behind a redirect", func(t *testing.T) {
		s := &nameServer{answers: [][4]byte{loopback}}
		before := count.Load()
		from := httptest.NewServer(http.RedirectHandler("http://cdn.example:"+port+"/", http.StatusFound))
		t.Cleanup(from.Close)
		_, err := openWith(t, from.URL, s.resolver(t), nil, nil).Stat(t.Context(), "clip")
		if count.Load() > before || connectors.KindOf(err) != connectors.KindInvalid {
			t.Error(err)
		}
	})
}

// TestProxies are used wherever they are, and asked for nothing that is inside.
func TestProxies(t *testing.T) {
	var asked atomic.Value
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked.Store(r.URL.String())
		w.Header().Set("Content-Length", "5")
		_, _ = w.Write([]byte("clip!"))
	}))
	t.Cleanup(s.Close)
	proxy, err := url.Parse(s.URL)
	if err != nil {
		t.Fatal(err)
	}
	names := &nameServer{answers: [][4]byte{{93, 184, 216, 34}}}
	if e, err := openWith(t, "http://media.example", names.resolver(t), proxy, nil).Stat(t.Context(), "clip"); err != nil || e.Size != 5 || asked.Load() != "http://media.example/clip" {
		t.Errorf("%+v, %v: %v", e, err, asked.Load())
	}
	asked.Store("")
	inside := &nameServer{answers: [][4]byte{{169, 254, 169, 254}}}
	_, err = openWith(t, "http://media.example", inside.resolver(t), proxy, nil).Stat(t.Context(), "clip")
	if connectors.KindOf(err) != connectors.KindInvalid || asked.Load() != "" {
		t.Errorf("a name that leads inside: %v, asked for %v", err, asked.Load())
	}
}
