package sftp

import (
	"context"
	"io"
	"sync"

	"github.com/pkg/sftp"

	"gantry/connectors"
)

// ahead is how many pieces of a stream are asked for before they are read. The
// client library asks for a piece with several requests at once.
const ahead = 4

// pieces reads a file in order, with several pieces under way.
type pieces struct {
	ctx    context.Context
	cancel context.CancelFunc
	conn   *conn
	path   string
	queue  chan chan piece // in the order of the file
	rest   piece           // what was received and not read yet
}

type piece struct {
	data []byte
	err  error
}

// readAhead streams f from offset on, and closes it in the end. A length below
// zero reads to the end of the file.
func readAhead(ctx context.Context, c *conn, f *sftp.File, path string, offset, length int64) *pieces {
	ctx, cancel := context.WithCancel(ctx)
	p := &pieces{ctx: ctx, cancel: cancel, conn: c, path: path, queue: make(chan chan piece, ahead)}
	go p.fetch(f, offset, length, 2*int64(c.payload))
	return p
}

func (p *pieces) fetch(f *sftp.File, offset, length, size int64) {
	var under sync.WaitGroup
	defer func() {
		close(p.queue)
		under.Wait()
		_ = f.Close() // nothing was written
	}()
	ended := make(chan struct{}, 1)
	for end := offset + length; length < 0 || offset < end; offset += size {
		n := size
		if length >= 0 {
			n = min(n, end-offset)
		}
		result := make(chan piece, 1)
		select {
		case p.queue <- result:
		case <-ended:
			return
		case <-p.ctx.Done():
			return
		}
		at := offset
		under.Go(func() {
			data := make([]byte, n)
			got, err := f.ReadAt(data, at)
			result <- piece{data[:got], err}
			if err != nil {
				select {
				case ended <- struct{}{}:
				default:
				}
			}
		})
	}
}

// Read implements io.Reader.
func (p *pieces) Read(b []byte) (int, error) {
	for len(p.rest.data) == 0 {
		if p.rest.err != nil {
			return 0, p.fail(p.rest.err)
		}
		if err := p.next(); err != nil {
			return 0, p.fail(err)
		}
	}
	n := copy(b, p.rest.data)
	p.rest.data = p.rest.data[n:]
	return n, nil
}

func (p *pieces) next() error {
	select {
	case result, more := <-p.queue:
		if !more {
			return io.EOF
		}
		select {
		case p.rest = <-result:
			return nil
		case <-p.ctx.Done():
			return p.ctx.Err()
		}
	case <-p.ctx.Done():
		return p.ctx.Err()
	}
}

func (p *pieces) fail(err error) error {
	if err == io.EOF && p.ctx.Err() == nil {
		return err
	}
	if ended := p.ctx.Err(); ended != nil {
		return connectors.Errorf(connectors.KindOf(ended), "read", p.path, "%w", ended)
	}
	return p.conn.fail("read", p.path, err)
}

// Close ends the stream. The file is closed once the requests under way have
// ended.
func (p *pieces) Close() error {
	p.cancel()
	return nil
}
