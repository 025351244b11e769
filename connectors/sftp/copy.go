package sftp

import (
	"context"
	"errors"
	"io/fs"

	"gantry/connectors"
	"gantry/connectors/promise"
	"gantry/connectors/sftp/wire"
)

// copier copies on servers that have copy-data. The copy is made in the staging
// folder, synced, and becomes visible in one step, like an upload.
type copier struct{ place *place }

var _ connectors.Copier = copier{}

// copyPiece is what the server copies before it answers, in bytes: between two of
// them a copy can be cancelled, and the server gives a sign of life.
const copyPiece = 64 << 20

// Copy implements connectors.Copier. The copy keeps the modification time.
func (d copier) Copy(ctx context.Context, from, to string) (connectors.Entry, error) {
	p := d.place
	from, err := promise.CleanPath(from)
	if err != nil {
		return connectors.Entry{}, err
	}
	if to, err = promise.CleanPath(to); err != nil {
		return connectors.Entry{}, err
	}
	source, err := ask(ctx, p, "copy", from, func(ctx context.Context, c *conn) (connectors.Entry, error) { return c.entry(ctx, from) })
	if err != nil {
		return connectors.Entry{}, err
	}
	begun, err := p.Begin(ctx, to, connectors.UploadOptions{Size: source.Size, ModTime: source.ModTime})
	if err != nil {
		return connectors.Entry{}, err
	}
	whole := connectors.Whole{Size: source.Size, Parts: []connectors.Part{{Number: 1, Size: source.Size}}}
	err = p.do(ctx, "copy", from, func(ctx context.Context, c *conn) error { return begun.(*upload).fill(ctx, c, c.abs(from), source, 0) })
	var entry connectors.Entry
	if err == nil {
		entry, err = begun.Commit(ctx, whole)
	}
	if err != nil {
		return entry, errors.Join(err, begun.Abort(context.WithoutCancel(ctx)))
	}
	return entry, nil
}

// fill copies a file, at an absolute path, into the staged file from an offset on, and
// sees that it was the same file all the time.
func (u *upload) fill(ctx context.Context, c *conn, file string, source connectors.Entry, start int64) error {
	in, err := c.Client.Open(ctx, file, wire.ForRead)
	if err != nil {
		return err
	}
	defer giveBack(c, in)
	out, err := c.Client.Open(ctx, c.abs(u.staged()), wire.ForWrite)
	if err != nil {
		return err
	}
	defer giveBack(c, out)
	for at := start; at < source.Size; at += copyPiece {
		n := min(source.Size-at, copyPiece)
		over := c.link.patient(n)
		err := c.CopyData(ctx, in, at, n, out, at)
		over()
		if err != nil {
			return err
		}
	}
	now, err := c.Fstat(ctx, in)
	if err == nil && (now.Size != source.Size || !now.ModTime.Equal(source.ModTime)) {
		err = connectors.Errorf(connectors.KindChanged, "copy", source.Path, "%w", errReplaced)
	}
	if errors.Is(err, fs.ErrNotExist) {
		return connectors.Errorf(connectors.KindChanged, "copy", source.Path, "%w", err)
	}
	return err
}
