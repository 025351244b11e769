package web_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/net/webdav"

	"gantry/connectors"
	"gantry/connectors/connectortest"
	"gantry/connectors/web"
)

// TestConformanceDAV runs the suite against the WebDAV server of the Go project.
func TestConformanceDAV(t *testing.T) {
	conformance(t, func(dir string) http.Handler {
		return &webdav.Handler{Prefix: "/dav", FileSystem: webdav.Dir(dir), LockSystem: webdav.NewMemLS()}
	}, nil)
}

// TestConformancePut runs it against a server that knows GET, PUT and DELETE alone,
// and tells its files in a list.
func TestConformancePut(t *testing.T) {
	conformance(t, func(dir string) http.Handler { return putServer{dir} }, map[string]string{"list": ".list.json"})
}

func conformance(t *testing.T, handler func(dir string) http.Handler, options map[string]string) {
	t.Parallel()
	connectortest.Run(t, func(t *testing.T) connectortest.Site {
		dir := t.TempDir()
		must(t, os.Mkdir(filepath.Join(dir, "root"), 0o755))
		s := httptest.NewServer(handler(dir))
		t.Cleanup(s.Close)
		l := connectors.Location{URL: s.URL + "/dav/root", Options: options}
		return connectortest.Site{Open: func() (connectors.Place, error) { return web.Connector().Open(t.Context(), l) }}
	})
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func open(t *testing.T, url string, options map[string]string) connectors.Place {
	t.Helper()
	p, err := web.Connector().Open(t.Context(), connectors.Location{URL: url, Options: options})
	must(t, err)
	t.Cleanup(func() { _ = p.Close() })
	return p
}

func serve(t *testing.T, h http.HandlerFunc) *httptest.Server {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	return s
}

func wantKind(t *testing.T, what string, err error, kind connectors.Kind) *connectors.Error {
	t.Helper()
	if connectors.KindOf(err) != kind {
		t.Fatalf("%s: %v (kind %q); want kind %q", what, err, connectors.KindOf(err), kind)
	}
	var e *connectors.Error
	if !errors.As(err, &e) {
		t.Fatalf("%s: %T is no *connectors.Error", what, err)
	}
	return e
}
