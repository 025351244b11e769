package wan

import (
	"context"
	"encoding/binary"
	"io"
	"net"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

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

// bare moves as many bytes as a file has over so many connections at once, as our clients
// dial them.
func (g *ground) bare(b *testing.B, l Link, up bool, connections int) {
	for b.Loop() {
		began := time.Now()
		var all errgroup.Group
		for range connections {
			all.Go(func() error { return g.bareOne(b.Context(), up, g.size/int64(connections)) })
		}
		if err := all.Wait(); err != nil {
			b.Fatal(err)
		}
		rate := float64(g.size) / time.Since(began).Seconds()
		b.ReportMetric(0, "ns/op")
		b.ReportMetric(rate/(1<<20), "MiB/s")
		b.ReportMetric(100*rate/l.Payload(), "%link")
	}
}

func (g *ground) bareOne(ctx context.Context, up bool, size int64) error {
	c, err := link.Dialer{}.Dial(ctx, "tcp", g.far.Bare.Addr)
	if err != nil {
		return err
	}
	defer c.Close()
	ask, to, from, left := binary.BigEndian.AppendUint64([]byte{'u'}, uint64(size)), io.Writer(c), io.Reader(nothing{}), int64(1)
	if !up {
		ask[0], to, from, left = 'd', io.Discard, c, 0
	}
	if _, err = c.Write(ask); err != nil {
		return err
	}
	if _, err = io.CopyN(to, from, size); err != nil {
		return err
	}
	_, err = io.CopyN(io.Discard, c, left)
	return err
}
