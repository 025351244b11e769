package function

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/url"
	"os"
	"path"
	"path/filepath"

	"gantry/connectors"
	"gantry/connectors/all"
	"gantry/orchestrator/resources"
	"gantry/transfer"
	"gantry/transfer/agent/wire"
)

// Files brings files of any location to this machine's disk and back, for tools
// that need a path. It may be used by many goroutines at once.
type Files struct {
	Site      string // whose folders are this machine's; empty: those of all sites
	Scratch   string // folder for what is under way; emptied when the hub starts
	Engine    *transfer.Engine
	Resources *resources.Store
}

// Local gives a path of this machine for the file. A file of a folder of this site
// is used where it lies; any other is fetched. Both are verified: where digests are
// known, the file is read once for that, at the speed of the disk; without digests,
// only its size is compared. done removes what was fetched. A file that is not
// there, or not the one that is meant, is an error of connectors, not of whoever
// reads it; a folder of another site is a configuration Fault.
func (f *Files) Local(ctx context.Context, key string, ref wire.FileRef, progress func(Progress)) (name string, done func(), err error) {
	l, ok := f.Resources.Current().Locations[ref.Location]
	if !ok {
		return "", nil, noLocation(ref.Location)
	}
	clean, err := connectors.CleanPath(ref.Path)
	if err != nil {
		return "", nil, err
	}
	place, err := f.open(ctx, l)
	if err != nil {
		return "", nil, err
	}
	defer place.Close()
	ref.Path = clean
	if u, err := url.Parse(l.URL); err == nil && u.Scheme == "file" {
		return filepath.Join(u.Path, filepath.FromSlash(clean)), func() {}, same(ctx, place, ref, progress)
	}
	dir, err := f.Folder(key + "/source")
	if err != nil {
		return "", nil, err
	}
	done = func() { f.Clear(key + "/source") }
	scratch, err := all.Open(ctx, folder(dir))
	if err != nil {
		done()
		return "", nil, err
	}
	defer scratch.Close()
	to := transfer.Destination{Place: scratch, Location: scratchName, Path: path.Base(clean)}
	if _, err := f.run(ctx, "fetch/"+key, transfer.Source{Place: place, Location: ref.Location, Path: clean}, to, ref.Digests, progress); err != nil {
		done()
		return "", nil, err
	}
	return filepath.Join(dir, path.Base(clean)), done, nil
}

// open opens a location, unless it is a folder of another site's machines.
func (f *Files) open(ctx context.Context, l resources.Location) (connectors.Place, error) {
	if f.Site != "" && !l.ReachedFrom(f.Site) {
		return nil, notReached(l, "the hub at "+f.Site)
	}
	return all.Open(ctx, l.Location)
}

// Folder makes an empty scratch folder for a call. A second attempt of the same
// call gets the same one, emptied.
func (f *Files) Folder(key string) (string, error) {
	dir := f.folder(key)
	if err := os.RemoveAll(dir); err != nil {
		return "", fmt.Errorf("empty the scratch folder: %w", err)
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", fmt.Errorf("make a scratch folder: %w", err)
	}
	return dir, nil
}

// Clear removes a call's scratch folder. What cannot be removed now is at the next
// start of the hub.
func (f *Files) Clear(key string) { _ = os.RemoveAll(f.folder(key)) }

func (f *Files) folder(key string) string {
	sum := sha256.Sum256([]byte(key))
	return filepath.Join(f.Scratch, hex.EncodeToString(sum[:12]))
}

// An Item is a file of a scratch folder and the path that it is kept under.
type Item struct{ From, To string }

// Keep copies files of a scratch folder into a location, verified, and names them
// in their order.
func (f *Files) Keep(ctx context.Context, key, dir string, items []Item, to resources.Location, progress func(Progress)) ([]Proved, error) {
	scratch, err := all.Open(ctx, folder(dir))
	if err != nil {
		return nil, err
	}
	defer scratch.Close()
	place, err := f.open(ctx, to)
	if err != nil {
		return nil, err
	}
	defer place.Close()
	kept := make([]Proved, 0, len(items))
	for _, item := range items {
		from := transfer.Source{Place: scratch, Location: scratchName, Path: item.From}
		receipt, err := f.run(ctx, "keep/"+key+"/"+item.From, from, transfer.Destination{Place: place, Location: to.Name, Path: item.To, Verify: transfer.Verify(to.Proof), Profile: to.Profile}, nil, progress)
		if err != nil {
			return nil, err
		}
		kept = append(kept, provedBy(receipt)...)
	}
	return kept, nil
}

func (f *Files) run(ctx context.Context, job string, from transfer.Source, to transfer.Destination, expect connectors.Digests, progress func(Progress)) (transfer.Receipt, error) {
	return f.Engine.Run(ctx, transfer.Job{
		ID: job, Source: from, Destinations: []transfer.Destination{to}, Expect: expect,
		Progress: func(p transfer.Progress) {
			progress(Progress{Done: float64(p.Done), Total: float64(p.Total), Unit: "bytes", Note: from.Path})
		},
	})
}

const scratchName = "scratch"

// folder is a location of this machine.
func folder(dir string) connectors.Location {
	return connectors.Location{Name: scratchName, URL: (&url.URL{Scheme: "file", Path: dir}).String()}
}
