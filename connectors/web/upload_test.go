package web_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
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

const megabyte = 1 << 20

func frames(size int) []byte { return bytes.Repeat([]byte("frames! "), size/8) }

// begin writes parts of a megabyte of an upload of size bytes.
func begin(t *testing.T, p connectors.Place, o connectors.UploadOptions, data []byte) (connectors.Upload, connectors.Whole, error) {
	t.Helper()
	return beginTo(t, p, "clip", o, data)
}

func beginAt(t *testing.T, p connectors.Place, path string, data []byte) (connectors.Upload, connectors.Whole, error) {
	t.Helper()
	return beginTo(t, p, path, connectors.UploadOptions{Size: int64(len(data))}, data)
}

func beginTo(t *testing.T, p connectors.Place, path string, o connectors.UploadOptions, data []byte) (connectors.Upload, connectors.Whole, error) {
	t.Helper()
	up, err := p.Begin(t.Context(), path, o)
	must(t, err)
	w := connectors.Whole{Size: int64(len(data))}
	for offset := 0; offset < len(data); offset += megabyte {
		piece := data[offset:min(len(data), offset+megabyte)]
		part, err := up.WritePart(t.Context(), connectors.Part{Number: len(w.Parts) + 1, Offset: int64(offset), Size: int64(len(piece))}, bytes.NewReader(piece))
		if err != nil {
			return up, w, err
		}
		w.Parts = append(w.Parts, part)
	}
	return up, w, nil
}

// TestBytesAreHeldBack until Commit, and an abort is seen as a body that is not whole.
func TestBytesAreHeldBack(t *testing.T) {
	for _, size := range []int64{4 * megabyte, -1} {
		got := make(chan error, 1)
		var length int64
		s := serve(t, func(w http.ResponseWriter, r *http.Request) {
			if r.Method != http.MethodPut {
				http.NotFound(w, r)
				return
			}
			length = r.ContentLength
			_, err := io.Copy(io.Discard, r.Body)
			got <- err
			w.WriteHeader(http.StatusCreated)
		})
		p := open(t, s.URL, map[string]string{"dav": "false"})
		up, _, err := begin(t, p, connectors.UploadOptions{Size: size}, frames(4*megabyte))
		must(t, err)
		select {
		case err := <-got:
			t.Fatalf("the server had all before Commit: %v", err)
		default:
		}
		must(t, up.Abort(t.Context()))
		if err := <-got; err == nil {
			t.Error("the server takes an aborted upload for a whole one")
		}
		if length != size {
			t.Errorf("announced were %d bytes of %d", length, size)
		}
	}
}

func TestSmallFilesComeWithTheirDigest(t *testing.T) {
	var header http.Header
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		header = r.Header
		_, _ = io.Copy(io.Discard, r.Body)
		w.WriteHeader(http.StatusCreated)
	})
	p := open(t, s.URL, map[string]string{"dav": "false", "writeOnly": "true"})
	up, err := p.Begin(t.Context(), "clip", connectors.UploadOptions{Size: 3, ContentType: "video/mp4", Exclusive: true})
	must(t, err)
	part, err := up.WritePart(t.Context(), connectors.Part{Number: 1, Size: 3}, strings.NewReader("abc"))
	must(t, err)
	sum := sha256.Sum256([]byte("abc"))
	e, err := up.Commit(t.Context(), connectors.Whole{Parts: []connectors.Part{part}, Size: 3, Digests: connectors.Digests{
		connectors.SHA256: hex.EncodeToString(sum[:]), connectors.MD5: "900150983cd24fb0d6963f7d28e17f72",
	}})
	must(t, err)
	for name, want := range map[string]string{
		"Repr-Digest": "sha-256=:ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=:", "Content-Md5": "kAFQmDzST7DWlj99KOF/cg==",
		"Content-Type": "video/mp4", "If-None-Match": "*",
	} {
		if header.Get(name) != want {
			t.Errorf("%s is %q; want %q", name, header.Get(name), want)
		}
	}
	if e.Size != 3 || !p.Traits().WriteOnly {
		t.Errorf("%+v", e)
	}
}

