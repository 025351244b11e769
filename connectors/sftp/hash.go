package sftp

import (
	"context"
	"encoding/hex"
	"errors"
	"io/fs"
	"strings"

	"gantry/connectors"
	"gantry/connectors/promise"
	"gantry/connectors/sftp/wire"
)

// hasher asks servers that have check-file.
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
	return ask(ctx, d.place, "hash", path, func(ctx context.Context, c *conn) (connectors.Digests, error) {
		entry, err := c.entry(ctx, path)
		if err != nil {
			return nil, err
		}
		sums := connectors.Digests{}
		for _, algorithm := range want {
			size, ok := digestsOfServers[algorithm]
			if !ok || !c.hashes(algorithm) {
				continue
			}
			over := c.link.patient(entry.Size)
			sum, err := c.CheckFile(ctx, c.abs(path), string(algorithm))
			over()
			switch {
			case isStatus(err, wire.Unsupported, wire.Failure, wire.PermissionDenied, wire.BadMessage):
				continue
			case err != nil:
				return nil, err
			case sum.Algorithm == string(algorithm) && len(sum.Sum) == size:
				sums[algorithm] = hex.EncodeToString(sum.Sum)
			}
		}
		return sums, nil
	})
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
