package ftp_test

import (
	"strings"
	"testing"
	"time"

	"gantry/connectors"
)

// inTheGuiseOfVSFTPD is a server that is known to replace files in one step, describes
// them by SIZE and MDTM, and sets times by MDTM.
func inTheGuiseOfVSFTPD(c *client, verb, arg string) bool {
	switch stamp, _, two := strings.Cut(arg, " "); {
	case verb == "":
		c.say("220 (vsFTPd 3.0.3)")
	case verb == "MDTM" && two && len(stamp) == len("20240101000000"):
		c.say("213 File modification time set.")
	default:
		return false
	}
	return true
}

func startVSFTPDLike(t *testing.T, refuse func(c *client, verb, arg string) bool) (*fake, connectors.Place) {
	t.Helper()
	f := startFake(t, func(c *client, verb, arg string) bool {
		return refuse(c, verb, arg) || inTheGuiseOfVSFTPD(c, verb, arg)
	})
	f.features = []string{"SIZE", "MDTM", "REST STREAM", "UTF8"}
	return f, open(t, f.location())
}

// sendSmall uploads a file of a few bytes, and commits it.
func sendSmall(t *testing.T, place connectors.Place, path, content string) (connectors.Entry, error) {
	t.Helper()
	up, err := place.Begin(t.Context(), path, connectors.UploadOptions{Size: int64(len(content)), ModTime: time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC)})
	must(t, err)
	p := connectors.Part{Number: 1, Size: int64(len(content))}
	_, err = up.WritePart(t.Context(), p, strings.NewReader(content))
	must(t, err)
	return up.Commit(t.Context(), connectors.Whole{Size: p.Size, Parts: []connectors.Part{p}})
}

func TestSmallFileIsPublishedInOneExchange(t *testing.T) {
	t.Parallel()
	ahead := 0
	f, place := startVSFTPDLike(t, func(c *client, verb, _ string) bool {
		if verb == "RNFR" {
			ahead = c.ahead
		}
		return false
	})
	entry, err := sendSmall(t, place, "clip", "a few bytes")
	must(t, err)
	if content, _ := f.get("/clip"); content != "a few bytes" || entry.Size != 11 || entry.ModTime.Year() != 2024 {
		t.Fatalf("%q, as %+v", content, entry)
	}
	// The length of what has arrived is asked for before it is published, and that of what
	// is there after it.
	if rest := len("RNTO /clip\r\nSIZE /clip\r\nMDTM /clip\r\n"); ahead != rest {
		t.Errorf("%d bytes had come with the first command of the renaming, not %d", ahead, rest)
	}
	for verb, want := range map[string]int{"SIZE": 2, "MDTM": 2, "RNFR": 1, "RNTO": 1, "STOR": 2, "MLST": 0} {
		if got := f.commands(verb); got != want {
			t.Errorf("%d × %s for a small file, not %d: %q", got, verb, want, f.log)
		}
	}
}

func TestRefusalsOfWhatIsAskedAtOnce(t *testing.T) {
	t.Parallel()
	t.Run("time", func(t *testing.T) {
		t.Parallel()
		f, place := startVSFTPDLike(t, func(c *client, verb, arg string) bool {
			refused := verb == "MDTM" && strings.Contains(arg, " ")
			if refused {
				c.say("550 Could not set file modification time.")
			}
			return refused
		})
		for range 2 {
			_, err := sendSmall(t, place, "clip", "a few bytes")
			must(t, err)
		}
		if n := f.commands("MDTM"); n != 3 { // set once in vain, and asked for twice
			t.Errorf("%d × MDTM: %q", n, f.log)
		}
	})
	t.Run("first rename", func(t *testing.T) {
		t.Parallel()
		refused := false
		f, place := startVSFTPDLike(t, func(c *client, verb, _ string) bool {
			if verb != "RNTO" || refused {
				return false
			}
			refused = true
			c.say("550 Rename failed.")
			return true
		})
		entry, err := sendSmall(t, place, "clip", "a few bytes")
		must(t, err)
		if content, _ := f.get("/clip"); content != "a few bytes" || entry.Size != 11 {
			t.Fatalf("%q, as %+v", content, entry)
		}
	})
	t.Run("another length", func(t *testing.T) {
		t.Parallel()
		_, place := startVSFTPDLike(t, func(c *client, verb, arg string) bool {
			longer := verb == "SIZE" && arg == "/clip"
			if longer {
				c.say("213 12")
			}
			return longer
		})
		_, err := sendSmall(t, place, "clip", "a few bytes")
		wantKind(t, "commit", err, connectors.KindIntegrity)
	})
}
