package web_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"gantry/connectors"
)

const clip = "0123456789abcdefghij"

func read(p connectors.Place, path string, offset, length int64) (string, error) {
	r, err := p.Open(context.Background(), path, offset, length)
	if err != nil {
		return "", err
	}
	defer r.Close()
	data, err := io.ReadAll(r)
	return string(data), err
}

// TestServersThatGetRangesWrong asks for five bytes from the fifth on.
func TestServersThatGetRangesWrong(t *testing.T) {
	partial := func(header, body string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Range", header)
			w.WriteHeader(http.StatusPartialContent)
			_, _ = io.WriteString(w, body)
		}
	}
	whole := func(change func(http.Header)) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			change(w.Header())
			_, _ = io.WriteString(w, clip)
		}
	}
	for name, test := range map[string]struct {
		serve  http.HandlerFunc
		offset int64
		length int64
		want   string
		kind   connectors.Kind
	}{
		"the right range":             {partial("bytes 5-9/20", clip[5:10]), 5, 5, clip[5:10], ""},
		"of unknown total":            {partial("bytes 5-9/*", clip[5:10]), 5, 5, clip[5:10], ""},
		"the rest of unknown total":   {partial("bytes 5-7/*", clip[5:8]), 5, -1, "", connectors.KindUnsupported},
		"all of it":                   {whole(func(http.Header) {}), 5, 5, clip[5:10], ""},
		"all of it, to the end":       {whole(func(http.Header) {}), 5, -1, clip[5:], ""},
		"all of it, and more is due":  {whole(func(http.Header) {}), 5, 50, "", connectors.KindIncomplete},
		"all of it, past the end":     {whole(func(http.Header) {}), 50, -1, "", connectors.KindIncomplete},
		"another range":               {partial("bytes 0-4/20", clip[0:5]), 5, 5, "", connectors.KindIntegrity},
		"a longer range":              {partial("bytes 5-19/20", clip[5:]), 5, 5, "", connectors.KindIntegrity},
		"a shorter range":             {partial("bytes 5-7/20", clip[5:8]), 5, 5, clip[5:8], connectors.KindIncomplete},
		"a shorter range of the rest": {partial("bytes 5-7/20", clip[5:8]), 5, -1, clip[5:8], connectors.KindIncomplete},
		"no range":                    {partial("", clip[5:10]), 5, 5, "", connectors.KindIntegrity},
		"nonsense":                    {partial("bytes 9-5/20", clip[5:10]), 5, 5, "", connectors.KindIntegrity},
		"a body of another length":    {partial("bytes 5-9/20", clip[5:9]), 5, 5, "", connectors.KindIntegrity},
		"several ranges": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "multipart/byteranges; boundary=x")
			w.WriteHeader(http.StatusPartialContent)
		}, 5, 5, "", connectors.KindIntegrity},
		"a range that nobody wanted": {partial("bytes 0-4/20", clip[0:5]), 0, -1, "", connectors.KindIntegrity},
		"compressed":                 {whole(func(h http.Header) { h.Set("Content-Encoding", "gzip") }), 0, -1, "", connectors.KindUnsupported},
		"nothing there":              {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusRequestedRangeNotSatisfiable) }, 5, 5, "", connectors.KindIncomplete},
		"a body that is cut": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "20")
			_, _ = io.WriteString(w, clip[:12])
		}, 0, -1, clip[:12], connectors.KindIncomplete},
		"an end that is told by the connection": {func(w http.ResponseWriter, _ *http.Request) {
			c, b, _ := http.NewResponseController(w).Hijack()
			_, _ = b.WriteString("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n" + clip[:12])
			_ = b.Flush()
			_ = c.Close()
		}, 0, -1, "", connectors.KindUnsupported},
		"more than it says": {func(w http.ResponseWriter, _ *http.Request) {
			c, b, _ := http.NewResponseController(w).Hijack()
			_, _ = b.WriteString("HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\n" + clip + "surplus")
			_ = b.Flush()
			_ = c.Close()
		}, 0, -1, clip, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := open(t, serve(t, test.serve).URL, map[string]string{"dav": "false"})
			got, err := read(p, "clip", test.offset, test.length)
			if connectors.KindOf(err) != test.kind || got != test.want && err == nil {
				t.Errorf("got %q, %v; want %q and kind %q", got, err, test.want, test.kind)
			}
		})
	}
}

func TestNoRangesOfALargeFile(t *testing.T) {
	s := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", strconv.FormatInt(1<<40, 10))
		_, _ = w.Write(make([]byte, 1000))
	})
	_, err := read(open(t, s.URL, map[string]string{"dav": "false"}), "clip", 1<<30, 5)
	wantKind(t, "read far into a file without ranges", err, connectors.KindUnsupported)
}

