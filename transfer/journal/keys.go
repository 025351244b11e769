package journal

import (
	"encoding/binary"
	"fmt"
	"strings"

	"github.com/zeebo/xxh3"

	"gantry/connectors"
)

// Keys are a letter for the kind of entry, and names, each closed by NUL.
const (
	jobs     = "j"
	uploads  = "u"
	parts    = "p"
	copies   = "c"
	receipts = "r"
	outboxes = "o"
	orphans  = "x"
	numbered = "n" // the last sequence number of an outbox, which may be empty by now
	indexes  = "i"
	marks    = "m"
)

func key(kind string, names ...string) []byte {
	return []byte(kind + "\x00" + strings.Join(names, "\x00") + "\x00")
}

func partKey(job string, t Target, number int) []byte {
	return key(parts, job, t.key(), fmt.Sprintf("%08d", number))
}

func outboxKey(name string, sequence uint64) []byte {
	return binary.BigEndian.AppendUint64(key(outboxes, name), sequence)
}

// A Target is a destination of a job.
type Target struct {
	Location string `json:"location"`
	Path     string `json:"path"`
}

// key is short, since it stands in the key of every part.
func (t Target) key() string {
	sum := xxh3.HashString128(t.Location + "\x00" + t.Path).Bytes()
	return fmt.Sprintf("%x", sum)
}

// checkName keeps names apart in keys.
func checkName(what, name string) error {
	if name == "" || len(name) > 4096 || strings.ContainsRune(name, 0) {
		return connectors.Errorf(connectors.KindInvalid, "use journal", name, "the %s must have 1 to 4,096 bytes and no NUL", what)
	}
	return nil
}
