package link_test

import (
	"io"
	"net"
	"syscall"
	"testing"
	"time"

	"gantry/connectors/link"
)

// BenchmarkCongestion sends to a peer next door: what an algorithm that paces costs
// there, with both ends in this process.
func BenchmarkCongestion(b *testing.B) {
	for _, choice := range []link.Congestion{"bbr", "cubic", "reno", link.Auto} {
		b.Run(string(choice), func(b *testing.B) {
			done := make(chan struct{})
			addr := listen(b, func(c net.Conn) {
				_, _ = io.CopyBuffer(struct{ io.Writer }{io.Discard}, struct{ io.Reader }{c}, make([]byte, 256<<10))
				close(done)
			})
			c, err := link.Dialer{Congestion: choice}.Dial(b.Context(), "tcp", addr)
			if err != nil {
				b.Skip(err)
			}
			buffer := make([]byte, 1<<20)
			b.SetBytes(int64(len(buffer)))
			before, n := used(b), 0
			for b.Loop() {
				n++
				if _, err := c.Write(buffer); err != nil {
					b.Fatal(err)
				}
			}
			_ = c.Close()
			<-done
			b.ReportMetric((used(b)-before).Seconds()/float64(n)*1024, "cpu-s/GiB")
		})
	}
}

func used(b *testing.B) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
