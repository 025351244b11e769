package web_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/net/webdav"

	"gantry/connectors"
)

// TestAnUploadLeavesRoomForWhatItIsReadFrom: the next bytes of a copy inside one
// location are fetched while its upload is under way.
func TestAnUploadLeavesRoomForWhatItIsReadFrom(t *testing.T) {
	for _, dav := range []string{"true", "false"} {
		t.Run("dav="+dav, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			must(t, os.WriteFile(filepath.Join(dir, "source"), []byte(clip), 0o600))
			var handler http.Handler = putServer{dir}
			if dav == "true" {
				handler = &webdav.Handler{FileSystem: webdav.Dir(dir), LockSystem: webdav.NewMemLS()}
			}
			s := serve(t, handler.ServeHTTP)
			p := open(t, s.URL, map[string]string{"dav": dav, "connections": "1"})
			up, w, err := begin(t, p, connectors.UploadOptions{Size: 2 * megabyte}, frames(2*megabyte))
			must(t, err)
			ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
			defer cancel()
			r, err := p.Open(ctx, "source", 0, 5)
			must(t, err)
			must(t, r.Close())
			_, err = up.Commit(ctx, w)
			must(t, err)
		})
	}
}

// TestAcceptedIsNotTheOldFile though it has as many bytes.
func TestAcceptedIsNotTheOldFile(t *testing.T) {
	for _, size := range []int{1000, megabyte} { // at once, and streamed
		t.Run(fmt.Sprint(size), func(t *testing.T) {
			t.Parallel()
			var mu sync.Mutex
			stored, version, waiting := bytes.Repeat([]byte("old"), size)[:size], 1, []byte(nil)
			s := serve(t, func(w http.ResponseWriter, r *http.Request) {
				if r.Method == http.MethodPut {
					data, _ := io.ReadAll(r.Body)
					mu.Lock()
					defer mu.Unlock()
					waiting = data
					w.WriteHeader(http.StatusAccepted)
					return
				}
				mu.Lock()
				defer mu.Unlock()
				w.Header().Set("ETag", fmt.Sprintf(`"v%d"`, version))
				http.ServeContent(w, r, "clip.bin", time.Unix(1_700_000_000, 0), bytes.NewReader(stored))
			})
			p := open(t, s.URL, map[string]string{"dav": "false"})
			up, w, err := begin(t, p, connectors.UploadOptions{Size: int64(size)}, frames(size))
			must(t, err)
			for range 2 {
				_, err = up.Commit(t.Context(), w)
				wantKind(t, "commit before it is stored", err, connectors.KindBusy)
			}
			mu.Lock()
			stored, version = waiting, 2
			mu.Unlock()
			if e, err := up.Commit(t.Context(), w); err != nil || e.Version != `"v2"` {
				t.Errorf("%+v, %v", e, err)
			}
		})
	}
}

// TestAnAbortIsRepeated until what was staged is gone.
func TestAnAbortIsRepeated(t *testing.T) {
	dir := t.TempDir()
	var mu sync.Mutex
	failing := true
	dav := &webdav.Handler{FileSystem: webdav.Dir(dir), LockSystem: webdav.NewMemLS()}
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		fail := failing && r.Method == http.MethodDelete
		mu.Unlock()
		if fail {
			w.WriteHeader(http.StatusInternalServerError)
			return
		}
		dav.ServeHTTP(w, r)
	})
	p := open(t, s.URL, nil)
	up, _, err := begin(t, p, connectors.UploadOptions{Size: 4 * megabyte}, frames(2*megabyte))
	must(t, err)
	for range 2 {
		wantKind(t, "abort while nothing can be removed", up.Abort(t.Context()), connectors.KindUnavailable)
	}
	mu.Lock()
	failing = false
	mu.Unlock()
	for range 2 {
		must(t, up.Abort(t.Context()))
	}
	if left, err := os.ReadDir(filepath.Join(dir, ".gantry-uploads")); err != nil || len(left) > 0 {
		t.Errorf("%v, %v", left, err)
	}
	_, err = up.WritePart(t.Context(), connectors.Part{Number: 1, Size: 3}, strings.NewReader("abc"))
	wantKind(t, "a part after that", err, connectors.KindNotFound)
}

func TestUnfinishedUploadsBelowAFolderCannotBeTold(t *testing.T) {
	s := serve(t, (&webdav.Handler{FileSystem: webdav.Dir(t.TempDir()), LockSystem: webdav.NewMemLS()}).ServeHTTP)
	sweeper, _ := connectors.As[connectors.Sweeper](open(t, s.URL, nil))
	told := 0
	for _, err := range sweeper.Unfinished(t.Context(), "day1") {
		told++
		wantKind(t, "those below a folder", err, connectors.KindUnsupported)
	}
	if told != 1 {
		t.Errorf("%d are told", told)
	}
}

// TestAnEndThatIsTooEarly for the size that Stat saw, told by chunks that end well.
func TestAnEndThatIsTooEarly(t *testing.T) {
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodHead {
			w.Header().Set("Content-Length", "20")
			return
		}
		_, _ = io.WriteString(w, clip[:12])
		_ = http.NewResponseController(w).Flush()
	})
	p := open(t, s.URL, map[string]string{"dav": "false"})
	for _, offset := range []int64{0, 5} {
		if got, err := read(p, "clip", 0, -1); err != nil || got != clip[:12] {
			t.Fatalf("before it was looked at: %q, %v", got, err)
		}
		_, err := p.Stat(t.Context(), "clip")
		must(t, err)
		_, err = read(p, "clip", offset, -1)
		wantKind(t, "read to the end", err, connectors.KindIncomplete)
		p = open(t, s.URL, map[string]string{"dav": "false"})
	}
}
