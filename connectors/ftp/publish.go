package ftp

import (
	"time"

	"gantry/connectors"
	"gantry/connectors/ftp/listing"
)

// publishAtOnce gives the staged file its time and its path, and looks at it there, in
// one exchange: of small files, the exchanges are what a commit costs. It is for servers
// that are known to replace a file in one step. done is false if the file has not got its
// path; nothing is lost then, and it is told why by trying again.
func (u *upload) publishAtOnce(s *session, t time.Time) (entry connectors.Entry, done bool, err error) {
	p := u.place
	if u.options.Exclusive || u.options.Resume != "" || p.swaps.Load() || !p.replaces.Load() {
		return entry, false, p.setTime(s, u.target(), t)
	}
	var commands []string
	dating := p.timing(s, u.target(), t)
	if dating != "" {
		commands = append(commands, dating)
	}
	commands = append(commands, "RNFR "+s.abs(u.target()), "RNTO "+s.abs(u.path))
	if !p.asksMLST(s) {
		commands = append(commands, "SIZE "+s.abs(u.path), "MDTM "+s.abs(u.path))
	}
	var replies []reply
	err = s.warm(u.options.AtOnce && p.more.follows(p.pool.now()), func() (err error) {
		replies, err = s.together(commands...)
		return err
	})
	if err != nil {
		return entry, false, err
	}
	var dated error
	if dating != "" {
		dated, replies = p.timed(u.target(), replies[0].err()), replies[1:]
	}
	if !replies[1].good() {
		return entry, false, dated
	}
	if dated != nil {
		if err := p.setTime(s, u.path, t); err != nil {
			return entry, true, err
		}
	}
	if dated == nil && len(replies) == 4 {
		info := listing.Entry{Kind: listing.File}
		if info.Size, err = sizeIn(replies[2], u.path); err == nil {
			info.ModTime, err = timeIn(replies[3], u.path)
		}
		if err == nil {
			return entryOf(u.path, info), true, nil
		}
	}
	entry, err = p.file(s, "commit", u.path)
	return entry, true, err
}
