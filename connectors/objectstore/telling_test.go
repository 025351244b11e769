package objectstore_test

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	"gantry/connectors"
)

// All of a version is asked for without a range, so that its checksums and what is
// stated of it come with it; a piece of it says nothing of the whole.
func TestAllOfAVersionComesWithItsChecksums(t *testing.T) {
	t.Setenv("TEST_ACCESS_KEY", "key")
	t.Setenv("TEST_SECRET_KEY", "secret")
	data := []byte("what is in the store")
	want := crc(data)
	raw, err := hex.DecodeString(want[connectors.CRC64NVME])
	if err != nil {
		t.Fatal(err)
	}
	requests := make(chan *http.Request, 10)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		requests <- r
		w.Header().Set("ETag", `"v1"`)
		w.Header().Set("X-Amz-Checksum-Crc64nvme", base64.StdEncoding.EncodeToString(raw))
		w.Header().Set("X-Amz-Checksum-Type", "FULL_OBJECT")
		w.Header().Set("X-Amz-Meta-Gantry-Digests", "xxh128:00112233445566778899aabbccddeeff")
		if asked := r.Header.Get("Range"); asked == "bytes=4-7" {
			w.Header().Set("Content-Range", "bytes 4-7/20")
			w.WriteHeader(http.StatusPartialContent)
			_, _ = w.Write(data[4:8])
			return
		}
		_, _ = w.Write(data)
	}))
	t.Cleanup(server.Close)
	for _, wire := range wires {
		p := wire.place(t, server.URL, nil)
		open := func(size, offset, length int64) (connectors.Entry, error) {
			r, err := p.(connectors.Pinner).OpenAs(t.Context(), connectors.Entry{Path: "clip", Size: size, Version: "v1"}, offset, length)
			if err != nil {
				<-requests
				return connectors.Entry{}, err
			}
			defer r.Close()
			if got, err := io.ReadAll(r); err != nil || !bytes.Equal(got, data[offset:offset+length]) {
				t.Errorf("%s: %q, %v", wire.name, got, err)
			}
			return r.(connectors.Telling).Tells(), nil
		}
		all, err := open(20, 0, 20)
		if sent := <-requests; err != nil || sent.Header.Get("Range") != "" || sent.Header.Get("X-Amz-Checksum-Mode") != "ENABLED" || len(requests) > 0 {
			t.Errorf("%s: %v; sent %v and %d more requests", wire.name, err, sent.Header, len(requests))
		}
		if all.Digests[connectors.CRC64NVME] != want[connectors.CRC64NVME] || all.Stated[connectors.XXH128] == "" || all.Version != "v1" {
			t.Errorf("%s: all of it tells %+v", wire.name, all)
		}
		piece, err := open(20, 4, 4)
		if <-requests; err != nil || piece.Digests != nil || piece.Stated != nil {
			t.Errorf("%s: a piece of it tells %+v, %v", wire.name, piece, err)
		}
		if _, err := open(19, 0, 19); connectors.KindOf(err) != connectors.KindChanged {
			t.Errorf("%s: another length: %v", wire.name, err)
		}
	}
}
