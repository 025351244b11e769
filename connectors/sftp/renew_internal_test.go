package sftp

import (
	"bytes"
	"testing"

	"gantry/connectors/sftp/wire"
)

// The session that was lost may be writing the head of a request just now: go test -race
// tells when it is read.
func TestALostPieceIsCopiedWithoutItsHead(t *testing.T) {
	t.Parallel()
	const size = 512
	p := &piece{want: size, buffer: newBuffer(wire.Headroom+size, wire.Headroom+size)}
	for i := range *p.buffer {
		(*p.buffer)[i] = byte(i)
	}
	was := *p.buffer
	done := make(chan struct{})
	go func() {
		defer close(done)
		for range 1000 {
			was[0], was[wire.Headroom-1] = was[wire.Headroom-1], was[0]
		}
	}()
	p.renew()
	<-done
	if !bytes.Equal((*p.buffer)[wire.Headroom:], was[wire.Headroom:]) || &(*p.buffer)[0] == &was[0] {
		t.Error("its bytes are not those that it had")
	}
}
