package sftp

import (
	"context"
	"io"

	"github.com/pkg/sftp"

	"gantry/connectors"
	"gantry/connectors/promise"
)

// Open implements connectors.Source.
func (p *place) Open(ctx context.Context, path string, offset, length int64) (io.ReadCloser, error) {
	path, err := promise.CleanPath(path)
	if err != nil {
		return nil, err
	}
	return p.read(ctx, path, path, offset, length)
}

// read streams the file at from; errors name it path.
func (p *place) read(ctx context.Context, from, path string, offset, length int64) (io.ReadCloser, error) {
	if offset < 0 {
		return nil, connectors.Errorf(connectors.KindInvalid, "open", path, "the offset %d is negative", offset)
	}
	type opened struct {
		conn *conn
		file *sftp.File
	}
	o, err := ask(ctx, p, "open", path, func(c *conn) (opened, error) {
		// A server that opens a FIFO waits for a writer, and we with it.
		info, err := c.Client.Stat(c.abs(from))
		if err != nil {
			return opened{}, err
		}
		if err := regular("open", path, info); err != nil {
			return opened{}, err
		}
		file, err := c.Client.Open(c.abs(from))
		return opened{c, file}, err
	}, func(o opened) { _ = o.file.Close() })
	if err != nil {
		return nil, err
	}
	return promise.Exactly(ctx, path, readAhead(ctx, o.conn, o.file, path, offset, length), length), nil
}
