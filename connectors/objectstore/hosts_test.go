package objectstore_test

import (
	"context"
	"encoding/binary"
	"io"
	"net"
	"testing"

	"gantry/connectors"
	"gantry/connectors/servers"
)

// loopbackNames answers that every name is this machine, for as long as the test
// runs: Go's resolver knows no *.localhost.
func loopbackNames(t *testing.T) {
	t.Helper()
	saved := net.DefaultResolver
	t.Cleanup(func() { net.DefaultResolver = saved })
	net.DefaultResolver = &net.Resolver{PreferGo: true, Dial: func(context.Context, string, string) (net.Conn, error) {
		ours, theirs := net.Pipe()
		go serveNames(ours)
		return theirs, nil
	}}
}

// serveNames speaks DNS over a stream: each message has its length before it.
func serveNames(c net.Conn) {
	defer c.Close()
	for {
		var length uint16
		if binary.Read(c, binary.BigEndian, &length) != nil {
			return
		}
		q := make([]byte, length)
		if _, err := io.ReadFull(c, q); err != nil {
			return
		}
		end := 12
		for q[end] != 0 {
			end += int(q[end]) + 1
		}
		kind := binary.BigEndian.Uint16(q[end+1:])
		question := q[12 : end+5]
		reply := append([]byte{q[0], q[1], 0x81, 0x80, 0, 1, 0, 0, 0, 0, 0, 0}, question...)
		if kind == 1 { // A
			reply[7] = 1
			reply = append(reply, 0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 1, 0, 4, 127, 0, 0, 1)
		}
		if _, err := c.Write(binary.BigEndian.AppendUint16(nil, uint16(len(reply)))); err != nil {
			return
		}
		if _, err := c.Write(reply); err != nil {
			return
		}
	}
}

// The bucket in the host's name, on a real server.
func TestVirtualHosts(t *testing.T) {
	loopbackNames(t)
	g, err := servers.StartVersityGWWith(t.Context(), t.TempDir(), servers.VersityGWOptions{Domain: "s3.example", Versioning: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("TEST_ACCESS_KEY", g.AccessKey)
	t.Setenv("TEST_SECRET_KEY", g.SecretKey)
	if err := g.MakeBucket(t.Context(), "bucket"); err != nil {
		t.Fatal(err)
	}
	for _, w := range wires {
		p := w.place(t, g.Endpoint, map[string]string{"pathStyle": "false", "tags": "a=b"})
		put(t, p, w.name+"/small +ä", []byte("frames"))
		put(t, p, w.name+"/big", big())
		if got, err := read(p, t.Context(), w.name+"/small +ä", 1, 3); got != "ram" {
			t.Errorf("%s reads %q, %v", w.name, got, err)
		}
		if paths, err := list(t.Context(), p, w.name); len(paths) != 2 {
			t.Errorf("%s lists %q, %v", w.name, paths, err)
		}
		if tags, err := can[connectors.Tagger](t, p).Tags(t.Context(), w.name+"/small +ä"); tags["a"] != "b" {
			t.Errorf("%s: tags %q, %v", w.name, tags, err)
		}
		if d, err := can[connectors.Describer](t, p).Describe(t.Context()); d.Software != "versitygw" {
			t.Errorf("%s: %+v, %v", w.name, d, err)
		}
		if _, err := can[connectors.Copier](t, p).Copy(t.Context(), w.name+"/small +ä", w.name+"/copy"); err != nil {
			t.Errorf("%s: %v", w.name, err)
		}
	}
	isolated, err := wires[1].open(t.Context(), g.Endpoint, "other/root", map[string]string{"pathStyle": "false"})
	if err != nil {
		t.Fatal(err)
	}
	defer isolated.Close()
	_, err = isolated.Stat(t.Context(), "clip")
	isKind(t, "a bucket that is not there", err, connectors.KindNotFound, "create the bucket")
}
