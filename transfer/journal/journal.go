package journal

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"time"

	"github.com/dgraph-io/badger/v4"

	"gantry/connectors"
)

// Options of a journal; the zero value serves.
type Options struct {
	Logger *slog.Logger                             // nil discards
	Now    func() time.Time                         // nil is time.Now
	Free   func(dir string) (bytes uint64, _ error) // free space of the volume; nil asks the system
}

// A Journal is an open journal.
type Journal struct {
	dir    string
	now    func() time.Time
	logger *slog.Logger
	folder *folder
	db     *badger.DB
	writer *writer
	known  *known
	briefs *briefs
	turn   sync.Mutex // of who looks what is known of a brief job, and writes what follows

	mu   sync.Mutex
	next map[string]uint64 // of each outbox that was appended to: the next sequence number
}

// Open opens the journal in dir, or makes one. It fails with an [InUse] if another
// process has it, and with [ErrDamaged] if its files are damaged: then [SetAside]
// makes way for an empty one.
func Open(dir string, o Options) (*Journal, error) {
	o = o.filled()
	f, err := take(dir)
	if err != nil {
		return nil, err
	}
	_, left := os.Stat(f.reserve())
	r := &room{f: f, free: o.Free, held: left == nil} // by one that was killed
	r.look()
	db, err := openStore(f.store(), o.Logger)
	if err != nil {
		return nil, errors.Join(err, r.leave(), f.release())
	}
	b, err := openBriefs(f.briefs(), o.Logger)
	if err != nil {
		return nil, errors.Join(err, db.Close(), r.leave(), f.release())
	}
	j := &Journal{dir: dir, now: o.Now, logger: o.Logger, folder: f, db: db, next: map[string]uint64{}, known: &known{}, briefs: b}
	j.writer = startWriter(db, r, j.known, b)
	if err := errors.Join(j.known.begin(j), j.lengthenAll(), j.sweep()); err != nil {
		return nil, errors.Join(err, j.Close())
	}
	return j, nil
}

func (o Options) filled() Options {
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Free == nil {
		o.Free = freeSpace
	}
	return o
}

// Close waits for the writes that have begun and gives the folder free. Calls that
// come after it fail.
func (j *Journal) Close() error {
	return j.close(j.folder.release)
}

// Retire closes the journal and moves its folder to another name of the same volume, in
// one step: whoever opens the journal from then on finds none, and nobody can have
// opened it in between.
func (j *Journal) Retire(to string) error {
	return j.close(func() error { return j.folder.retire(to) })
}

func (j *Journal) close(leave func() error) error {
	j.writer.stop()
	err := errors.Join(j.db.Close(), j.briefs.close(), j.writer.room.leave())
	if left := leave(); err == nil {
		err = left
	}
	if err != nil {
		return fmt.Errorf("close the journal %s: %w", j.dir, err)
	}
	return nil
}

// errClosed is what calls get after Close.
var errClosed = connectors.Errorf(connectors.KindCanceled, "use journal", "", "the journal is closed")
