package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"gantry/transfer"
	"gantry/transfer/durable"
)

// keptName is the file in the folder of a transfer that has the runs which were to be
// kept, an ID a line. Who finds it was killed before the folder was forgotten, and the
// journal still has receipts that are kept already.
const keptName = "kept"

// aboutToKeep writes down that a run is kept next.
func aboutToKeep(dir, id string) error {
	name := filepath.Join(dir, keptName)
	before, err := os.ReadFile(name)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return durable.Write(name, durable.Bytes(append(before, id+"\n"...)))
}

// A delivery is what a receipt is of.
type delivery struct {
	job      string
	finished int64 // ns since 1970
}

func deliveryOf(r *transfer.Receipt) delivery { return delivery{r.Job, r.Finished.UnixNano()} }

// keptBefore gives the deliveries of runs that were kept and not forgotten.
func keptBefore(dir string) (map[delivery]bool, error) {
	ids, err := os.ReadFile(filepath.Join(dir, keptName))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("look which receipts are kept: %w", err)
	}
	l, err := receipts()
	if err != nil {
		return nil, err
	}
	list := map[delivery]bool{}
	for id := range strings.Lines(string(ids)) {
		run, ok, err := l.Find(strings.TrimSpace(id))
		if err != nil {
			return nil, err
		}
		if !ok {
			continue // it did not come to it
		}
		for r, err := range results(run.Lines()) {
			if err != nil {
				return nil, err
			}
			if r.Receipt != nil {
				list[deliveryOf(r.Receipt)] = true
			}
		}
	}
	return list, nil
}