// TestStat describes files of servers that differ in what they tell.
func TestStat(t *testing.T) {
	sum := sha256.Sum256([]byte(clip))
	when := time.Date(2024, 2, 29, 12, 0, 0, 0, time.UTC)
	get := func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("ETag", `"v1"`)
		http.ServeContent(w, r, "clip.bin", when, strings.NewReader(clip))
	}
	noHead := func(status int) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			if r.Method == http.MethodHead {
				w.WriteHeader(status)
				return
			}
			get(w, r)
		}
	}
	with := func(headers ...string) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			for i := 0; i < len(headers); i += 2 {
				w.Header().Set(headers[i], headers[i+1])
			}
			http.ServeContent(w, r, "clip.bin", when, strings.NewReader(clip))
		}
	}
	b64, byTime := base64.StdEncoding.EncodeToString(sum[:]), fmt.Sprintf("%d-20", when.Unix())
	for name, test := range map[string]struct {
		serve   http.HandlerFunc
		version string
		sha256  string
	}{
		"HEAD":                     {get, `"v1"`, ""},
		"HEAD is 405":              {noHead(405), `"v1"`, ""},
		"HEAD is 403":              {noHead(403), `"v1"`, ""},
		"HEAD is 501":              {noHead(501), `"v1"`, ""},
		"HEAD says zero":           {noHead(200), `"v1"`, ""},
		"no tag":                   {with(), byTime, ""},
		"a weak tag":               {with("ETag", `W/"v1"`), byTime, ""},
		"Repr-Digest":              {with("Repr-Digest", "sha-256=:"+b64+":, unknown=:AA==:"), byTime, hex.EncodeToString(sum[:])},
		"Digest":                   {with("Digest", "SHA-256="+b64), byTime, hex.EncodeToString(sum[:])},
		"digests that differ":      {with("Digest", "SHA-256="+b64, "Repr-Digest", "sha-256=:"+base64.StdEncoding.EncodeToString(make([]byte, 32))+":"), byTime, ""},
		"a digest that cannot be":  {with("Digest", "SHA-256=AAAA"), byTime, ""},
		"a digest that is no text": {with("Repr-Digest", "sha-256=:,,::="), byTime, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := open(t, serve(t, test.serve).URL, nil)
			e, err := p.Stat(t.Context(), "clip")
			must(t, err)
			if e.Size != 20 || !e.ModTime.Equal(when) || e.Version != test.version || e.Digests[connectors.SHA256] != test.sha256 {
				t.Errorf("%+v; want version %s, sha256 %q", e, test.version, test.sha256)
			}
		})
	}
}

func TestStatOfNothing(t *testing.T) {
	for name, test := range map[string]struct {
		serve http.HandlerFunc
		kind  connectors.Kind
	}{
		"empty":   {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(200) }, ""},
		"no size": {func(w http.ResponseWriter, _ *http.Request) { _ = http.NewResponseController(w).Flush() }, connectors.KindUnsupported},
		"gzip": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Encoding", "br")
			_, _ = io.WriteString(w, clip)
		}, connectors.KindUnsupported},
		"a folder": {func(w http.ResponseWriter, r *http.Request) {
			if strings.HasSuffix(r.URL.Path, "/") {
				_, _ = io.WriteString(w, "<html>index")
				return
			}
			http.Redirect(w, r, r.URL.Path+"/", http.StatusMovedPermanently)
		}, connectors.KindNotFound},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := open(t, serve(t, test.serve).URL+"/dir", map[string]string{"dav": "false"})
			if e, err := p.Stat(t.Context(), "x"); connectors.KindOf(err) != test.kind || e.Size != 0 {
				t.Errorf("%+v, %v; want kind %q", e, err, test.kind)
			}
		})
	}
}

// TestAFileThatChanges is noticed whether or not the server knows conditions, and is
// read anew after that.
func TestAFileThatChanges(t *testing.T) {
	for _, knows := range []bool{true, false} {
		for _, tagged := range []bool{true, false} {
			t.Run(fmt.Sprintf("conditions=%v tags=%v", knows, tagged), func(t *testing.T) {
				var version atomic.Int64
				s := serve(t, func(w http.ResponseWriter, r *http.Request) {
					v := version.Load()
					if tagged {
						w.Header().Set("ETag", fmt.Sprintf(`"v%d"`, v))
					}
					if !knows {
						r.Header.Del("If-Match")
						r.Header.Del("If-Unmodified-Since")
					}
					http.ServeContent(w, r, "clip.bin", time.Unix(1_700_000_000+v, 0), strings.NewReader(clip))
				})
				p := open(t, s.URL, nil)
				_, err := p.Stat(t.Context(), "clip")
				must(t, err)
				if got, err := read(p, "clip", 0, 5); got != clip[:5] {
					t.Fatalf("%q, %v", got, err)
				}
				version.Add(1)
				_, err = read(p, "clip", 5, 5)
				wantKind(t, "read on", err, connectors.KindChanged)
				if got, err := read(p, "clip", 5, 5); got != clip[5:10] {
					t.Errorf("after the change was told: %q, %v", got, err)
				}
			})
		}
	}
}

