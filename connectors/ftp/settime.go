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
	command := timeCommand(p.setsTime.Load())
	if t.IsZero() || command == noTime || t.Year() < 1970 || t.Year() > 9999 {
		return nil
	}
	stamp := listing.FormatStamp(t)
	var err error
	switch command {
	case byMFMT:
		_, err = s.control.must("MFMT %s %s", stamp, s.abs(path))
	case byMDTM:
		_, err = s.control.must("MDTM %s %s", stamp, s.abs(path))
	default:
		_, err = s.control.must("SITE UTIME %s %s", stamp, s.abs(path))
	}
	kind := connectors.KindOf(fail("set time of", path, err))
	if unknown(err) || kind == connectors.KindPermission || kind == connectors.KindOther || kind == connectors.KindNotFound && command == byMDTM {
		p.setsTime.Store(int32(noTime))
		return nil
	}
	return err
}
