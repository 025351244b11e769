package ftp

import (
	"context"
	"regexp"
	"strings"
	"time"

	"gantry/connectors"
	"gantry/connectors/ftp/listing"
)

// Describe implements connectors.Describer.
func (p *place) Describe(ctx context.Context) (connectors.Description, error) {
	return ask(ctx, p, "describe", p.url, func(s *session) (connectors.Description, error) {
		system, err := s.control.ask("SYST")
		if err != nil {
			return connectors.Description{}, err
		}
		d := connectors.Description{Software: softwareIn(s.facts.greeting), Features: s.facts.raw, Quirks: p.quirks(s)}
		if system.code == 215 {
			d.Features = append(d.Features, "SYST "+printable(system.text()))
		}
		d.Clock, err = s.clock()
		return d, err
	})
}

var version = regexp.MustCompile(`(?i)\b(vsftpd|proftpd|pure-ftpd|filezilla server|microsoft ftp service|serv-u ftp server|wu-?ftpd|glftpd|titan ftp server|cerberus ftp server|crushftp\w*|wing ftp server|bftpd)\b(?: server)?(?: (?:v|version )?[0-9][0-9a-z.]*)?`)

// softwareIn finds name and version in a greeting.
func softwareIn(greeting string) string { return printable(version.FindString(greeting)) }

// clock reads the server's time, where a command tells it without writing.
func (s *session) clock() (time.Time, error) {
	if !strings.Contains(s.facts.features["SITE"], "TIME") {
		return time.Time{}, nil
	}
	r, err := s.control.ask("SITE TIME")
	t, _ := listing.Stamp(strings.TrimSpace(r.text()))
	return t, err
}

// quirks are what the server does otherwise than one expects.
func (p *place) quirks(s *session) []connectors.Quirk {
	var found []connectors.Quirk
	note := func(applies bool, name, meaning string) {
		if applies {
			found = append(found, connectors.Quirk{Name: name, Meaning: meaning})
		}
	}
	note(p.lists.Load(), "no-mlsd", "folders are listed by LIST, for which there is no standard: nothing may be concluded from what is missing in a listing, and the exact times are asked for one by one")
	note(s.tls == "none", "clear-text", "the password and the files can be read and changed by everybody on the way: ask for TLS (ftpes:// or ftps://)")
	note(!p.Traits().AtomicCommit && !p.dropBox, "no-atomic-replace", "the server is not known to replace a file in one step: the old file is moved aside first, and the path may be empty for a moment")
	note(timeCommand(p.setsTime.Load()) == noTime, "no-set-time", "files are dated when they arrive, whatever their own time is")
	note(timeCommand(p.setsTime.Load()) == byMDTM, "mdtm-sets-time", "times are set by MDTM with two arguments")
	note(p.whole.Load(), "no-append", "nothing can be added to a file that is there: each file is sent in one go, and begins again after an interruption")
	note(p.runs(pureFTPd), "hides-names", "names with control characters are left out of listings without a word: nothing may be concluded from what is missing in a listing")
	note(p.runs(pureFTPd), "changes-names", "names that end with a space or have control characters would be kept under another name: they are refused, like those with a backslash")
	note(len(s.facts.hashes()) == 0 && !s.facts.has("XSHA256") && !s.facts.has("XMD5") && !s.facts.has("XSHA1"), "no-digests", "the server computes no digests: files are read back to prove them")
	note(p.dropBox, "drop-box", "files can be sent and not looked at: they are written under their final names at once, and the proof is that the server said it had them")
	return found
}