func TestHeadThatLiesAboutTheSize(t *testing.T) {
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("ETag", `"v1"`)
		if r.Method == http.MethodHead {
			w.Header().Set("Content-Length", "7")
			return
		}
		http.ServeContent(w, r, "clip.bin", time.Unix(1_700_000_000, 0), strings.NewReader(clip))
	})
	p := open(t, s.URL, map[string]string{"dav": "false"})
	if e, err := p.Stat(t.Context(), "clip"); e.Size != 7 {
		t.Fatalf("%+v, %v", e, err)
	}
	_, err := read(p, "clip", 0, 5)
	wantKind(t, "read", err, connectors.KindChanged)
	if e, err := p.Stat(t.Context(), "clip"); e.Size != 20 {
		t.Errorf("once the lie is known: %+v, %v", e, err)
	}
}

func TestStatuses(t *testing.T) {
	for status, kind := range map[int]connectors.Kind{
		400: connectors.KindInvalid, 401: connectors.KindAuth, 403: connectors.KindPermission, 404: connectors.KindNotFound, 407: connectors.KindAuth,
		408: connectors.KindTimeout, 410: connectors.KindNotFound, 412: connectors.KindChanged, 423: connectors.KindBusy, 429: connectors.KindBusy, 451: connectors.KindPermission,
		500: connectors.KindUnavailable, 502: connectors.KindUnavailable, 503: connectors.KindBusy, 504: connectors.KindTimeout, 507: connectors.KindNoSpace, 599: connectors.KindUnavailable,
		204: connectors.KindOther, 300: connectors.KindInvalid, 304: connectors.KindInvalid,
	} {
		s := serve(t, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Retry-After", "7")
			w.WriteHeader(status)
		})
		_, err := read(open(t, s.URL, map[string]string{"dav": "false"}), "clip", 0, -1)
		if e := wantKind(t, strconv.Itoa(status), err, kind); status != 412 && e.After != 7*time.Second {
			t.Errorf("%d: wait %s", status, e.After)
		}
	}
}

func TestRetryAfterADate(t *testing.T) {
	now := time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC) // by the server's clock
	s := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Date", now.Format(http.TimeFormat))
		w.Header().Set("Retry-After", now.Add(90*time.Second).Format(http.TimeFormat))
		w.WriteHeader(http.StatusServiceUnavailable)
	})
	_, err := read(open(t, s.URL, map[string]string{"dav": "false"}), "clip", 0, -1)
	if e := wantKind(t, "busy", err, connectors.KindBusy); e.After != 90*time.Second {
		t.Errorf("wait %s", e.After)
	}
}

func TestSlowBodyIsCancelled(t *testing.T) {
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Length", "1000")
		tick := time.NewTicker(100 * time.Millisecond)
		defer tick.Stop()
		for {
			if _, err := w.Write([]byte("x")); err != nil {
				return
			}
			_ = http.NewResponseController(w).Flush()
			select {
			case <-tick.C:
			case <-r.Context().Done():
				return
			}
		}
	})
	p := open(t, s.URL, map[string]string{"dav": "false"})
	ctx, cancel := context.WithCancel(t.Context())
	r, err := p.Open(ctx, "clip", 0, -1)
	must(t, err)
	defer r.Close()
	_, err = io.ReadFull(r, make([]byte, 2))
	must(t, err)
	began := time.Now()
	cancel()
	_, err = io.ReadAll(r)
	wantKind(t, "read on", err, connectors.KindCanceled)
	if took := time.Since(began); took > 5*time.Second {
		t.Errorf("it took %s", took)
	}
}

func TestSilentServersAreGivenUp(t *testing.T) {
	silent := func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodGet {
			w.Header().Set("Content-Length", "1000")
			_, _ = w.Write([]byte("x"))
			_ = http.NewResponseController(w).Flush()
		}
		<-r.Context().Done()
	}
	p := open(t, serve(t, silent).URL, map[string]string{"dav": "false", "timeout": "200ms"})
	_, err := p.Stat(t.Context(), "clip")
	wantKind(t, "no answer", err, connectors.KindTimeout)
	_, err = read(p, "clip", 0, -1)
	wantKind(t, "no more of the body", err, connectors.KindTimeout)
}

// TestFloods are answers that would fill our memory.
func TestFloods(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	t.Cleanup(func() { _ = l.Close() })
	var sent atomic.Int64
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				_, _ = c.Read(make([]byte, 4096))
				_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\n")
				for {
					n, err := c.Write(bytes.Repeat([]byte("X-Flood: x\r\n"), 1000))
					if sent.Add(int64(n)); err != nil {
						return
					}
				}
			}()
		}
	}()
	p := open(t, "http://"+l.Addr().String(), map[string]string{"dav": "false"})
	if _, err := read(p, "clip", 0, -1); err == nil {
		t.Error("headers without end are no error")
	}

	var body atomic.Int64
	s := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/xml")
		w.WriteHeader(http.StatusForbidden)
		for range 1 << 14 {
			n, err := w.Write(make([]byte, 64<<10))
			if body.Add(int64(n)); err != nil {
				return
			}
		}
	})
	_, err = read(open(t, s.URL, map[string]string{"dav": "false"}), "clip", 0, -1)
	wantKind(t, "an error of 1 GiB", err, connectors.KindPermission)
	s.Close()
	if n := body.Load(); n > 16<<20 {
		t.Errorf("%d bytes of it went over the wire", n)
	}
}