// TestRefusedUploads answer before all is sent, and the server's reason is told.
func TestRefusedUploads(t *testing.T) {
	for status, kind := range map[int]connectors.Kind{
		401: connectors.KindAuth, 403: connectors.KindPermission, 409: connectors.KindInvalid, 411: connectors.KindUnsupported, 412: connectors.KindExists,
		413: connectors.KindInvalid, 423: connectors.KindBusy, 429: connectors.KindBusy, 503: connectors.KindUnavailable, 507: connectors.KindNoSpace,
		200: connectors.KindIncomplete, 201: connectors.KindIncomplete,
	} {
		for _, first := range []int64{0, 2 * megabyte} {
			s := serve(t, func(w http.ResponseWriter, r *http.Request) {
				if r.Method != http.MethodPut {
					http.NotFound(w, r)
					return
				}
				_, _ = io.CopyN(io.Discard, r.Body, first)
				w.Header().Set("Connection", "close")
				w.WriteHeader(status)
			})
			p := open(t, s.URL, map[string]string{"dav": "false"})
			up, w, err := begin(t, p, connectors.UploadOptions{Size: 64 * megabyte}, frames(64*megabyte))
			if err == nil {
				_, err = up.Commit(t.Context(), w)
			}
			got := connectors.KindOf(err)
			// A server that cuts the connection without reading on may kill its own answer.
			if got != kind && (first == 0 || got != connectors.KindUnavailable) && (status != 412 || got != connectors.KindChanged) {
				t.Errorf("%d after %d bytes: %v; want %q", status, first, err, kind)
			}
			if _, err := up.WritePart(t.Context(), connectors.Part{Number: 1, Size: 3}, strings.NewReader("abc")); connectors.KindOf(err) != connectors.KindNotFound {
				t.Errorf("%d: a part after that: %v", status, err)
			}
		}
	}
}

func TestAcceptedIsNotStored(t *testing.T) {
	var mu sync.Mutex
	var stored []byte
	polls := 0
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		if r.Method == http.MethodPut {
			stored, _ = io.ReadAll(r.Body)
			w.WriteHeader(http.StatusAccepted)
			return
		}
		if polls++; polls < 4 { // one look is before the PUT
			http.NotFound(w, r)
			return
		}
		http.ServeContent(w, r, "clip.bin", time.Unix(1_700_000_000, 0), bytes.NewReader(stored))
	})
	p := open(t, s.URL, map[string]string{"dav": "false"})
	up, w, err := begin(t, p, connectors.UploadOptions{Size: 1000}, frames(1000))
	must(t, err)
	for range 2 {
		_, err = up.Commit(t.Context(), w)
		wantKind(t, "commit before it is stored", err, connectors.KindBusy)
	}
	if e, err := up.Commit(t.Context(), w); err != nil || e.Size != 1000 {
		t.Errorf("%+v, %v", e, err)
	}
}

// TestServersThatStoreInPlace show a fragment; an abort tells.
func TestServersThatStoreInPlace(t *testing.T) {
	dir := t.TempDir()
	closed := make(chan struct{})
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		name := filepath.Join(dir, "clip")
		if r.Method == http.MethodPut {
			f, _ := os.Create(name)
			_, _ = io.Copy(f, r.Body)
			_ = f.Close()
			close(closed)
			return
		}
		http.ServeFile(w, r, name)
	})
	p := open(t, s.URL, map[string]string{"dav": "false"})
	up, _, err := begin(t, p, connectors.UploadOptions{Size: 4 * megabyte}, frames(2*megabyte))
	must(t, err)
	aborted := make(chan error, 1)
	go func() {
		// The look at what is left comes after the server has seen the end.
		aborted <- up.Abort(context.WithoutCancel(t.Context()))
	}()
	<-closed
	if err := <-aborted; err != nil && !strings.Contains(err.Error(), "stores in place") {
		t.Error(err)
	}
}

func TestAFolderIsNeitherReplacedNorRemoved(t *testing.T) {
	dir := t.TempDir()
	must(t, os.MkdirAll(filepath.Join(dir, "clip", "day1"), 0o755))
	must(t, os.WriteFile(filepath.Join(dir, "clip", "day1", "master.mxf"), []byte("x"), 0o600))
	s := serve(t, (&webdav.Handler{FileSystem: webdav.Dir(dir), LockSystem: webdav.NewMemLS()}).ServeHTTP)
	p := open(t, s.URL, nil)
	_, err := upload(t, p, "clip", []byte("x"))
	wantKind(t, "upload to a folder's name", err, connectors.KindInvalid)
	wantKind(t, "remove a folder", p.Remove(t.Context(), "clip"), connectors.KindNotFound)
	foldered, _ := connectors.As[connectors.Foldered](p)
	wantKind(t, "remove a folder that is not empty", foldered.RemoveFolder(t.Context(), "clip/day1"), connectors.KindExists)
	if _, err := os.Stat(filepath.Join(dir, "clip", "day1", "master.mxf")); err != nil {
		t.Fatal(err)
	}
	must(t, p.Remove(t.Context(), "clip/day1/master.mxf"))
	must(t, foldered.RemoveFolder(t.Context(), "clip/day1"))
	wantKind(t, "remove a folder that is gone", foldered.RemoveFolder(t.Context(), "clip/day1"), connectors.KindNotFound)
}

