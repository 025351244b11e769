package ascp

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"gantry/connectors"
	"gantry/connectors/aspera/management"
)

func program(t *testing.T, dir, text string) string {
	t.Helper()
	path := filepath.Join(dir, "ascp")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte("#!/bin/sh\n"+text+"\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	return path
}

// The option wins, then the variable, then PATH, then where IBM's products put it.
func TestTheProgramIsFound(t *testing.T) {
	home := t.TempDir()
	t.Setenv("HOME", home)
	t.Setenv("PATH", t.TempDir())
	t.Setenv(Variable, "")
	if _, err := os.Stat("/opt/aspera"); err == nil {
		t.Skip("this machine has Aspera's products")
	}
	if _, err := Find(""); connectors.KindOf(err) != connectors.KindUnsupported || !strings.Contains(err.Error(), "Transfer SDK") {
		t.Errorf("without one: %v", err)
	}
	found := func(named, want string) {
		t.Helper()
		if got, err := Find(named); err != nil || got != want {
			t.Errorf("found %q, %v; want %q", got, err, want)
		}
	}
	found("", program(t, filepath.Join(home, ".aspera/connect/bin"), ""))
	found("", program(t, filepath.Join(home, ".aspera/sdk"), ""))
	found("", program(t, os.Getenv("PATH"), ""))
	other := program(t, t.TempDir(), "")
	t.Setenv(Variable, other)
	found("", other)
	third := program(t, t.TempDir(), "")
	found(third, third)
}

func TestItsVersionIsAsked(t *testing.T) {
	good := program(t, t.TempDir(), `[ "$1" = -A ] && echo "IBM Aspera SDK version 4.4.3.891"`)
	if v, err := Version(t.Context(), good); err != nil || v != "4.4.3.891" {
		t.Errorf("got %q, %v", v, err)
	}
	for _, text := range []string{"echo hello", "exit 1", "yes version | head -c 10000000"} {
		if v, err := Version(t.Context(), program(t, t.TempDir(), text)); connectors.KindOf(err) != connectors.KindUnsupported {
			t.Errorf("%s: %q, %v", text, v, err)
		}
	}
}

func TestTheKeyBesideTheProgramIsFound(t *testing.T) {
	root := t.TempDir()
	path := program(t, filepath.Join(root, "bin"), "")
	if got := BypassKey(path); got != "" {
		t.Errorf("got %q", got)
	}
	key := filepath.Join(root, "etc", "aspera_tokenauth_id_rsa")
	if err := os.MkdirAll(filepath.Dir(key), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(key, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	link := filepath.Join(t.TempDir(), "ascp")
	if err := os.Symlink(path, link); err != nil {
		t.Fatal(err)
	}
	if got := BypassKey(link); got != key {
		t.Errorf("got %q", got)
	}
}

// All three have to be good: the reports, their end, and the exit.
func TestVerdicts(t *testing.T) {
	exit := errors.New("exit status 1")
	done := management.Frame{Type: management.Done}
	failed := func(kind, code, text string) management.Frame {
		return management.Frame{Type: kind, Fields: map[string]string{"Code": code, "Description": text}}
	}
	for name, test := range map[string]struct {
		frames []management.Frame
		ended  error
		exit   error
		want   connectors.Kind
	}{
		"all is well":                   {[]management.Frame{done}, io.EOF, nil, ""},
		"done, and exit 1":              {[]management.Frame{done}, io.EOF, exit, connectors.KindOther},
		"nothing said, exit 0":          {nil, io.EOF, nil, connectors.KindIncomplete},
		"nothing said, exit 1":          {nil, io.EOF, exit, connectors.KindUnavailable},
		"broken off":                    {nil, io.ErrUnexpectedEOF, nil, connectors.KindUnavailable},
		"an error, and exit 0":          {[]management.Frame{failed("ERROR", "5", "no")}, io.EOF, nil, connectors.KindPermission},
		"an error, and done":            {[]management.Frame{failed("ERROR", "25", "full"), done}, io.EOF, nil, connectors.KindNoSpace},
		"done with a code":              {[]management.Frame{failed("DONE", "19", "auth")}, io.EOF, nil, connectors.KindAuth},
		"a file's error, and some have": {[]management.Frame{failed("FILEERROR", "4", "no such"), failed("ERROR", "27", "some")}, io.EOF, exit, connectors.KindNotFound},
		"some have, and which":          {[]management.Frame{failed("ERROR", "27", "some"), failed("FILEERROR", "4", "no such")}, io.EOF, exit, connectors.KindNotFound},
		"a code that is no number":      {[]management.Frame{failed("ERROR", "x", "?")}, io.EOF, nil, connectors.KindOther},
	} {
		f := follower{path: "x"}
		for _, frame := range test.frames {
			f.take(frame)
		}
		if err := f.verdict(test.ended, test.exit, ""); connectors.KindOf(err) != test.want {
			t.Errorf("%s: %v; want %s", name, err, test.want)
		}
	}
}

func TestSecretsAreTakenOutOfItsWords(t *testing.T) {
	w := tail{secrets: []string{"ATM3_abc", "", "two  words"}}
	_, _ = w.Write([]byte(strings.Repeat("x", 3*maxTail) + "\n the token ATM3_abc\tis wrong, and so is two  words\n"))
	if got := w.words(); !strings.HasSuffix(got, "the token *** is wrong, and so is ***") || len(got) > maxTail {
		t.Errorf("got %q", got)
	}
}

// Wherever the end that is kept begins, it does not begin inside of a secret.
func TestSecretsAreNotCutInHalf(t *testing.T) {
	const secret = "ATM3_0123456789abcdefghij"
	for i := range len(secret) + 10 {
		for _, piece := range []int{1, 7, 1 << 20} {
			w := tail{secrets: []string{secret, "short"}}
			text := secret + strings.Repeat("x", maxTail-i) + "short short"
			for len(text) > 0 {
				n := min(piece, len(text))
				_, _ = w.Write([]byte(text[:n]))
				text = text[n:]
			}
			if got := w.words(); strings.Contains(got, "abcdefghij") || len(got) > maxTail {
				t.Fatalf("%d, in pieces of %d: got %q", i, piece, got[:60])
			}
		}
	}
}
