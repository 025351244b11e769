package ftp_test

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"gantry/connectors/ftp"
	"gantry/connectors/promise"
	"gantry/connectors/servers"
)

// To a server that is far away all parts go over one data connection, and each is on its
// disk once it was accepted.
func TestAFarUploadIsOneTransfer(t *testing.T) {
	each(t, func(t *testing.T, kind starter) {
		s := start(t, kind, servers.FTPOptions{})
		must(t, os.Chmod(s.Dir, 0o777))
		l := newLink(t, s.Addr)
		place := open(t, l.through(t, s, ""))
		ftp.FarAway(place)
		up := begin(t, place, "tapes/clip", "")
		before := l.transfers.Load()
		for number := 1; number <= 4; number++ {
			write(t, up, number)
			info, err := os.Stat(filepath.Join(s.Dir, promise.Folder, up.ID()))
			must(t, err)
			if info.Size() != int64(number)*partSize {
				t.Fatalf("%d bytes are there after %d parts", info.Size(), number)
			}
		}
		if n := l.transfers.Load() - before; n != 1 {
			t.Errorf("%d transfers", n)
		}
		commit(t, up)
		wantClip(t, filepath.Join(s.Dir, "tapes", "clip"))
	})
}

// What was accepted is not sent again after the connections were lost.
func TestAFarUploadGoesOn(t *testing.T) {
	each(t, func(t *testing.T, kind starter) {
		s := start(t, kind, servers.FTPOptions{})
		must(t, os.Chmod(s.Dir, 0o777))
		l := newLink(t, s.Addr)
		place := open(t, l.through(t, s, ""))
		ftp.FarAway(place)
		up := begin(t, place, "tapes/clip", "")
		write(t, up, 1, 2)
		l.Cut()
		again(t, func() error {
			_, err := up.WritePart(t.Context(), part(3), bytes.NewReader(frames(3)))
			return err
		})
		write(t, up, 4)
		commit(t, up)
		wantClip(t, filepath.Join(s.Dir, "tapes", "clip"))
	})
}

// A server that lets nothing be added to a file is found out far away, too.
func TestAFarServerThatAddsNothing(t *testing.T) {
	t.Parallel()
	s := start(t, servers.StartProFTPD, unprepared)
	place := open(t, location(t, s, "ftp", ""))
	ftp.FarAway(place)
	up := begin(t, place, "clip", "")
	write(t, up, 1, 2, 3, 4)
	commit(t, up)
	wantClip(t, filepath.Join(s.Dir, "clip"))
}
