package ftp

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
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
	sums, _, err := p.hashAll(ctx, path, path, want)
	return sums, err
}

// HashStaged implements connectors.StagedHasher.
func (u *upload) HashStaged(ctx context.Context, want ...connectors.Algorithm) (connectors.Digests, error) {
	if u.place.dropBox {
		return nil, connectors.Errorf(connectors.KindUnsupported, "hash", u.path, "nothing is told of a drop box (option dropBox)")
	}
	if err := u.rest(ctx); err != nil {
		return nil, err
	}
	if err := u.place.do(ctx, "hash", u.path, u.outdate); err != nil {
		return nil, err
	}
	sums, refusal, err := u.place.hashAll(ctx, u.target(), u.path, want)
	if err == nil && refusal != nil {
		err = connectors.Errorf(connectors.KindUnsupported, "hash", u.path, "%w", refusal)
	}
	return sums, err
}

// outdate gives the staged file a time that it never had. ProFTPD keeps digests by
// name and time, those that it has computed while bytes arrived, too, and tells them
// again: they are not of what is on the disk now. The commit sets the right time;
// until then the file looks no more than an hour older than it is.
func (u *upload) outdate(s *session) error {
	odd := u.place.pool.now().Add(-time.Minute - u.place.chance(time.Hour))
	err := u.place.setTime(s, u.target(), odd)
	if err == nil && timeCommand(u.place.setsTime.Load()) == noTime && u.place.runs(proFTPD) {
		err = connectors.Errorf(connectors.KindUnsupported, "hash", u.path, "the server may have kept the digest of other bytes, and lets no time be set")
	}
	u.outdated.Store(true)
	return err
}

// hashAll asks for the digests of the file at name, which errors call path. A server
// that does not tell one of them says why: refusal.
func (p *place) hashAll(ctx context.Context, name, path string, want []connectors.Algorithm) (sums connectors.Digests, refusal, err error) {
	sums = connectors.Digests{}
	_, err = ask(ctx, p, "hash", path, func(s *session) (struct{}, error) {
		entry, err := p.file(s, "hash", name)
		if err != nil {
			return struct{}{}, err
		}
		for _, algorithm := range want {
			sum, err := s.hash(entry, algorithm)
			switch {
			case errors.Is(err, os.ErrDeadlineExceeded): // the session is lost with it
				refusal = fmt.Errorf("%s: the server did not answer in time", algorithm)
				return struct{}{}, nil
			case codeOf(err) != 0 || errors.Is(err, errNoDigest):
				refusal = fmt.Errorf("%s: %w", algorithm, err)
			case err != nil:
				return struct{}{}, err
			default:
				sums[algorithm] = sum
			}
		}
		return struct{}{}, nil
	})
	return sums, refusal, err
}

// errNoDigest is what the server's refusal amounts to.
var errNoDigest = errors.New("the server tells none")

// hash gives the server's refusal if it does not tell.
func (s *session) hash(of connectors.Entry, algorithm connectors.Algorithm) (string, error) {
	known, ok := hashNames[algorithm]
	if !ok {
		return "", errNoDigest
	}
	defer s.patient(of.Size)()
	switch {
	case slices.Contains(s.facts.hashes(), known.name):
		return s.hashByHASH(of, known.name)
	case s.facts.has(known.command) && !strings.ContainsAny(of.Path, ` "`): // what follows a space may be taken for a range
		r, err := s.control.ask("%s %s", known.command, s.abs(of.Path))
		if err == nil && r.code != 213 && r.code != 250 {
			err = &replyError{r.code, r.text()}
		}
		if err != nil {
			return "", err
		}
		return sumIn(r.last(), algorithmLength(algorithm))
	default:
		return "", errNoDigest
	}
}

// computes are the digests that the server says it has.
func (f *facts) computes() (list []connectors.Algorithm) {
	for _, a := range []connectors.Algorithm{connectors.SHA256, connectors.SHA1, connectors.MD5} {
		if known := hashNames[a]; slices.Contains(f.hashes(), known.name) || f.has(known.command) {
			list = append(list, a)
		}
	}
	return list
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
		if err == nil && !r.good() {
			err = &replyError{r.code, r.text()}
		}
		if err != nil {
			return "", err
		}
		s.algo = name
	}
	r, err := s.control.ask("HASH %s", s.abs(of.Path))
	if err == nil && r.code != 213 {
		err = &replyError{r.code, r.text()}
	}
	if err != nil {
		return "", err
	}
	fields := strings.Fields(r.last())
	if len(fields) < 3 || !strings.EqualFold(fields[0], name) || !wholeRange(fields[1], of.Size) {
		return "", fmt.Errorf("%w of the whole file", errNoDigest)
	}
	return sumIn(fields[2], 0)
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
func sumIn(text string, length int) (string, error) {
	sum := strings.ToLower(hexSum.FindString(text))
	raw, err := hex.DecodeString(sum)
	if err != nil || len(raw) == 0 || length > 0 && len(raw) != length {
		return "", errNoDigest
	}
	return sum, nil
}

func algorithmLength(a connectors.Algorithm) int {
	return map[connectors.Algorithm]int{connectors.MD5: 16, connectors.SHA1: 20, connectors.SHA256: 32}[a]
}
