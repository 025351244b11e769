package web_test

import (
	"context"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"

	"golang.org/x/net/webdav"

	"gantry/connectors"
	"gantry/connectors/web"
)

// TestWhetherItSpeaksWebDAV is not decided by a server that answers OPTIONS with
// trouble: a PUT to the final name would replace a file where one was to be staged.
func TestWhetherItSpeaksWebDAV(t *testing.T) {
	for status, want := range map[int]struct {
		open, write connectors.Kind
	}{
		400: {"", ""}, 404: {"", ""}, 405: {"", ""}, 501: {"", ""},
		302: {"", connectors.KindInvalid}, 403: {"", connectors.KindPermission},
		401: {connectors.KindAuth, ""}, 429: {connectors.KindBusy, ""}, 500: {connectors.KindUnavailable, ""}, 503: {connectors.KindUnavailable, ""},
	} {
		t.Run(strconv.Itoa(status), func(t *testing.T) {
			t.Parallel()
			var written atomic.Int32
			s := serve(t, func(w http.ResponseWriter, r *http.Request) {
				switch r.Method {
				case http.MethodOptions:
					w.Header().Set("Location", "/elsewhere/")
					w.WriteHeader(status)
				case http.MethodPut, http.MethodDelete:
					written.Add(1)
					_, _ = io.Copy(io.Discard, r.Body)
					w.WriteHeader(http.StatusCreated)
				default:
					_, _ = io.WriteString(w, clip)
				}
			})
			p, err := web.Connector().Open(t.Context(), connectors.Location{URL: s.URL})
			if connectors.KindOf(err) != want.open {
				t.Fatalf("open: %v; want kind %q", err, want.open)
			}
			if err != nil {
				if !strings.Contains(err.Error(), "dav") && status != 401 {
					t.Errorf("it does not say what to do: %v", err)
				}
				return
			}
			defer p.Close()
			if got, err := read(p, "clip", 0, -1); err != nil || got != clip {
				t.Errorf("%q, %v", got, err)
			}
			_, err = upload(t, p, "clip", []byte(clip))
			if connectors.KindOf(err) != want.write {
				t.Errorf("upload: %v; want kind %q", err, want.write)
			}
			if err := p.Remove(t.Context(), "clip"); connectors.KindOf(err) != want.write {
				t.Errorf("remove: %v; want kind %q", err, want.write)
			}
			if want.write != "" && written.Load() > 0 {
				t.Error("it was written to")
			}
		})
	}
}

func TestWebDAVThatForbidsOptions(t *testing.T) {
	dav := &webdav.Handler{FileSystem: webdav.Dir(t.TempDir()), LockSystem: webdav.NewMemLS()}
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodOptions {
			w.WriteHeader(http.StatusForbidden)
			return
		}
		dav.ServeHTTP(w, r)
	})
	p := open(t, s.URL, map[string]string{"dav": "true"})
	_, err := upload(t, p, "clip", []byte(clip))
	must(t, err)
}

// A hiding file system lists no names that begin with a dot, as nginx does.
type hiding struct{ webdav.Dir }

func (h hiding) OpenFile(ctx context.Context, name string, flag int, mode os.FileMode) (webdav.File, error) {
	f, err := h.Dir.OpenFile(ctx, name, flag, mode)
	return hidingFile{f}, err
}

type hidingFile struct{ webdav.File }

func (f hidingFile) Readdir(count int) ([]os.FileInfo, error) {
	all, err := f.File.Readdir(count)
	shown := all[:0]
	for _, info := range all {
		if !strings.HasPrefix(info.Name(), ".") {
			shown = append(shown, info)
		}
	}
	return shown, err
}

// TestHiddenFilesAreNotRemoved with a folder that seems empty.
func TestHiddenFilesAreNotRemoved(t *testing.T) {
	dir := t.TempDir()
	hidden := filepath.Join(dir, "card", ".index")
	must(t, os.Mkdir(filepath.Dir(hidden), 0o755))
	must(t, os.WriteFile(hidden, []byte("x"), 0o600))
	dav := &webdav.Handler{FileSystem: hiding{webdav.Dir(dir)}, LockSystem: webdav.NewMemLS()}
	p := open(t, serve(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Server", "nginx/1.22.1")
		dav.ServeHTTP(w, r)
	}).URL, nil)
	foldered, _ := connectors.As[connectors.Foldered](p)
	wantKind(t, "remove a folder with a hidden file", foldered.RemoveFolder(t.Context(), "card"), connectors.KindUnsupported)
	wantKind(t, "remove no folder", foldered.RemoveFolder(t.Context(), "nothing"), connectors.KindNotFound)
	if _, err := os.Stat(hidden); err != nil {
		t.Error(err)
	}
}

// TestADropBoxKeepsItsFolders though it is not looked at otherwise.
func TestADropBoxKeepsItsFolders(t *testing.T) {
	dir := t.TempDir()
	name := filepath.Join(dir, "day1", "master.mxf")
	must(t, os.Mkdir(filepath.Dir(name), 0o755))
	must(t, os.WriteFile(name, []byte("x"), 0o600))
	s := serve(t, (&webdav.Handler{FileSystem: webdav.Dir(dir), LockSystem: webdav.NewMemLS()}).ServeHTTP)
	p := open(t, s.URL, map[string]string{"writeOnly": "true"})
	wantKind(t, "remove a folder", p.Remove(t.Context(), "day1"), connectors.KindNotFound)
	if _, err := os.Stat(name); err != nil {
		t.Fatal(err)
	}
	must(t, p.Remove(t.Context(), "day1/master.mxf"))
}
