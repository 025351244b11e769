package transfer

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"iter"
	"os"
	"path/filepath"
	"sync"
	"syscall"

	"gantry/connectors"
	"gantry/connectors/promise"
)

// A depot stands for a place that files move to and from as a whole
// (connectors.Mover): what is sent gathers on this machine's disk until it is a
// file, unless the source is one already; what is read was received here first.
type depot struct {
	statter
	mover connectors.Mover
	place any // as the job names it
	room  *room
	dir   string // the scratch folder
	own   string // the job's folder in it, for what is received
	from  string // the name of the location
	fresh bool   // what is received is a proof: nothing of an earlier run may be in it
	disk  string // the source as a file of this machine; "" if it is none

	afresh bool     // a wrong copy stands there that cannot be removed: nothing of it may be kept
	leases []*lease // of uploads

	mu   sync.Mutex
	here map[string]*received // by this run, by the path in the place
}

// near gives a depot for a place that is a mover.
func (e *Engine) near(place statter, job, location string) (*depot, bool) {
	mover, ok := connectors.As[connectors.Mover](place)
	if !ok {
		return nil, false
	}
	return &depot{
		statter: place, mover: mover, place: place, room: e.room, dir: e.o.Scratch, own: filepath.Join(e.o.Scratch, scratchName(job)),
		from: location, here: map[string]*received{},
	}, true
}

func scratchName(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:8])
}

// Traits are the place's: nothing of them limits parts.
func (d *depot) Traits() connectors.Traits {
	if p, ok := d.place.(interface{ Traits() connectors.Traits }); ok {
		return p.Traits()
	}
	return connectors.Traits{}
}

// Stat asks the place. One that can only move files has to send the file itself.
func (d *depot) Stat(ctx context.Context, path string) (connectors.Entry, error) {
	entry, err := d.statter.Stat(ctx, path)
	if connectors.KindOf(err) != connectors.KindUnsupported {
		return entry, err
	}
	if err := d.collect(ctx, path, nil); err != nil {
		return connectors.Entry{}, err
	}
	info, err := os.Stat(d.file(path))
	if err != nil {
		return connectors.Entry{}, d.trouble("stat", path, err)
	}
	return connectors.Entry{Path: path, Size: info.Size(), ModTime: info.ModTime().UTC()}, nil
}

// List is not what a depot is for.
func (d *depot) List(context.Context, string) iter.Seq2[connectors.Entry, error] {
	return func(yield func(connectors.Entry, error) bool) {
		yield(connectors.Entry{}, connectors.Errorf(connectors.KindUnsupported, "list", "", "files are staged one by one"))
	}
}

// Remove implements connectors.Sink.
func (d *depot) Remove(ctx context.Context, path string) error {
	d.forget(path)
	to, ok := d.place.(connectors.Sink)
	if !ok {
		return connectors.Errorf(connectors.KindUnsupported, "remove", path, "the place takes no files")
	}
	return to.Remove(ctx, path)
}

// Open reads what was brought.
func (d *depot) Open(ctx context.Context, path string, offset, length int64) (io.ReadCloser, error) {
	if offset < 0 {
		return nil, connectors.Errorf(connectors.KindInvalid, "open", path, "an offset of %d cannot be", offset)
	}
	f, err := os.Open(d.file(path))
	if err == nil {
		_, err = f.Seek(offset, io.SeekStart)
	}
	if err != nil {
		return nil, d.trouble("open", path, err)
	}
	return promise.Exactly(ctx, path, f, length), nil
}

// has tells whether a file was received by this run.
func (d *depot) has(path string) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.here[path] != nil && d.here[path].whole
}

// file is where a received file is.
func (d *depot) file(path string) string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.received(path).file
}

// leave gives back what was promised to uploads that a later run goes on with, and
// the folder, if nothing is in it.
func (d *depot) leave() {
	_ = os.Remove(d.own)
	for _, l := range d.leases {
		l.drop()
	}
}

// trouble is with this machine's disk.
func (d *depot) trouble(op, path string, err error) error { return diskTrouble(op, path, d.dir, err) }

func diskTrouble(op, path, scratch string, err error) error {
	kind := connectors.KindUnavailable
	switch {
	case errors.Is(err, os.ErrNotExist):
		kind = connectors.KindNotFound
	case errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT):
		kind = connectors.KindNoSpace
	case errors.Is(err, os.ErrPermission):
		kind = connectors.KindPermission
	}
	return &connectors.Error{Kind: kind, Op: op, Path: path, Err: err, Remedy: "look at the scratch folder " + scratch}
}
