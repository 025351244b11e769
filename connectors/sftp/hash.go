package sftp

import (
	"cmp"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"gantry/connectors"
	"gantry/connectors/promise"
	"gantry/connectors/sftp/wire"
)

// hasher asks servers that have check-file, or run commands.
type hasher struct{ place *place }

var _ connectors.Hasher = hasher{}

// digestsOfServers are those that a server may have, with their length in bytes.
var digestsOfServers = map[connectors.Algorithm]int{connectors.MD5: 16, connectors.SHA1: 20, connectors.SHA256: 32}

// Hash implements connectors.Hasher. A digest that the server does not have, or
// refuses for so large a file, is left out.
func (d hasher) Hash(ctx context.Context, path string, want ...connectors.Algorithm) (connectors.Digests, error) {
	path, err := promise.CleanPath(path)
	if err != nil {
		return nil, err
	}
	if d.place.mayCommand() {
		entry, err := d.place.Stat(ctx, path)
		if err != nil || entry.Size < d.place.computesFrom() {
			return connectors.Digests{}, err
		}
		d.place.Survey(ctx, entry.Size)
	}
	sums, _, err := d.place.hashAll(ctx, path, path, want)
	return sums, err
}

// HashStaged implements connectors.StagedHasher.
func (u *upload) HashStaged(ctx context.Context, want ...connectors.Algorithm) (connectors.Digests, error) {
	if u.options.Resume == "" && !u.began.IsZero() {
		u.place.commands.sentBy(u.reach.Load(), u.place.now().Sub(u.began))
	}
	if len(u.place.computing()) == 0 {
		why := cmp.Or(u.place.commands.missing(), "the server has no check-file, and no command is known to compute a digest")
		return nil, connectors.Errorf(connectors.KindUnsupported, "hash", u.path, "%s", why)
	}
	sums, refusal, err := u.place.hashAll(ctx, u.staged(), u.path, want)
	if err == nil && refusal != nil {
		err = connectors.Errorf(connectors.KindUnsupported, "hash", u.path, "%w", refusal)
	}
	return sums, err
}

// hashAll asks for the digests of the file at name, which errors call path. A server
// that does not tell one of them says why: refusal.
func (p *place) hashAll(ctx context.Context, name, path string, want []connectors.Algorithm) (sums connectors.Digests, refusal, err error) {
	sums = connectors.Digests{}
	err = p.do(ctx, "hash", path, func(ctx context.Context, c *conn) error {
		entry, err := c.entry(ctx, name)
		if err != nil {
			return err
		}
		if len(p.computes) == 0 && p.mayCommand() {
			refusal, err = p.byCommands(ctx, c, name, entry.Size, want, sums)
			return err
		}
		for _, algorithm := range want {
			size, ok := digestsOfServers[algorithm]
			if !ok || !c.hashes(algorithm) {
				refusal = fmt.Errorf("%s: the server does not have it", algorithm)
				continue
			}
			over := c.link.patient(entry.Size)
			sum, err := c.CheckFile(ctx, c.abs(name), string(algorithm))
			over()
			switch {
			case isStatus(err, wire.Unsupported, wire.Failure, wire.PermissionDenied, wire.BadMessage):
				refusal = fmt.Errorf("%s: %w", algorithm, err)
			case err != nil:
				return err
			case sum.Algorithm == string(algorithm) && len(sum.Sum) == size:
				sums[algorithm] = hex.EncodeToString(sum.Sum)
			default:
				refusal = fmt.Errorf("%s: the server gives %d bytes of %q", algorithm, len(sum.Sum), sum.Algorithm)
			}
		}
		return nil
	})
	return sums, refusal, err
}

// hashes tells whether the server says that it has a digest. Some list those that
// they have, others only say that they have some.
func (c *conn) hashes(algorithm connectors.Algorithm) bool {
	list := c.digests()
	return list == "" || strings.Contains(","+list+",", ","+string(algorithm)+",")
}

// digests is the server's list, "" if it gives none.
func (c *conn) digests() string {
	list := c.Extensions()["check-file"]
	if !strings.Contains(list, "md5") && !strings.Contains(list, "sha") {
		return "" // a version
	}
	return list
}

// offered are the digests that the server has, as far as it says.
func (c *conn) offered() (list []connectors.Algorithm) {
	for _, a := range []connectors.Algorithm{connectors.SHA256, connectors.SHA1, connectors.MD5} {
		if c.hashes(a) {
			list = append(list, a)
		}
	}
	return list
}

// canHash tells whether the server has check-file. Version 3 has no place to say
// so, and servers of other makes than OpenSSH are asked about a file that is not
// there: only those that look for it know the request.
func (c *conn) canHash(ctx context.Context) (bool, error) {
	for _, name := range []string{"check-file", "check-file-name"} {
		if _, ok := c.Extensions()[name]; ok {
			return true, nil
		}
	}
	if strings.HasPrefix(c.link.software(), "OpenSSH") {
		return false, nil
	}
	_, err := c.CheckFile(ctx, c.abs(promise.StagedPath("none")), string(connectors.MD5))
	if err != nil && !refused(err) {
		return false, err
	}
	return errors.Is(err, fs.ErrNotExist), nil
}
