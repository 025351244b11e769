package ftp_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"gantry/connectors"
	"gantry/connectors/ftp"
	"gantry/connectors/servers"
)

func TestRemoveFolder(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, kind starter) {
		s := start(t, kind, servers.FTPOptions{})
		must(t, os.Chmod(s.Dir, 0o777))
		place := open(t, location(t, s, "ftp", ""))
		folders, ok := connectors.As[connectors.Foldered](place)
		if !ok {
			t.Fatal("the place is not Foldered")
		}
		for _, name := range []string{"day/one/clip", "day/two/.hidden"} {
			_, err := upload(place, name, "x")
			must(t, err)
		}
		wantKind(t, "remove a folder of folders", folders.RemoveFolder(t.Context(), "day"), connectors.KindExists)
		wantKind(t, "remove a folder with a file", folders.RemoveFolder(t.Context(), "day/one"), connectors.KindExists)
		wantKind(t, "remove a folder with a hidden file", folders.RemoveFolder(t.Context(), "day/two"), connectors.KindExists)
		wantKind(t, "remove a file as a folder", folders.RemoveFolder(t.Context(), "day/one/clip"), connectors.KindInvalid)
		must(t, place.Remove(t.Context(), "day/one/clip"))
		must(t, folders.RemoveFolder(t.Context(), "day/one"))
		if _, err := os.Stat(filepath.Join(s.Dir, "day", "one")); !os.IsNotExist(err) {
			t.Errorf("the folder is still there: %v", err)
		}
		wantKind(t, "remove a folder that is gone", folders.RemoveFolder(t.Context(), "day/one"), connectors.KindNotFound)
		wantKind(t, "remove a folder outside", folders.RemoveFolder(t.Context(), "../x"), connectors.KindInvalid)
		_, err := upload(place, "day/one/clip", "x") // the session has not stayed in a folder that is gone
		must(t, err)
	})
}

// Who may not write is told so, also by vsftpd, which says only that it failed.
func TestReadOnlyPlace(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, kind starter) {
		s := start(t, kind, servers.FTPOptions{})
		must(t, os.Chmod(s.Dir, 0o555))
		l := location(t, s, "ftp", "")
		if strings.HasSuffix(t.Name(), "vsftpd") { // runs as whoever tests, maybe as root: it needs a folder where not even root may write
			l.URL = "ftp://" + s.User + "@" + s.Addr + "/sys"
		}
		_, err := upload(open(t, l), "day/clip", "x")
		wantKind(t, "write to a read-only place", err, connectors.KindPermission)
		if !strings.Contains(err.Error(), "operator") || !strings.Contains(err.Error(), "right to") {
			t.Errorf("the error does not say what to do: %v", err)
		}
		t.Log(err)
	})
}

// A refusal to store or to publish without a cause is one of rights.
func TestRefusalsWithoutCause(t *testing.T) {
	t.Parallel()
	for _, refused := range []string{"MKD", "STOR", "RNTO"} {
		t.Run(refused, func(t *testing.T) {
			f := startFake(t, func(c *client, verb, _ string) bool {
				if verb == refused {
					c.say("550 Operation failed.")
				}
				return verb == refused
			})
			place := open(t, f.location())
			_, err := upload(place, "day/clip", "x")
			wantKind(t, "upload", err, connectors.KindPermission)
			if !strings.Contains(err.Error(), "right to write there") {
				t.Errorf("%v", err)
			}
		})
	}
}

// vsftpd ends a login with 500 OOPS where it lacks what its configuration names: a
// file with the passwords here, a home elsewhere.
func TestOOPSAtLogin(t *testing.T) {
	t.Parallel()
	s := start(t, servers.StartVSFTPD, servers.FTPOptions{})
	l := location(t, s, "ftp", "")
	must(t, os.Remove(filepath.Join(filepath.Dir(s.Dir), "passwords")))
	_, err := connector().Open(t.Context(), l)
	wantKind(t, "open", err, connectors.KindUnavailable)
	if !strings.Contains(err.Error(), "500 OOPS") || !strings.Contains(err.Error(), "the server's operator has to") {
		t.Errorf("%v", err)
	}
	t.Log(err)
}

// Whether ProFTPD replaces in one step shows with the first file that is replaced,
// however small; Describe and Traits say the same before and after.
func TestReplacesIsLearned(t *testing.T) {
	t.Parallel()
	s := start(t, servers.StartProFTPD, servers.FTPOptions{})
	must(t, os.Chmod(s.Dir, 0o777))
	for name, replace := range map[string]func(t *testing.T, place connectors.Place){
		"by a commit": func(t *testing.T, place connectors.Place) {
			_, err := upload(place, "day/clip", "new")
			must(t, err)
		},
		"by a rename": func(t *testing.T, place connectors.Place) {
			_, err := upload(place, "day/other", "new")
			must(t, err)
			must(t, place.(connectors.Renamer).Rename(t.Context(), "day/other", "day/clip"))
		},
	} {
		t.Run(name, func(t *testing.T) {
			place := open(t, location(t, s, "ftp", ""))
			_ = place.Remove(t.Context(), "day/clip")
			_, err := upload(place, "day/clip", "old")
			must(t, err)
			wantAtomic(t, place, false)
			replace(t, place)
			wantAtomic(t, place, true)
		})
	}
}

func wantAtomic(t *testing.T, place connectors.Place, want bool) {
	t.Helper()
	d, err := place.(connectors.Describer).Describe(t.Context())
	must(t, err)
	quirk := slices.ContainsFunc(d.Quirks, func(q connectors.Quirk) bool { return q.Name == "no-atomic-replace" })
	if atomic := place.Traits().AtomicCommit; atomic != want || quirk == want {
		t.Errorf("AtomicCommit is %v and the quirk is noted: %v; want AtomicCommit %v", atomic, quirk, want)
	}
}

// What a server says, and what a path holds, reaches no terminal raw.
func TestNoControlCharactersInErrors(t *testing.T) {
	t.Parallel()
	const evil = "a\x1b[31m\u009b2J\u202e"
	f := startFake(t, func(c *client, verb, arg string) bool {
		if verb == "MLST" || verb == "STOR" || verb == "RMD" || verb == "DELE" {
			c.say("550 %s: %s", arg, evil)
			return true
		}
		return false
	})
	place := open(t, f.location())
	_, stat := place.Stat(t.Context(), evil)
	_, read := place.Open(t.Context(), evil, 0, -1)
	_, sent := upload(place, evil, "x")
	_, _, listed := list(t, place, evil+"\n")
	for what, err := range map[string]error{
		"stat": stat, "open": read, "upload": sent, "list": listed, "remove": place.Remove(t.Context(), evil),
		"remove folder": place.(connectors.Foldered).RemoveFolder(t.Context(), evil),
		"rename":        place.(connectors.Renamer).Rename(t.Context(), evil, "b"),
	} {
		if err == nil || strings.ContainsAny(err.Error(), "\x1b\n\u009b\u202e") {
			t.Errorf("%s: %q", what, err)
		}
	}
}

// A server that ends the connection runs, and its address is right: its log says more.
func TestAServerThatHangsUpAtTheLogin(t *testing.T) {
	server := startFake(t, func(c *client, verb, _ string) bool {
		if verb == "USER" {
			_ = c.Close()
		}
		return verb == "USER"
	})
	_, err := ftp.Connector().Open(t.Context(), server.location())
	if connectors.KindOf(err) != connectors.KindUnavailable || !strings.Contains(err.Error(), "the server's log") {
		t.Errorf("got %v", err)
	}
}
