package sftp

import (
	"slices"
	"strings"
	"testing"
	"time"

	"gantry/connectors"
)

// A program that digests more slowly than a copy is read is not asked any more.
func TestSlowCommandsAreNotAsked(t *testing.T) {
	t.Parallel()
	by := func(i int) program { return programs[i] }
	made := &trial{programs: map[connectors.Algorithm]program{}}
	for i := range programs {
		switch by(i).command {
		case "openssl dgst -sha1 -r", "md5sum", "sha256sum":
			made.programs[by(i).algorithm] = by(i)
			made.computes = append(made.computes, by(i).algorithm)
		}
	}
	for name, test := range map[string]struct {
		size int64
		took time.Duration
		want []connectors.Algorithm
	}{
		"over a line of 1 Gbit/s":   {1 << 30, 10 * time.Second, []connectors.Algorithm{connectors.SHA1, connectors.MD5, connectors.SHA256}},
		"over a line of 10 Gbit/s":  {1 << 30, 2200 * time.Millisecond, []connectors.Algorithm{connectors.SHA1, connectors.MD5}},
		"as quick as the processor": {1 << 30, 1500 * time.Millisecond, []connectors.Algorithm{connectors.SHA1}},
		"on one machine":            {4 << 30, 2 * time.Second, nil},
		"too small to tell":         {1 << 20, time.Microsecond, []connectors.Algorithm{connectors.SHA1, connectors.MD5, connectors.SHA256}},
	} {
		c := newCommands()
		c.trial.Store(made)
		c.sentBy(test.size, test.took)
		c.sentBy(test.size, time.Hour) // a slow one says nothing
		if got := c.keepingUp(); !slices.Equal(got, test.want) || strings.Contains(c.missing(), "more slowly") != (len(test.want) == 0) {
			t.Errorf("%s: it is asked for %v (%q); want %v", name, got, c.missing(), test.want)
		}
	}
}
