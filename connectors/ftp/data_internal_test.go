package ftp

import (
	"io"
	"net"
	"testing"
	"time"

	"gantry/connectors"
)

// What stood still for so long that its file may be somebody else's writes no more.
func TestALateWriteIsRefused(t *testing.T) {
	t.Parallel()
	near, far := net.Pipe()
	defer near.Close()
	go io.Copy(io.Discard, far)
	d := &data{Conn: near, timeout: time.Minute}
	for range 2 {
		if n, err := d.Write([]byte("abc")); n != 3 || err != nil {
			t.Fatal(n, err)
		}
	}
	d.wrote = d.wrote.Add(-staleAfter - time.Second)
	if n, err := d.Write([]byte("abc")); n != 0 || connectors.KindOf(err) != connectors.KindUnavailable {
		t.Errorf("%d bytes, %v", n, err)
	}
}
