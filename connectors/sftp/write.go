package sftp

import (
	"context"
	"fmt"
	"io"
	"os"

	"gantry/connectors"
	"gantry/connectors/promise"
)

// WritePart implements connectors.Upload. The part is accepted once the server
// has answered each of its requests.
func (u *upload) WritePart(ctx context.Context, p connectors.Part, r io.ReadSeeker) (connectors.Part, error) {
	if err := promise.Check(u.path, p); err != nil {
		return connectors.Part{}, err
	}
	reader := promise.NewPartReader(ctx, u.path, p, r)
	defer reader.Detach()
	err := u.place.do(ctx, "write part of", u.path, func(c *conn) error {
		err := c.write(u.staged(), p, reader)
		if isStatus(err, statusFailure) {
			if full := c.room(u.path, p.Size); full != nil {
				return full
			}
		}
		return err
	})
	return connectors.Part{Number: p.Number, Offset: p.Offset, Size: p.Size}, err
}

func (c *conn) write(staged string, p connectors.Part, r io.Reader) error {
	f, err := c.OpenFile(c.abs(staged), os.O_WRONLY)
	if err != nil {
		return err
	}
	var n int64
	if _, err = f.Seek(p.Offset, io.SeekStart); err == nil {
		n, err = f.ReadFromWithConcurrency(r, inFlight)
	}
	if closed := f.Close(); err == nil {
		err = closed
	}
	if err == nil && n != p.Size {
		err = connectors.Errorf(connectors.KindIncomplete, "write part of", staged, "%d of %d bytes were written", n, p.Size)
	}
	return err
}

// inFlight is how many requests of a part wait for their answers at once.
const inFlight = 64

// worthAsking is the size from which on it pays to ask for room beforehand.
const worthAsking = 8 << 20

// room refuses a file that the server says it has no room for. A server that does
// not say is taken to have it.
func (c *conn) room(path string, size int64) error {
	if size <= 0 || !c.can("statvfs@openssh.com", "2") {
		return nil
	}
	volume, err := c.StatVFS(c.root)
	if err != nil || volume.Blocks == 0 {
		return nil // the write itself will tell
	}
	if free := volume.Bavail * volume.Frsize; free < uint64(size) {
		return &connectors.Error{
			Kind: connectors.KindNoSpace, Op: "write", Path: path, Remedy: remedies[connectors.KindNoSpace],
			Err: fmt.Errorf("%d bytes are free and %d are needed", free, size),
		}
	}
	return nil
}
