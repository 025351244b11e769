package ftp

import (
	"context"
	"encoding/hex"
	"errors"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"gantry/connectors"
)

// hashNames are the algorithms in the spelling of HASH, and the commands that
// older servers have for them.
var hashNames = map[connectors.Algorithm]struct{ name, command string }{
	connectors.SHA256: {"SHA-256", "XSHA256"},
	connectors.SHA1:   {"SHA-1", "XSHA1"},
	connectors.MD5:    {"MD5", "XMD5"},
}

// Hash implements connectors.Hasher. A server that has no time, no right or no
// will to compute vouches for nothing, which is no error.
func (p *place) Hash(ctx context.Context, path string, want ...connectors.Algorithm) (connectors.Digests, error) {
	path, err := p.clean(path)
	if err != nil {
		return nil, err
	}
	if p.dropBox {
		return nil, fail("hash", path, ctx.Err())
	}
	return ask(ctx, p, "hash", path, func(s *session) (connectors.Digests, error) {
		entry, err := p.file(s, "hash", path)
		if err != nil {
			return nil, err
		}
		sums := connectors.Digests{}
		for _, algorithm := range want {
			sum, err := s.hash(entry, algorithm)
			switch {
			case errors.Is(err, os.ErrDeadlineExceeded): // the session is lost with it
				return sums, nil
			case err != nil:
				return nil, err
			case sum != "":
				sums[algorithm] = sum
			}
		}
		return sums, nil
	})
}

// hash gives "" if the server does not tell.
func (s *session) hash(of connectors.Entry, algorithm connectors.Algorithm) (string, error) {
	known, ok := hashNames[algorithm]
	if !ok {
		return "", nil
	}
	defer s.patient(of.Size)()
	switch {
	case slices.Contains(s.facts.hashes(), known.name):
		return s.hashByHASH(of, known.name)
	case s.facts.has(known.command) && !strings.ContainsAny(of.Path, ` "`): // what follows a space may be taken for a range
		r, err := s.control.ask("%s %s", known.command, s.abs(of.Path))
		if err != nil || r.code != 213 && r.code != 250 {
			return "", err
		}
		return sumIn(r.last(), algorithmLength(algorithm)), nil
	default:
		return "", nil
	}
}

// patient lets the server take the time that a slow disk needs, between any two
// lines that it sends.
func (s *session) patient(size int64) func() {
	const slow = 20 << 20 // bytes/s
	usual := s.control.timeout
	s.control.timeout += time.Duration(size/slow) * time.Second
	return func() { s.control.timeout = usual }
}

// hashByHASH follows draft-bryan-ftpext-hash: "213 SHA-256 0-49 <hex> name".
func (s *session) hashByHASH(of connectors.Entry, name string) (string, error) {
	if s.algo != name {
		r, err := s.control.ask("OPTS HASH %s", name)
		if err != nil || !r.good() {
			return "", err
		}
		s.algo = name
	}
	r, err := s.control.ask("HASH %s", s.abs(of.Path))
	if err != nil || r.code != 213 {
		return "", err
	}
	fields := strings.Fields(r.last())
	if len(fields) < 3 || !strings.EqualFold(fields[0], name) || !wholeRange(fields[1], of.Size) {
		return "", nil
	}
	return sumIn(fields[2], 0), nil
}

// wholeRange accepts the last byte as the end, as the draft has it, and the one
// after it, as ProFTPD has it.
func wholeRange(text string, size int64) bool {
	from, to, _ := strings.Cut(text, "-")
	end, err := strconv.ParseInt(to, 10, 64)
	return from == "0" && err == nil && (end == size || end == max(size-1, 0))
}

var hexSum = regexp.MustCompile(`\b[0-9A-Fa-f]{32,64}\b`)

// sumIn finds a digest of this many bytes; 0 is any.
func sumIn(text string, length int) string {
	sum := strings.ToLower(hexSum.FindString(text))
	raw, err := hex.DecodeString(sum)
	if err != nil || length > 0 && len(raw) != length {
		return ""
	}
	return sum
}

func algorithmLength(a connectors.Algorithm) int {
	return map[connectors.Algorithm]int{connectors.MD5: 16, connectors.SHA1: 20, connectors.SHA256: 32}[a]
}
