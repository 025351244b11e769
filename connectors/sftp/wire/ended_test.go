package wire

import (
	"context"
	"errors"
	"io"
	"testing"
)

type discarding struct{ io.Writer }

func (discarding) Close() error { return nil }

// Whoever waits for a write hears of the client's end at once, and takes the bytes of
// those that were not sent to another: they must not be touched any more.
func TestNothingIsSentByAClientThatHasEnded(t *testing.T) {
	t.Parallel()
	for range 20 {
		c := &Client{queue: make(chan *Pending, queued), pending: map[uint32]*Pending{}}
		c.life, c.finish = context.WithCancelCause(context.Background())
		c.out = &outgoing{c: c, w: discarding{io.Discard}}
		buffer := make([]byte, Headroom+1024)
		if _, err := c.StartWrite(t.Context(), newFile("h"), 0, buffer, nil); err != nil {
			t.Fatal(err)
		}
		c.end(errors.New("gone"))
		c.sendAll()
		if len(c.queue) != 1 {
			t.Fatal("a write was sent after its end")
		}
	}
}
