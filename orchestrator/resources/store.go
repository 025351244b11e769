package resources

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"

	"gantry/configs/resource"
)

// A Store keeps the current set and the folder that it was read from. It may be
// used by many goroutines at once.
type Store struct {
	dir, data string
	mu        sync.Mutex // one change at a time
	current   atomic.Pointer[Set]
	adopt     Adopt
}

// Adopt takes over a set that is about to become current, or refuses it for
// reasons that only the hub knows. With dryRun it only says whether it would.
type Adopt func(ctx context.Context, set *Set, dryRun bool) error

// A Change is what applying one document did or would do.
type Change struct {
	Kind   string `json:"kind"`
	Name   string `json:"name"`
	Action string `json:"action"` // created, configured, unchanged
}

// Open reads the folder.
func Open(ctx context.Context, dir, data string, adopt Adopt) (*Store, error) {
	s := &Store{dir: dir, data: data, adopt: adopt}
	set, err := ReadDir(dir, data)
	if err == nil {
		err = adopt(ctx, set, false)
	}
	if err != nil {
		return nil, err
	}
	s.current.Store(set)
	return s, nil
}

// Current gives the set as it is now.
func (s *Store) Current() *Set { return s.current.Load() }

// Apply checks the documents of one text together with all others, as they stand
// in the folder now, and unless dryRun writes them into it and makes the new set
// current. A refusal changes nothing: neither files nor the set. name stands for
// the text in messages.
//
// An error while the files get their final names, after all was written and
// adopted, may leave some of them old: applying again mends that.
func (s *Store) Apply(ctx context.Context, name string, text []byte, dryRun bool) ([]Change, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	incoming, err := identify(name, text, s.data)
	if err != nil {
		return nil, err
	}
	files, err := readFiles(s.dir)
	if err != nil {
		return nil, err
	}
	e := newEdit(s.dir, files)
	// Checked where it was written, so that a mistake has its place there.
	set, err := Read(e.preview(incoming, File{Name: name, Text: text}), s.data)
	if err == nil {
		err = s.adopt(ctx, set, true)
	}
	if err != nil {
		return nil, err
	}
	for _, d := range incoming {
		e.put(d)
	}
	if dryRun {
		return e.changes, nil
	}
	if set, err = Read(e.finish(), s.data); err != nil {
		return nil, err
	}
	if err := s.keep(ctx, e, set); err != nil {
		return nil, err
	}
	s.current.Store(set)
	return e.changes, nil
}

// keep writes the changed files beside the old ones, has the set adopted, and only
// then puts them in place.
func (s *Store) keep(ctx context.Context, e *edit, set *Set) error {
	var staged staging
	defer staged.discard()
	for _, f := range e.files {
		if !e.touched[f.Name] {
			continue
		}
		if err := staged.add(f); err != nil {
			return fmt.Errorf("keep resources: %w", err)
		}
	}
	if err := s.adopt(ctx, set, false); err != nil {
		return err
	}
	if err := staged.commit(); err != nil {
		return fmt.Errorf("keep resources: %w", err)
	}
	return nil
}

// identify finds the kind and name of each document.
func identify(name string, text []byte, data string) ([]Document, error) {
	if len(text) > resource.MaxSize {
		return nil, &resource.Problem{File: name, Line: 1, Message: "the text is larger than 1 MiB: apply it in parts"}
	}
	s := empty()
	var problems []error
	for _, d := range resource.Split(bytes.TrimPrefix(text, []byte("\ufeff"))) {
		problems = append(problems, s.add(name, d, data))
	}
	if err := errors.Join(problems...); err != nil {
		return nil, err
	}
	if len(s.Documents) == 0 {
		return nil, &resource.Problem{File: name, Line: 1, Message: "there is no document in it"}
	}
	return s.Documents, nil
}