func TestTheRootIsMade(t *testing.T) {
	dir := t.TempDir()
	s := serve(t, (&webdav.Handler{FileSystem: webdav.Dir(dir), LockSystem: webdav.NewMemLS()}).ServeHTTP)
	_, err := upload(t, open(t, s.URL+"/a/b%20c", map[string]string{"create": "false"}), "clip", []byte("x"))
	wantKind(t, "without leave to make it", err, connectors.KindNotFound)
	p := open(t, s.URL+"/a/b%20c", nil)
	_, err = upload(t, p, "d/clip", []byte("x"))
	must(t, err)
	if _, err := os.Stat(filepath.Join(dir, "a", "b c", "d", "clip")); err != nil {
		t.Error(err)
	}
}

// TestWhatIsLeftBehind is found by the sweeper, and goes when its upload is asked for.
func TestWhatIsLeftBehind(t *testing.T) {
	dir := t.TempDir()
	s := serve(t, (&webdav.Handler{FileSystem: webdav.Dir(dir), LockSystem: webdav.NewMemLS()}).ServeHTTP)
	var ids []string
	for range 2 {
		p := open(t, s.URL, nil)
		up, _, err := begin(t, p, connectors.UploadOptions{Size: 4 * megabyte}, frames(2*megabyte))
		must(t, err)
		ids = append(ids, up.ID())
		must(t, p.Close())
	}
	p := open(t, s.URL, nil)
	sweeper, _ := connectors.As[connectors.Sweeper](p)
	found := map[string]connectors.Unfinished{}
	for u, err := range sweeper.Unfinished(t.Context(), "") {
		must(t, err)
		found[u.ID] = u
	}
	if len(found) != 2 || found[ids[0]].Began.IsZero() {
		t.Fatalf("%+v", found)
	}
	must(t, sweeper.Discard(t.Context(), found[ids[0]]))
	must(t, sweeper.Discard(t.Context(), found[ids[0]]))
	wantKind(t, "discard something else", sweeper.Discard(t.Context(), connectors.Unfinished{ID: "../clip"}), connectors.KindInvalid)
	_, err := p.Begin(t.Context(), "clip", connectors.UploadOptions{Resume: ids[1]})
	wantKind(t, "take up", err, connectors.KindNotFound)
	if left, err := os.ReadDir(filepath.Join(dir, ".gantry-uploads")); err != nil || len(left) > 0 {
		t.Errorf("%v, %v", left, err)
	}
}

func TestACommitWhoseAnswerIsLost(t *testing.T) {
	dir := t.TempDir()
	lose := true
	dav := &webdav.Handler{FileSystem: webdav.Dir(dir), LockSystem: webdav.NewMemLS()}
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Method == "MOVE" && lose {
			lose = false
			dav.ServeHTTP(discard{http.Header{}}, r)
			panic(http.ErrAbortHandler)
		}
		dav.ServeHTTP(w, r)
	})
	p := open(t, s.URL, nil)
	up, w, err := begin(t, p, connectors.UploadOptions{Size: megabyte}, frames(megabyte))
	must(t, err)
	if _, err = up.Commit(t.Context(), w); !connectors.Retryable(err) {
		t.Fatalf("%v is not worth another attempt", err)
	}
	_, err = up.Commit(t.Context(), w)
	wantKind(t, "commit again", err, connectors.KindNotFound)
	if got, err := read(p, "clip", 0, -1); err != nil || got != string(frames(megabyte)) {
		t.Errorf("%d bytes, %v", len(got), err)
	}
}

type discard struct{ header http.Header }

func (d discard) Header() http.Header         { return d.header }
func (d discard) Write(b []byte) (int, error) { return len(b), nil }
func (d discard) WriteHeader(int)             {}

func TestCloseEndsAllCalls(t *testing.T) {
	p := open(t, serve(t, func(w http.ResponseWriter, r *http.Request) { <-r.Context().Done() }).URL, map[string]string{"dav": "false"})
	failed := make(chan error, 1)
	started := make(chan struct{})
	go func() {
		close(started)
		_, err := p.Stat(context.WithoutCancel(t.Context()), "clip")
		failed <- err
	}()
	<-started
	must(t, p.Close())
	if err := <-failed; err == nil || errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

func TestWhatServersSayOfThemselves(t *testing.T) {
	dav := &webdav.Handler{FileSystem: webdav.Dir(t.TempDir()), LockSystem: webdav.NewMemLS()}
	for software, doubtful := range map[string]bool{"nginx/1.22.1": true, "Apache/2.4": false} {
		s := serve(t, func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Server", software)
			dav.ServeHTTP(w, r)
		})
		p := open(t, s.URL, nil)
		if p.Traits().DoubtfulLists != doubtful {
			t.Errorf("the listings of %s are doubtful: %v", software, !doubtful)
		}
		describer, _ := connectors.As[connectors.Describer](p)
		d, err := describer.Describe(t.Context())
		must(t, err)
		if d.Software != software || d.Clock.IsZero() || len(d.Features) < 3 || d.Features[0] != "HTTP/1.1" || d.Features[1] != "DAV: 1, 2" {
			t.Errorf("%+v", d)
		}
	}
}
