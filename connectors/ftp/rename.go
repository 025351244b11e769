package ftp

import (
	"context"
	"errors"

	"gantry/connectors"
	"gantry/connectors/ftp/listing"
	"gantry/connectors/promise"
)

// Rename implements connectors.Renamer.
func (p *place) Rename(ctx context.Context, from, to string) error {
	from, err := p.clean(from)
	if err != nil {
		return err
	}
	if to, err = p.clean(to); err != nil {
		return err
	}
	return p.do(ctx, "rename", from, func(s *session) error {
		if _, err := p.file(s, "rename", from); err != nil {
			return err
		}
		if from == to {
			return nil
		}
		return s.inTheWay("rename", to, p.inFolder(s, to, func() error { return p.replace(s, from, to, backupOf(promise.NewID(to))) }))
	})
}

// backupOf is where the file that an upload replaces waits, on servers that
// cannot replace in one step.
func backupOf(id string) string { return promise.StagedPath(id) + replacedSuffix }

const replacedSuffix = ".replaced"

func rename(s *session, from, to string) error {
	return ignoreGood(s.lib.Rename(s.abs(from), s.abs(to)))
}

// replace renames onto a path where a file may be. Where the server refuses that,
// it may be interrupted after each step, and be made again: the old file lies
// under its own name or as the backup until the new one is there.
func (p *place) replace(s *session, from, to, backup string) error {
	there := p.learning() && p.isFile(s, to)
	err := rename(s, from, to)
	if err == nil && there {
		p.replaces.Store(true)
	}
	if codeOf(err) == 0 || !p.isFile(s, to) {
		return err
	}
	if kind := connectors.KindOf(fail("rename", from, err)); kind == connectors.KindNotFound || kind == connectors.KindNoSpace {
		return err
	}
	p.replaces.Store(false)
	p.swaps.Store(true)
	p.staged.Store(true)
	if failed := s.makeFolder(s.abs(promise.Folder)); failed != nil {
		return failed
	}
	if failed := rename(s, to, backup); failed != nil {
		return errors.Join(err, failed)
	}
	if err := rename(s, from, to); err != nil {
		return errors.Join(err, rename(s, backup, to))
	}
	return p.removeFile(s, backup)
}

// learning tells whether it is worth a question to see what a rename onto a file
// does: it is asked a few times, where it is not known.
func (p *place) learning() bool {
	const most = 8
	return !p.replaces.Load() && !p.swaps.Load() && p.looks.Add(1) <= most
}

// settle makes good what an interrupted replace left behind, in this process or
// in an earlier one.
func (u *upload) settle(s *session) error {
	p := u.place
	if p.dropBox || !p.swaps.Load() && (p.replaces.Load() || u.options.Resume == "") || !p.isFile(s, backupOf(u.id)) {
		return nil
	}
	if p.isFile(s, u.path) {
		return p.removeFile(s, backupOf(u.id))
	}
	return rename(s, backupOf(u.id), u.path)
}

func (p *place) isFile(s *session, path string) bool {
	info, err := p.stat(s, path)
	return err == nil && info.Kind == listing.File
}
