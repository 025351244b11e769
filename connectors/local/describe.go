package local

import (
	"context"
	"fmt"
	"os"
	"time"

	"gantry/connectors"
	"gantry/connectors/local/fskind"
)

// Describe implements connectors.Describer: the kind of file system, what it can
// do for us, and what it does otherwise than a local disk.
func (p *place) Describe(ctx context.Context) (connectors.Description, error) {
	if err := ctx.Err(); err != nil {
		return connectors.Description{}, fail("describe", p.root, err)
	}
	root, err := p.openRoot("describe", p.root)
	if err != nil {
		return connectors.Description{}, err
	}
	defer root.Close()
	dir, err := root.Open(".")
	if err != nil {
		return connectors.Description{}, fail("describe", p.root, err)
	}
	defer dir.Close()
	p.facts.see(p.root, root)
	kind, names, precision := p.facts.get()
	d := connectors.Description{Software: kind.Name, Features: features(dir, kind), Quirks: quirks(kind, names, precision)}
	if readOnly(p.root) {
		d.Quirks = append(d.Quirks, connectors.Quirk{Name: "read-only", Meaning: "it is mounted read-only: files can be fetched and not sent"})
	}
	for _, point := range p.identity.volumes() {
		d.Quirks = append(d.Quirks, connectors.Quirk{
			Name: "volume-below", Meaning: "another volume is mounted on " + point + ": listings fail while it is away, and uploads to it are refused (give it a location of its own)",
		})
	}
	return d, nil
}

func features(dir *os.File, kind fskind.Kind) (list []string) {
	if kind.Holes {
		list = append(list, "holes")
	}
	if _, err := readXattrs(dir); err == nil {
		list = append(list, "xattrs")
	}
	if !kind.NoEvents && kind.Name != "" {
		list = append(list, "events")
	}
	return list
}

// quirks says what a kind of file system means for files, and what Gantry does.
func quirks(kind fskind.Kind, names folds, precision time.Duration) (list []connectors.Quirk) {
	add := func(is bool, name, meaning string) {
		if is {
			list = append(list, connectors.Quirk{Name: name, Meaning: meaning})
		}
	}
	add(kind.Name == "", "unknown-file-system", "its kind is not in Gantry's list: times and names are found out when the first file is written")
	add(kind.NoEvents, "no-events", kind.Name+" raises no events for what others change: a watched folder is read again and again instead (degraded)")
	add(kind.Remote, "weak-fsync", "a file is on the disk when the server of "+kind.Name+" says so, which it may do too early: copies are read back and compared as everywhere, but a power cut there can lose what was reported as done")
	add(kind.Remote, "no-holes", "what it says of holes is not relied on: a sparse file is read in full")
	add(kind.Stubs, "may-be-on-tape", "files may have been moved to tape: reading one brings it back, and takes as long as that takes")
	add(names.Case, "folds-case", `"A" and "a" are the same name: an upload to a name that differs from an existing one by case is refused`)
	add(names.Unicode, "folds-unicode", "composed and decomposed accents are the same name: an upload to a name that differs from an existing one by them is refused")
	add(kind.PlainNames, "plain-names", `names with < > : " | ? * \ or control characters are refused by the file system, and dots and spaces at the end are dropped`)
	add(kind.MaxSize > 0, "small-files", fmt.Sprintf("files of more than %d bytes do not fit: they are refused before anything is sent", kind.MaxSize))
	add(precision > time.Microsecond, "coarse-times", "modification times are kept in steps of "+precision.String())
	return list
}
