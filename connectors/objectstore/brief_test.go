package objectstore_test

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"

	"gantry/connectors"
	"gantry/connectors/servers/nulls3"
)

// A counting store counts looks at objects, and may tell of another checksum than
// the one it answered to the PUT.
type countingStore struct {
	next  http.Handler
	heads atomic.Int32
	lies  bool
}

func (c *countingStore) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method == http.MethodHead {
		c.heads.Add(1)
		if c.lies {
			w.Header().Set("Last-Modified", "Thu, 29 Feb 2024 12:00:00 GMT")
			w.Header().Set("Content-Length", "7")
			w.Header().Set("ETag", `"another"`)
			return
		}
	}
	c.next.ServeHTTP(w, r)
}

func putBrief(t *testing.T, p connectors.Place, brief bool) connectors.Entry {
	t.Helper()
	data := []byte("content")
	up, err := p.Begin(t.Context(), "clip", connectors.UploadOptions{Size: int64(len(data)), Brief: brief})
	if err != nil {
		t.Fatal(err)
	}
	part, err := up.WritePart(t.Context(), connectors.Part{Number: 1, Size: int64(len(data)), Digests: crc(data)}, bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	e, err := up.Commit(t.Context(), connectors.Whole{Parts: []connectors.Part{part}, Size: int64(len(data)), Digests: crc(data)})
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// The answer to a PUT is believed once it has turned out to be what the store tells
// of the object, by whoever does not want to know its time.
func TestAnswersAreBelievedOnceTheyWereFoundRight(t *testing.T) {
	t.Setenv("TEST_ACCESS_KEY", "key")
	t.Setenv("TEST_SECRET_KEY", "secret")
	for _, w := range wires {
		for _, lies := range []bool{false, true} {
			store := &countingStore{next: nulls3.Handler(), lies: lies}
			server := httptest.NewServer(store)
			t.Cleanup(server.Close)
			p := w.place(t, server.URL, nil)
			first := putBrief(t, p, true)
			for range 3 {
				e := putBrief(t, p, true)
				if e.Size != first.Size || e.Version != first.Version || !lies && e.Digests[connectors.CRC64NVME] != crc([]byte("content"))[connectors.CRC64NVME] {
					t.Errorf("%s: %+v; want what the first had, %+v", w.name, e, first)
				}
			}
			want := int32(1)
			if lies {
				want = 4
			}
			if got := store.heads.Load(); got != want {
				t.Errorf("%s, a store that lies: %t: %d looks at the object; want %d", w.name, lies, got, want)
			}
			if e := putBrief(t, p, false); e.ModTime.IsZero() {
				t.Errorf("%s: whoever wants the time gets %+v", w.name, e)
			}
		}
	}
}

// A version that is gone is not read, whether or not the store heeds If-Match: the
// null store does not.
func TestOpenAsReadsThatVersionOnly(t *testing.T) {
	t.Setenv("TEST_ACCESS_KEY", "key")
	t.Setenv("TEST_SECRET_KEY", "secret")
	server := httptest.NewServer(nulls3.Handler(nulls3.Seed{Prefix: "bucket/root", Count: 1, Size: 9}))
	t.Cleanup(server.Close)
	for _, w := range wires {
		p := w.place(t, server.URL, nil)
		e, err := p.Stat(t.Context(), "000000.bin")
		if err != nil {
			t.Fatal(err)
		}
		pinner := p.(connectors.Pinner)
		r, err := pinner.OpenAs(t.Context(), e, 0, e.Size)
		if err != nil {
			t.Fatal(err)
		}
		if data, err := io.ReadAll(r); err != nil || !bytes.Equal(data, make([]byte, 9)) {
			t.Errorf("%s: %q, %v", w.name, data, err)
		}
		_ = r.Close()
		for version, want := range map[string]connectors.Kind{"another": connectors.KindChanged, "": connectors.KindChanged} {
			e.Version = version
			if _, err := pinner.OpenAs(t.Context(), e, 0, e.Size); connectors.KindOf(err) != want {
				t.Errorf("%s: version %q: %v; want kind %q", w.name, version, err, want)
			}
		}
	}
}
