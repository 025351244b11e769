package ftp

import (
	"context"
	"path"
	"strings"
	"time"

	"gantry/connectors"
	"gantry/connectors/ftp/listing"
)

// Stat implements connectors.Source and connectors.Sink.
func (p *place) Stat(ctx context.Context, path string) (connectors.Entry, error) {
	path, err := p.clean(path)
	if err != nil {
		return connectors.Entry{}, err
	}
	return ask(ctx, p, "stat", path, func(s *session) (connectors.Entry, error) { return p.file(s, "stat", path) })
}

// file describes a file; whatever else is there is KindNotFound.
func (p *place) file(s *session, op, path string) (connectors.Entry, error) {
	info, err := p.stat(s, path)
	if err != nil {
		return connectors.Entry{}, missing(op, path, err)
	}
	if info.Kind != listing.File {
		return connectors.Entry{}, connectors.Errorf(connectors.KindNotFound, op, path, "what is there is no file (%s)", info.Kind)
	}
	return entryOf(path, info), nil
}

func entryOf(path string, info listing.Entry) connectors.Entry {
	return connectors.Entry{Path: path, Size: info.Size, ModTime: info.ModTime}
}

// stat asks for one path: by MLST, or by SIZE and MDTM, or by listing the folder
// that it is in. It tells files and folders apart only by the first and the last.
func (p *place) stat(s *session, path string) (listing.Entry, error) {
	if p.asksMLST(s) {
		info, err := p.mlst(s, path)
		if !unknown(err) {
			return info, err
		}
	}
	size, modTime, err := s.sizeAndTime(path)
	if unknown(err) {
		return p.findInFolder(s, path)
	}
	if err != nil {
		return listing.Entry{}, err
	}
	info := listing.Entry{Kind: listing.File, Size: size}
	info.ModTime, err = modTime()
	if unknown(err) {
		listed, err := p.findInFolder(s, path)
		info.ModTime = listed.ModTime
		return info, ignoreMissing(err)
	}
	return info, err
}

func (p *place) asksMLST(s *session) bool { return s.facts.has("MLST") && p.listing != "list" }

func (p *place) mlst(s *session, name string) (listing.Entry, error) {
	replies, err := s.together("MLST " + s.abs(name))
	if err != nil {
		return listing.Entry{}, err
	}
	r := replies[0]
	if err := r.err(); err != nil {
		return listing.Entry{}, err
	}
	for _, line := range r.lines[1:] {
		facts := strings.TrimLeft(line, " ")
		if !strings.Contains(facts, "; ") {
			continue
		}
		// The name may be a whole path, or none; the question had it.
		before, _, _ := strings.Cut(facts, "; ")
		info, err := listing.Facts(before + "; " + "x")
		if err != nil {
			return listing.Entry{}, cut("stat", name, "%w", err)
		}
		switch info.Kind {
		case listing.Self, listing.Parent:
			info.Kind = listing.Folder
		case listing.File:
			if info.Size < 0 || info.Size == 0 && p.runs(proFTPD) { // which says of a FIFO that it is a file
				info.Size, err = s.size(name)
			}
		case listing.Link:
			return p.followed(s, name)
		}
		info.Name = path.Base(name)
		return info, err
	}
	return listing.Entry{}, cut("stat", name, "the server says nothing of it: %.200q", r.text())
}

// followed describes what a link leads to: SIZE follows links.
func (p *place) followed(s *session, path string) (listing.Entry, error) {
	info := listing.Entry{Kind: listing.File}
	var err error
	if info.Size, err = s.size(path); err == nil {
		info.ModTime, err = s.modTime(path)
	}
	return info, err
}

// size asks for the bytes of a file. The type of the session is binary, without
// which the answer would be another.
func (s *session) size(path string) (int64, error) { return s.sizeOf(s.abs(path)) }

func (s *session) sizeOf(path string) (int64, error) {
	replies, err := s.together("SIZE " + path)
	if err != nil {
		return 0, err
	}
	return sizeIn(replies[0], path)
}

func sizeIn(r reply, path string) (int64, error) {
	if err := r.err(); err != nil {
		return 0, err
	}
	size, ok := listing.Size(strings.TrimSpace(r.text()))
	if !ok || r.code != 213 {
		return 0, cut("stat", path, "the server gives the size as %.100q", r.text())
	}
	return size, nil
}

func (s *session) modTime(path string) (time.Time, error) {
	r, err := s.control.ask("MDTM %s", s.abs(path))
	if err != nil {
		return time.Time{}, err
	}
	return timeIn(r, path)
}

// sizeAndTime asks for both at once, of a server that says it knows both.
func (s *session) sizeAndTime(path string) (size int64, modTime func() (time.Time, error), err error) {
	if !s.facts.has("SIZE") || !s.facts.has("MDTM") {
		size, err = s.size(path)
		return size, func() (time.Time, error) { return s.modTime(path) }, err
	}
	replies, err := s.together("SIZE "+s.abs(path), "MDTM "+s.abs(path))
	if err != nil {
		return 0, nil, err
	}
	size, err = sizeIn(replies[0], path)
	return size, func() (time.Time, error) { return timeIn(replies[1], path) }, err
}

func timeIn(r reply, path string) (time.Time, error) {
	if err := r.err(); err != nil {
		return time.Time{}, err
	}
	t, ok := listing.Stamp(strings.TrimSpace(r.text()))
	if !ok || r.code != 213 {
		return time.Time{}, cut("stat", path, "the server gives the time as %.100q", r.text())
	}
	return t, nil
}

// findInFolder is for servers that describe nothing on its own.
func (p *place) findInFolder(s *session, name string) (listing.Entry, error) {
	if name == "" {
		return listing.Entry{Kind: listing.Folder}, nil
	}
	dir := path.Dir(name)
	if dir == "." {
		dir = ""
	}
	found, err := p.folder(s, dir)
	for _, info := range found.entries {
		if info.Name == path.Base(name) {
			return info, nil
		}
	}
	if err == nil {
		err = found.doubt
	}
	if err == nil {
		err = connectors.Errorf(connectors.KindNotFound, "stat", name, "its folder does not list it")
	}
	return listing.Entry{}, err
}

// Remove implements connectors.Sink. A link is removed, not what it leads to.
func (p *place) Remove(ctx context.Context, path string) error {
	path, err := p.clean(path)
	if err != nil {
		return err
	}
	return p.do(ctx, "remove", path, func(s *session) error {
		err := s.lib.Delete(s.abs(path))
		if code := codeOf(err); code == 0 || code >= 200 && code < 300 || p.dropBox {
			return ignoreGood(err)
		}
		// Few say why: a folder, or nothing, is not found.
		if _, failed := p.file(s, "remove", path); connectors.KindOf(failed) == connectors.KindNotFound {
			return failed
		}
		return err
	})
}

// ignoreGood takes another code for success than the library expects as what it is.
func ignoreGood(err error) error {
	if code := codeOf(err); code >= 200 && code < 300 {
		return nil
	}
	return err
}
