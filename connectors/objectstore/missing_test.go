package objectstore_test

import (
	"bufio"
	"bytes"
	"fmt"
	"net"
	"net/http"
	"testing"

	"gantry/connectors"
)

// hasty is a server that closes each connection after the head of a request: the answer
// is there before the body is read, or is not given at all where a body comes.
func hasty(t *testing.T, mute bool) (endpoint string) {
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
			go func() {
				defer c.Close()
				r, err := http.ReadRequest(bufio.NewReaderSize(c, 4096))
				if err != nil || mute && r.Method == http.MethodPut {
					return
				}
				body := errorBody("NoSuchBucket")
				if r.Method == http.MethodHead {
					body = ""
				}
				fmt.Fprintf(c, "HTTP/1.1 404 Not Found\r\nContent-Type: application/xml\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s", len(body), body)
			}()
		}
	}()
	return "http://" + l.Addr().String()
}

// A store may say that the bucket is not there before it has read the object, and close
// the connection. That has to be heard, at the first try.
func TestABucketThatIsNotThere(t *testing.T) {
	g, _ := gateway(t)
	for what, test := range map[string]struct {
		endpoint, bucket string
		times            int
	}{
		"versitygw":                    {g.Endpoint, "nobucket", 20},
		"a store that does not wait":   {hasty(t, false), "bucket", 20},
		"a store that does not answer": {hasty(t, true), "bucket", 3},
	} {
		for _, wire := range wires {
			p, err := wire.open(t.Context(), test.endpoint, test.bucket, nil)
			if err != nil {
				t.Fatal(err)
			}
			defer p.Close()
			data := bytes.Repeat([]byte("media"), 4<<20/5)
			for range test.times {
				up, whole, err := upload(t.Context(), p, "clip", data, connectors.UploadOptions{})
				if err != nil {
					t.Fatal(err)
				}
				_, err = up.Commit(t.Context(), whole)
				isKind(t, what+", "+wire.name, err, connectors.KindNotFound, "NoSuchBucket", "create the bucket")
			}
		}
	}
}
