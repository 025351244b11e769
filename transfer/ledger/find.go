package ledger

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

// days are the folders, the newest first.
func (l Ledger) days() (names []string, err error) {
	folders, err := os.ReadDir(string(l))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("look for receipts: %w", err)
	}
	for _, f := range folders {
		if _, err := time.Parse(day, f.Name()); err == nil && f.IsDir() {
			names = append(names, f.Name())
		}
	}
	slices.Reverse(names)
	return names, nil
}

// number reads the number of a run of a transfer from the name of its file.
func number(file, transfer string) (n int, ok bool) {
	rest, ok := strings.CutPrefix(file, transfer+".")
	if !ok {
		return 0, false
	}
	if rest, ok = strings.CutSuffix(rest, statusEnd); !ok {
		return 0, false
	}
	n, err := strconv.Atoi(rest)
	return n, err == nil && n > 0
}

// each calls use for the files of each day, the newest day first, until it says that
// it has seen enough.
func (l Ledger) each(use func(day string, files []os.DirEntry) (enough bool, err error)) error {
	days, err := l.days()
	if err != nil {
		return err
	}
	for _, day := range days {
		files, err := os.ReadDir(filepath.Join(string(l), day))
		if errors.Is(err, fs.ErrNotExist) {
			continue // somebody prunes
		}
		if err != nil {
			return fmt.Errorf("look for receipts: %w", err)
		}
		if enough, err := use(day, files); enough || err != nil {
			return err
		}
	}
	return nil
}

// last is the highest number of a run of a transfer, 0 if none is kept. It may be of any
// day, since clocks are set.
func (l Ledger) last(transfer string) (n int, err error) {
	err = l.each(func(_ string, files []os.DirEntry) (bool, error) {
		for _, f := range files {
			if m, ok := number(f.Name(), transfer); ok {
				n = max(n, m)
			}
		}
		return false, nil
	})
	return n, err
}

// Has tells whether a run of a transfer is kept.
func (l Ledger) Has(transfer string) (bool, error) {
	n, err := l.last(transfer)
	return n > 0, err
}

// Find gives the run of an ID, or the last one of a transfer. ok is false if it is not
// kept.
func (l Ledger) Find(id string) (r Run, ok bool, err error) {
	if id == "" || strings.ContainsAny(id, `/\`) {
		return r, false, nil
	}
	name, best := "", 0
	err = l.each(func(day string, files []os.DirEntry) (bool, error) {
		for _, f := range files {
			if f.Name() == id+statusEnd {
				name, best = filepath.Join(day, f.Name()), 1
				return true, nil
			}
			if n, is := number(f.Name(), id); is && n > best {
				name, best = filepath.Join(day, f.Name()), n
			}
		}
		return false, nil
	})
	if err != nil || best == 0 {
		return r, false, err
	}
	r, err = l.read(name)
	return r, err == nil, err
}

// read gives the run of a status, which is DAY/NAME.
func (l Ledger) read(name string) (r Run, err error) {
	file := filepath.Join(string(l), name)
	data, err := os.ReadFile(file)
	if err == nil {
		err = json.Unmarshal(data, &r.Status)
	}
	if err != nil {
		return r, fmt.Errorf("read %s: %w", file, err)
	}
	r.lines = strings.TrimSuffix(file, statusEnd) + linesEnd
	return r, nil
}

// List gives the runs that have ended since a time, in no order. Those that cannot be
// read are left out, and the error tells of them.
func (l Ledger) List(since time.Time) (list []Run, err error) {
	var errs []error
	first := since.UTC().Format(day)
	err = l.each(func(day string, files []os.DirEntry) (bool, error) {
		if day < first {
			return true, nil
		}
		for _, f := range files {
			if !strings.HasSuffix(f.Name(), statusEnd) {
				continue
			}
			r, err := l.read(filepath.Join(day, f.Name()))
			switch {
			case errors.Is(err, fs.ErrNotExist): // somebody prunes
			case err != nil:
				errs = append(errs, err)
			case !r.Ended.Before(since):
				list = append(list, r)
			}
		}
		return false, nil
	})
	return list, errors.Join(append(errs, err)...)
}
