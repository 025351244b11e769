package wan

import (
	"encoding/binary"
	"io"
	"net"
	"testing"
	"time"

	"gantry/connectors/link"
)

// serveBare takes or gives so many bytes, and gives its address.
func serveBare() (string, error) {
	l, err := net.Listen("tcp", net.JoinHostPort(farAddr, "0"))
	if err != nil {
		return "", err
	}
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				var ask [9]byte
				if _, err := io.ReadFull(c, ask[:]); err != nil {
					return
				}
				size := int64(binary.BigEndian.Uint64(ask[1:]))
				if ask[0] == 'd' {
					_, _ = io.CopyN(c, nothing{}, size)
					return
				}
				_, _ = io.CopyN(io.Discard, c, size)
				_, _ = c.Write([]byte{1})
			}()
		}
	}()
	return l.Addr().String(), nil
}

// nothing is zeros without an end.
type nothing struct{}

func (nothing) Read(p []byte) (int, error) { return len(p), nil }

// bare moves as many bytes as a file has over one connection, as our clients dial it.
func (g *ground) bare(b *testing.B, l Link, up bool) {
	for b.Loop() {
		began := time.Now()
		c, err := link.Dialer{}.Dial(b.Context(), "tcp", g.far.Bare.Addr)
		if err != nil {
			b.Fatal(err)
		}
		ask, to, from, left := binary.BigEndian.AppendUint64([]byte{'u'}, uint64(g.size)), io.Writer(c), io.Reader(nothing{}), int64(1)
		if !up {
			ask[0], to, from, left = 'd', io.Discard, c, 0
		}
		_, err = c.Write(ask)
		if err == nil {
			_, err = io.CopyN(to, from, g.size)
		}
		if err == nil {
			_, err = io.CopyN(io.Discard, c, left)
		}
		if err != nil {
			b.Fatal(err)
		}
		_ = c.Close()
		rate := float64(g.size) / time.Since(began).Seconds()
		b.ReportMetric(0, "ns/op")
		b.ReportMetric(rate/(1<<20), "MiB/s")
		b.ReportMetric(100*rate/l.Payload(), "%link")
	}
}
