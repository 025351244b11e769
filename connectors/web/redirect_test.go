package web_test

import (
	"crypto/tls"
	"encoding/pem"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"gantry/connectors"
)

// secrets are all that a location can give along.
func secrets(t *testing.T) map[string]string {
	t.Setenv("WEB_TOKEN", "hunter2")
	t.Setenv("WEB_QUERY", "sig=hunter2")
	t.Setenv("WEB_HEADERS", "X-Api-Key: hunter2\nCookie: session=hunter2")
	return map[string]string{
		"dav": "false", "token": "env:WEB_TOKEN", "query": "env:WEB_QUERY", "secretHeaders": "env:WEB_HEADERS", "headers": "X-Site: venue7",
	}
}

// told is all that a request says.
func told(r *http.Request) string { return r.URL.String() + fmt.Sprint(r.Header) + r.Host }

func elsewhere(t *testing.T, s *httptest.Server) string {
	t.Helper()
	return strings.Replace(s.URL, "127.0.0.1", "localhost", 1)
}

func TestCredentialsStayAtHome(t *testing.T) {
	options := secrets(t)
	options["allow"] = "127.0.0.0/8, ::1"
	var far, home atomic.Value
	other := serve(t, func(w http.ResponseWriter, r *http.Request) {
		far.Store(told(r))
		_, _ = w.Write([]byte(clip))
	})
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/here":
			http.Redirect(w, r, "/there", http.StatusFound)
		case "/there":
			home.Store(told(r))
			_, _ = w.Write([]byte(clip))
		case "/port":
			http.Redirect(w, r, other.URL+"/x", http.StatusTemporaryRedirect)
		case "/back":
			http.Redirect(w, r, other.URL+"/to?u=hunter3", http.StatusFound)
		default:
			home.Store(told(r))
			http.Redirect(w, r, elsewhere(t, other)+"/x", http.StatusFound)
		}
	})
	p := open(t, s.URL, options)
	for _, path := range []string{"away", "port"} {
		got, err := read(p, path, 0, -1)
		if err != nil || got != clip {
			t.Fatalf("%s: %q, %v", path, got, err)
		}
		if text, _ := far.Load().(string); strings.Contains(text, "hunter2") || strings.Contains(text, "venue7") {
			t.Errorf("%s: to another host went %s", path, text)
		}
	}
	if text, _ := home.Load().(string); strings.Count(text, "hunter2") != 4 || !strings.Contains(text, "venue7") {
		t.Errorf("to its own host went %s", text)
	}
	_, err := read(p, "here", 0, -1)
	must(t, err)
	if text, _ := home.Load().(string); strings.Count(text, "hunter2") != 3 || strings.Contains(text, "sig=") {
		t.Errorf("after a redirect on the host went %s; want all but the query", text)
	}
}

func TestRedirectsThatAreNotFollowed(t *testing.T) {
	for name, test := range map[string]struct {
		to   string
		says string
	}{
		"metadata service":     {"http://169.254.169.254/latest/meta-data?token=hunter2", "inner address"},
		"private network":      {"http://10.0.0.1/", "inner address"},
		"this machine":         {"http://127.0.0.2:9/", "inner address"},
		"this machine by name": {"http://localhost:9/", "inner address"},
		"mapped":               {"http://[::ffff:127.0.0.1]:9/", "inner address"},
		"NAT64":                {"http://[64:ff9b::7f00:1]:9/", "inner address"},
		"circle":               {"/clip", "circle"},
		"file":                 {"file:///etc/passwd", "no web address"},
		"gopher":               {"gopher://127.0.0.1/", "no web address"},
		"opaque":               {"http:foo", "no web address"},
		"not a URL":            {"http://%zz/", "no web address"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := serve(t, func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Location", test.to)
				w.WriteHeader(http.StatusFound)
			})
			_, err := read(open(t, s.URL, map[string]string{"dav": "false"}), "clip", 0, -1)
			wantKind(t, name, err, connectors.KindInvalid)
			if text := err.Error(); !strings.Contains(text, test.says) || strings.Contains(text, "hunter2") {
				t.Errorf("it says %s; want %q", text, test.says)
			}
		})
	}
}

func TestRedirectsAreCounted(t *testing.T) {
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if n := len(r.URL.Path) - len("/clip"); n < 3 {
			http.Redirect(w, r, r.URL.Path+"x", http.StatusFound)
			return
		}
		_, _ = w.Write([]byte(clip))
	})
	for most, good := range map[string]bool{"0": false, "2": false, "3": true, "5": true} {
		_, err := read(open(t, s.URL, map[string]string{"dav": "false", "redirects": most}), "clip", 0, -1)
		if (err == nil) != good {
			t.Errorf("with %s: %v", most, err)
		}
	}
}

