package ftp_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"gantry/connectors"
	"gantry/connectors/promise"
	"gantry/connectors/servers"
)

// sendAtOnce uploads a file as one of many.
func sendAtOnce(t *testing.T, place connectors.Place, path, content string) {
	t.Helper()
	up, err := place.Begin(t.Context(), path, connectors.UploadOptions{Size: int64(len(content)), AtOnce: true})
	must(t, err)
	p := connectors.Part{Number: 1, Size: int64(len(content))}
	_, err = up.WritePart(t.Context(), p, strings.NewReader(content))
	must(t, err)
	_, err = up.Commit(t.Context(), connectors.Whole{Size: p.Size, Parts: []connectors.Part{p}})
	must(t, err)
}

func TestPortsAreAskedForAhead(t *testing.T) {
	t.Parallel()
	behind := 0
	f, place := startVSFTPDLike(t, func(c *client, verb, arg string) bool {
		if verb == "SIZE" && strings.Contains(arg, promise.Folder) && c.ahead > 0 {
			behind++
		}
		return false
	})
	sendAtOnce(t, place, "warm", "it makes the folder")
	before := f.commands("EPSV")
	for n := range 3 {
		sendAtOnce(t, place, fmt.Sprint("clip", n), "a few bytes")
	}
	if asked := f.commands("EPSV") - before; behind != 4 || asked != 3 {
		t.Errorf("%d ports were asked for with the size of one of 4 files, %d for the last 3", behind, asked)
	}
	for n := range 3 {
		if content, _ := f.get(fmt.Sprint("/clip", n)); content != "a few bytes" {
			t.Errorf("file %d is %q", n, content)
		}
	}
}

// A port that is closed before it is used is asked for again.
func TestAPortThatWasAskedForAheadIsClosed(t *testing.T) {
	t.Parallel()
	f, place := startVSFTPDLike(t, func(c *client, verb, _ string) bool {
		if verb == "RNTO" {
			_ = c.data.Close()
		}
		return false
	})
	for n := range 3 {
		sendAtOnce(t, place, fmt.Sprint("clip", n), "a few bytes")
		if content, _ := f.get(fmt.Sprint("/clip", n)); content != "a few bytes" {
			t.Errorf("file %d is %q", n, content)
		}
	}
}

// Real servers keep the port, whatever is asked in between.
func TestServersKeepAPort(t *testing.T) {
	each(t, func(t *testing.T, kind starter) {
		s := start(t, kind, servers.FTPOptions{})
		must(t, os.Chmod(s.Dir, 0o777))
		l := newLink(t, s.Addr)
		place := open(t, l.through(t, s, ""))
		for n := range 8 {
			name, content := fmt.Sprint("day/clip", n), fmt.Sprint("clip ", n)
			sendAtOnce(t, place, name, content)
			if got, err := readAll(place, name, 0, int64(len(content))); err != nil || got != content {
				t.Fatalf("%q, %v", got, err)
			}
			_, _, err := list(t, place, "")
			must(t, err)
		}
		info, err := os.ReadDir(filepath.Join(s.Dir, "day"))
		if must(t, err); len(info) != 8 {
			t.Errorf("%d files", len(info))
		}
	})
}
