package ftp

import (
	"strings"
	"time"

	"gantry/connectors"
	"gantry/connectors/ftp/listing"
)

// timeCommand is the way in which a server lets a file's time be set.
type timeCommand int32

const (
	noTime timeCommand = iota
	byMFMT             // MFMT YYYYMMDDHHMMSS path
	byMDTM             // MDTM YYYYMMDDHHMMSS path, as vsftpd has it
	bySITE             // SITE UTIME, of older servers; UTC or not, each to its own
)

func (f *facts) timeCommand() timeCommand {
	switch {
	case f.has("MFMT"):
		return byMFMT
	case f.software() == vsFTPd:
		return byMDTM
	case strings.Contains(strings.ToUpper(f.features["SITE"]), "UTIME"):
		return bySITE
	default:
		return noTime
	}
}

// setTime sets the time of a file. A server that does not let it be set is
// remembered, and the time left alone.
func (p *place) setTime(s *session, path string, t time.Time) error {
	command := p.timing(s, path, t)
	if command == "" {
		return nil
	}
	_, err := s.control.must("%s", command)
	return p.timed(path, err)
}

// timing is the command that sets the time of a file, "" where it is left alone.
func (p *place) timing(s *session, path string, t time.Time) string {
	command := timeCommand(p.setsTime.Load())
	if t.IsZero() || command == noTime || t.Year() < 1970 || t.Year() > 9999 {
		return ""
	}
	verb := map[timeCommand]string{byMFMT: "MFMT", byMDTM: "MDTM", bySITE: "SITE UTIME"}[command]
	return verb + " " + listing.FormatStamp(t) + " " + s.abs(path)
}

// timed understands what came of the setting of a time.
func (p *place) timed(path string, err error) error {
	if err == nil {
		return nil
	}
	kind := connectors.KindOf(fail("set time of", path, err))
	byName := timeCommand(p.setsTime.Load()) == byMDTM
	if unknown(err) || kind == connectors.KindPermission || kind == connectors.KindOther || kind == connectors.KindNotFound && byName {
		p.setsTime.Store(int32(noTime))
		return nil
	}
	return err
}
