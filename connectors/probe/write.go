package probe

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"gantry/connectors"
)

// errReadOnly ends a probe early, and is no failure.
var errReadOnly = errors.New("the place is read-only")

// commits are the ways in which a file becomes visible.
const (
	commitAtomic  = "atomic"   // in one step
	commitSwap    = "swap"     // the old file makes room first: the name is empty for a moment
	commitInPlace = "in place" // it grows under its own name
)

// roundTrip writes a first file, and learns by it what proof there is.
func (p *probe) roundTrip(ctx context.Context) error {
	data, when := bytesOf(1, 100_000), p.Now().Add(-26*time.Hour).UTC().Truncate(time.Second)
	path := p.path("sent")
	entry, err := p.put(ctx, path, data, connectors.UploadOptions{ModTime: when})
	if err := p.can("write", err); err != nil {
		return err
	}
	if err != nil {
		p.profile.Commit, p.profile.Proof = "", ""
		if mover, ok := connectors.As[connectors.Mover](p.place); ok {
			p.made = nil
			return p.move(ctx, mover)
		}
		return errReadOnly
	}
	p.traits = p.place.Traits()
	p.profile.Commit = p.commit()
	if p.traits.WriteOnly {
		p.profile.Proof = "size"
		p.cannot("read", "it is a drop box")
		p.quirk("drop-box", "files can be sent and not looked at afterwards: a delivery is proved by what the server said while it took the bytes, where the location allows that")
		p.quirk("left-behind", "the probe could not remove its file %q", path)
		return errReadOnly
	}
	return p.examine(ctx, path, data, when, entry)
}

func (p *probe) commit() string {
	switch {
	case p.traits.AtomicCommit:
		return commitAtomic
	case p.traits.WriteOnly:
		return commitInPlace
	default:
		return commitSwap
	}
}

func (p *probe) examine(ctx context.Context, path string, data []byte, when time.Time, entry connectors.Entry) error {
	read := p.holds(ctx, path, data, 0, -1)
	if err := p.can("read", read); err != nil {
		return err
	}
	if connectors.KindOf(read) == connectors.KindIntegrity {
		p.quirk("wrong-bytes", "a file came back otherwise than it was sent: do not use this place")
		p.profile.Proof = "none"
		return nil
	}
	if err := p.can("read from an offset", p.holds(ctx, path, data, 65_537, 1000)); err != nil {
		return err
	}
	p.profile.Proof = "readback"
	if read != nil {
		p.profile.Proof = "size"
	}
	p.vouched(entry.Digests, data)
	switch off := entry.ModTime.Sub(when).Abs(); {
	case off < 2*time.Second:
		p.profile.Can["set the time"] = "yes"
	default:
		p.cannot("set the time", "it keeps the time of the upload")
	}
	return nil
}

// vouched takes the strongest digest that the place states by itself and that is
// right as the proof.
func (p *probe) vouched(stated connectors.Digests, data []byte) {
	for _, algorithm := range strongest {
		switch stated[algorithm] {
		case "":
		case sum(algorithms[algorithm](), data):
			if !strings.HasPrefix(p.profile.Proof, "native ") { // those with the entry come without asking
				p.profile.Proof = "native " + string(algorithm)
			}
			return
		default:
			p.quirk("wrong-digest", "the %s that it states of a file is not that of the bytes: it is not believed", algorithm)
		}
	}
}

// replace writes over a file while somebody else looks at it.
func (p *probe) replace(ctx context.Context) error {
	path, second := p.path("sent"), bytesOf(2, 90_000)
	watching, stop := context.WithCancel(ctx)
	defer stop()
	missing := make(chan bool, 1)
	go func() {
		gone := false
		for watching.Err() == nil {
			_, err := p.place.Stat(watching, path)
			gone = gone || connectors.KindOf(err) == connectors.KindNotFound
		}
		missing <- gone
	}()
	_, err := p.put(ctx, path, second, connectors.UploadOptions{})
	stop()
	gone := <-missing
	if err == nil {
		err = p.holds(ctx, path, second, 0, -1)
	}
	p.replaced(gone, err)
	return p.can("replace", err)
}

// replaced takes down how the place replaces files: some are known by their first
// replacement only.
func (p *probe) replaced(gone bool, err error) {
	p.traits = p.place.Traits()
	const quirk = "no-atomic-replace"
	known := slices.ContainsFunc(p.profile.Quirks, func(q connectors.Quirk) bool { return q.Name == quirk })
	switch {
	case gone:
		p.profile.Commit = commitSwap
		if !known {
			p.quirk(quirk, "while a file is replaced, its name is empty for a moment")
		}
	case err == nil && p.traits.AtomicCommit:
		p.profile.Commit = commitAtomic
		p.profile.Quirks = slices.DeleteFunc(p.profile.Quirks, func(q connectors.Quirk) bool { return q.Name == quirk })
	}
}

// exclusive is refused as it shall be.
func (p *probe) exclusive(ctx context.Context) error {
	_, err := p.put(ctx, p.path("sent"), []byte("another"), connectors.UploadOptions{Exclusive: true})
	switch connectors.KindOf(err) {
	case connectors.KindExists:
		return p.can("refuse to replace", nil)
	case "":
		p.cannot("refuse to replace", "it replaced a file that was to stay")
		return nil
	default:
		return p.can("refuse to replace", err)
	}
}

// resume leaves an upload in the middle and takes it up through another connection.
func (p *probe) resume(ctx context.Context) error {
	data := bytesOf(3, 2*max(256<<10, p.traits.MinPart)+7)
	path, parts := p.path("resumed"), p.cut(data, max(256<<10, p.traits.MinPart))
	first, err := p.place.Begin(ctx, path, connectors.UploadOptions{Size: int64(len(data))})
	if err != nil {
		return p.can("resume uploads", err)
	}
	defer first.Abort(context.WithoutCancel(ctx)) // safe after it was committed
	written, err := p.write(ctx, first, data, parts[:1], 1)
	if err != nil {
		return p.can("resume uploads", err)
	}
	again, err := p.Open(ctx)
	if err != nil {
		return err
	}
	defer again.Close()
	err = p.takeUp(ctx, again, path, first.ID(), data, parts, written)
	if connectors.KindOf(err) == connectors.KindNotFound {
		err = connectors.Errorf(connectors.KindUnsupported, "resume", path, "an upload that was interrupted starts over")
	}
	return p.can("resume uploads", err)
}

func (p *probe) takeUp(ctx context.Context, place connectors.Place, path, id string, data []byte, parts, written []connectors.Part) error {
	upload, err := place.Begin(ctx, path, connectors.UploadOptions{Size: int64(len(data)), Resume: id})
	if err != nil {
		return err
	}
	rest, err := p.write(ctx, upload, data, parts[1:], 2)
	if err != nil {
		return err
	}
	if _, err := upload.Commit(ctx, whole(data, append(written, rest...))); err != nil {
		return err
	}
	return p.holds(ctx, path, data, 0, -1)
}
