package ftp_test

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"gantry/connectors"
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

// An upload that is left holds no session: another one goes across meanwhile, and what was
// accepted stays.
func TestAFarUploadThatIsLeftRests(t *testing.T) {
	each(t, func(t *testing.T, kind starter) {
		s := start(t, kind, servers.FTPOptions{})
		must(t, os.Chmod(s.Dir, 0o777))
		l := newLink(t, s.Addr)
		at := l.through(t, s, "")
		at.Options["connections"] = "2"
		place := open(t, at)
		ftp.FarAway(place)
		left := begin(t, place, "tapes/left", "")
		write(t, left, 1, 2)
		rest(left)
		rest(left) // which changes nothing more

		up := begin(t, place, "tapes/clip", "")
		before := l.transfers.Load()
		write(t, up, 1, 2, 3, 4)
		if n := l.transfers.Load() - before; n != 1 {
			t.Errorf("%d transfers beside an upload at rest", n)
		}
		commit(t, up)
		rest(up)

		write(t, left, 3, 4)
		commit(t, left)
		wantClip(t, filepath.Join(s.Dir, "tapes", "clip"))
		wantClip(t, filepath.Join(s.Dir, "tapes", "left"))
	})
}

// A file that goes in one go begins again after a rest.
func TestAStreamThatRestsBeginsAgain(t *testing.T) {
	t.Parallel()
	s := start(t, servers.StartProFTPD, unprepared)
	at := location(t, s, "ftp", "")
	at.Options["connections"], at.Options["timeout"] = "1", "2s"
	place := open(t, at)
	up := begin(t, place, "clip", "")
	write(t, up, 1, 2)
	rest(up)
	if _, err := place.Stat(t.Context(), "other"); connectors.KindOf(err) != connectors.KindNotFound { // over the only connection
		t.Fatal(err)
	}
	_, err := up.WritePart(t.Context(), part(3), bytes.NewReader(frames(3)))
	wantKind(t, "go on with what was given up", err, connectors.KindNotFound)
	write(t, up, 1, 2, 3, 4)
	commit(t, up)
	wantClip(t, filepath.Join(s.Dir, "clip"))
}

func rest(up connectors.Upload) { up.(connectors.Resting).Rest() }