func TestUploadsAreNotRedirected(t *testing.T) {
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "https://elsewhere.example/x?sig=hunter2", http.StatusTemporaryRedirect)
	})
	p := open(t, s.URL, map[string]string{"dav": "false", "writeOnly": "true"})
	_, err := upload(t, p, "clip", []byte(clip))
	wantKind(t, "upload", err, connectors.KindInvalid)
	if text := err.Error(); !strings.Contains(text, "https://elsewhere.example/x?***") || strings.Contains(text, "hunter2") {
		t.Error(text)
	}
}

// caFile writes the certificate of a server that trusts itself.
func caFile(t *testing.T, s *httptest.Server) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "ca.pem")
	must(t, os.WriteFile(name, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw}), 0o600))
	return name
}

func TestFromTLSToNone(t *testing.T) {
	plain := serve(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(clip)) })
	s := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, plain.URL, http.StatusFound) }))
	t.Cleanup(s.Close)
	_, err := read(open(t, s.URL, map[string]string{"dav": "false", "caFile": caFile(t, s), "allow": "127.0.0.1"}), "clip", 0, -1)
	wantKind(t, "https to http", err, connectors.KindInvalid)
	if !strings.Contains(err.Error(), "from https to http") {
		t.Error(err)
	}
}

func TestTLS(t *testing.T) {
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Proto", r.Proto)
		_, _ = w.Write([]byte(clip))
	}))
	s.EnableHTTP2 = true
	s.StartTLS()
	t.Cleanup(s.Close)
	_, err := read(open(t, s.URL, map[string]string{"dav": "false"}), "clip", 0, -1)
	if e := wantKind(t, "an unknown authority", err, connectors.KindHostKey); !strings.Contains(e.Remedy, "caFile") {
		t.Error(err)
	}
	p := open(t, s.URL, map[string]string{"dav": "false", "caFile": caFile(t, s)})
	if got, err := read(p, "clip", 5, 5); got != clip[5:10] {
		t.Errorf("%q, %v", got, err)
	}
	d, err := p.(connectors.Describer).Describe(t.Context())
	if err != nil || d.Features[0] != "HTTP/1.1" {
		t.Errorf("%+v, %v", d, err)
	}
	plain := strings.Replace(serve(t, func(http.ResponseWriter, *http.Request) {}).URL, "http:", "https:", 1)
	_, err = read(open(t, plain, map[string]string{"dav": "false"}), "clip", 0, -1)
	wantKind(t, "no TLS there", err, connectors.KindInvalid)
}

func TestClientCertificate(t *testing.T) {
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = fmt.Fprintf(w, "%d certificates", len(r.TLS.PeerCertificates))
	}))
	s.TLS = &tls.Config{ClientAuth: tls.RequireAnyClientCert, MaxVersion: tls.VersionTLS12}
	s.StartTLS()
	t.Cleanup(s.Close)
	ca := caFile(t, s)
	key := filepath.Join(t.TempDir(), "key.pem")
	must(t, os.WriteFile(key, keyPEM(t, s.TLS.Certificates[0].PrivateKey), 0o600))

	_, err := read(open(t, s.URL, map[string]string{"dav": "false", "caFile": ca}), "clip", 0, -1)
	if err == nil {
		t.Fatal("no certificate is no error")
	}
	p := open(t, s.URL, map[string]string{"dav": "false", "caFile": ca, "clientCert": ca, "clientKey": "file:" + key})
	if got, err := read(p, "clip", 0, -1); got != "1 certificates" {
		t.Errorf("%q, %v", got, err)
	}
}

func TestErrorsShowNoSecrets(t *testing.T) {
	options := secrets(t)
	delete(options, "token")
	t.Setenv("WEB_PASSWORD", "hunter2")
	options["password"] = "env:WEB_PASSWORD"
	u, err := url.Parse(serve(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusInternalServerError) }).URL)
	must(t, err)
	u.User = url.User("agent7")
	p := open(t, u.String(), options)
	_, failed := read(p, "clip", 0, -1)
	for _, err := range p.List(t.Context(), "") {
		if text := fmt.Sprint(err, failed); strings.Contains(text, "hunter2") || strings.Contains(text, "agent7") || !strings.Contains(text, "***@") {
			t.Error(text)
		}
	}
}
