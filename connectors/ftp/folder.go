package ftp

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strings"

	"gantry/connectors"
	"gantry/connectors/ftp/listing"
)

// Bounds of what is taken of the listing of one folder.
const (
	maxListed    = 16 << 10  // bytes of a line
	maxInOne     = 5_000_000 // entries
	maxPipelined = 32        // commands under way at once
	maxDepth     = 100       // folders in folders
	hiddenToo    = "-a"
)

// A contents is what one folder holds.
type contents struct {
	entries []listing.Entry
	bad     []*listing.NameError // entries that cannot be named
	twice   []string             // names that were listed again
	doubt   error                // why there may be more: KindIncomplete
	exact   bool                 // the times are as exact as those of Stat
	self    bool                 // the folder itself was listed, so that hidden files were, too
	odd     []oddLine
	last    int // the entry of the line before
}

// An oddLine is one that is not understood, after the entry of this number.
type oddLine struct {
	after int // -1 if there is none, or the line before was no entry's
	text  string
	err   error
}

// folder lists one folder. Its error says that nothing is known; doubt, that there
// may be more than the entries.
func (p *place) folder(s *session, dir string) (contents, error) {
	if !p.lists.Load() && !s.noMLSD {
		found, err := p.mlsd(s, dir)
		if !unknown(err) || p.listing != "auto" {
			return found, err
		}
		p.lists.Store(true) // it was announced, and is not there
		return found, connectors.Errorf(connectors.KindUnavailable, "list", dir, "the server has no MLSD, other than it says; LIST is taken from now on: %w", err)
	}
	if _, err := s.control.must("CWD %s", s.abs(dir)); err != nil {
		return contents{}, err
	}
	if !p.plainList.Load() {
		found, err := p.list(s, dir, hiddenToo)
		if err == nil && (found.self || found.doubt != nil) {
			return found, nil
		}
		if err != nil && codeOf(err) == 0 {
			return found, err
		}
		// Either the option is taken for a name, or the server has no such entries.
		p.plainList.Store(true)
	}
	return p.list(s, dir, "")
}

func (p *place) mlsd(s *session, dir string) (contents, error) {
	found := contents{exact: true}
	err := p.gather(s, dir, s.abs(dir), func(line string) {
		e, err := listing.Facts(line)
		found.add(line, e, true, err)
	}, &found)
	return found, err
}

// list reads a LIST of the folder that the session is in.
func (p *place) list(s *session, dir, option string) (contents, error) {
	var found contents
	r := listing.Reader{Now: p.pool.now(), Zone: p.zone}
	err := p.gather(s, dir, option, func(line string) {
		e, ok, err := r.Line(line)
		found.add(line, e, ok, err)
	}, &found)
	return found, err
}

// add takes over what a line says.
func (c *contents) add(line string, e listing.Entry, ok bool, err error) {
	var bad *listing.NameError
	switch {
	case errors.As(err, &bad):
		c.bad, c.last = append(c.bad, bad), -1
	case err != nil, line == "":
		c.odd = append(c.odd, oddLine{c.last, line, err})
	case !ok:
		c.last = -1
	case e.Kind == listing.Self:
		c.self, c.last = true, -1
	case e.Kind == listing.Parent:
		c.last = -1
	default:
		c.entries = append(c.entries, e)
		c.last = len(c.entries) - 1
	}
}

// gather has the library list, and takes the lines before its parser does.
func (p *place) gather(s *session, dir, argument string, each func(line string), found *contents) error {
	doubt := func(err error) {
		if found.doubt == nil && err != nil {
			found.doubt = cut("list", dir, "%w", err)
		}
	}
	opened := false
	found.last = -1
	s.divert = func(r io.Reader) error {
		opened = true
		lines := bufio.NewReaderSize(r, maxListed)
		for n := 0; ; n++ {
			text, err := lines.ReadSlice('\n')
			if err == io.EOF && len(text) > 0 {
				doubt(fmt.Errorf("the last line has no end: %.120q", text))
			}
			if err == io.EOF {
				return nil
			}
			if err != nil {
				return err
			}
			if n > maxInOne {
				return fmt.Errorf("the folder has more than %d entries", maxInOne)
			}
			each(strings.TrimSuffix(strings.TrimSuffix(string(text), "\n"), "\r"))
		}
	}
	_, err := s.lib.List(argument)
	s.divert = nil
	if err = ignoreGood(err); err != nil && opened {
		doubt(fmt.Errorf("the listing breaks off: %w", translated(err)))
		return nil
	}
	return err
}
