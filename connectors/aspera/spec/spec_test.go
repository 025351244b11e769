package spec_test

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"gantry/connectors/aspera/spec"
)

// upload is the transfer that the cases below change.
func upload() spec.Spec {
	return spec.Spec{
		RemoteHost: "h.example.net", RemoteUser: "u", Direction: spec.Send, DestinationRoot: "/in",
		Paths: []spec.Path{{Source: "/media/clip.mov", Destination: "clip.mov"}},
	}
}

// The table of what a transfer becomes; testdata/commands.golden is written anew with GOLDEN=write.
func TestCommandsAreTheDocumentedOnes(t *testing.T) {
	cases := []struct {
		name    string
		change  func(*spec.Spec)
		session spec.Session
	}{
		{name: "the least", change: func(*spec.Spec) {}},
		{name: "password, rates, resume", change: func(s *spec.Spec) {
			s.Password, s.TargetRate, s.MinRate, s.RatePolicy, s.Resume = "s3cret", 510000, 100, "fair", spec.ResumeSparse
			s.CreateDir, s.PreserveTimes, s.Cipher, s.Overwrite = true, true, "aes-256-gcm", "diff"
		}},
		{name: "key with passphrase, ports, host key", change: func(s *spec.Spec) {
			s.KeyFile, s.KeyPassphrase, s.SSHPort, s.FaspPort, s.SSHHostDigest = "/keys/id", "open sesame", 22, 33002, "9f:c1"
		}},
		{name: "all other secrets", change: func(s *spec.Spec) {
			s.Token, s.Cookie, s.Key, s.ContentProtection, s.ContentPassword = "ATM3_x", "job=1", "-----BEGIN KEY-----\nx\n", "encrypt", "at rest"
		}},
		{name: "receive", change: func(s *spec.Spec) {
			s.Direction, s.DestinationRoot, s.SourceRoot = spec.Receive, "/scratch", "/out"
			s.Paths = []spec.Path{{Source: "day 1/clip.mov"}, {Source: "day 1/clip.wav"}}
			s.Resume, s.Checksum = spec.ResumeFull, "sha-256"
		}},
		{name: "tags", change: func(s *spec.Spec) { s.Tags = json.RawMessage(`{"aspera":{"xfer_id":"1"}}`) }},
		{name: "no tags", change: func(s *spec.Spec) { s.Tags = json.RawMessage(`null`) }},
		{name: "web sockets", session: spec.Session{Trusted: "/ca.pem"}, change: func(s *spec.Spec) {
			s.WSSEnabled, s.WSSPort, s.SSHHostDigest, s.Token = true, 443, "9f", "ATM3_x"
		}},
		{name: "growing", session: spec.Session{Grow: &spec.Grow{Wait: 1500 * time.Millisecond}}, change: func(s *spec.Spec) {
			s.DestinationRoot, s.Paths = "/in/live.mxf", []spec.Path{{Source: "/media/live match.mxf"}}
		}},
		{name: "growing, from the first empty read", session: spec.Session{Grow: &spec.Grow{Wait: time.Minute, Start: "null_read"}}, change: func(s *spec.Spec) {
			s.DestinationRoot, s.Paths = "/in/live.mxf", []spec.Path{{Source: "/media/live.mxf"}}
		}},
		{name: "hostile names", change: func(s *spec.Spec) {
			s.DestinationRoot = "-rf /; $(reboot)"
			s.Paths = []spec.Path{
				{Source: "/m/--mode=recv", Destination: "--mode=recv"},
				{Source: "/m/two  spaces ", Destination: "two  spaces "},
				{Source: `/m/"quoted" 'names' \ here`, Destination: `"quoted" 'names' \ here`},
				{Source: "/m/Übertragung–東京", Destination: "Übertragung–東京"},
			}
		}},
	}
	var got strings.Builder
	for _, c := range cases {
		s := upload()
		c.change(&s)
		c.session.ManagementPort, c.session.ListFile = 4711, "/private/list"
		command, err := s.Command(c.session)
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		fmt.Fprintf(&got, "# %s\n%s\n", c.name, strings.Join(command.Args, " "))
		for _, e := range command.Env {
			fmt.Fprintf(&got, "env %q\n", e)
		}
		if command.List != nil {
			fmt.Fprintf(&got, "list %q\n", command.List)
		}
	}
	golden(t, "commands.golden", got.String())
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if os.Getenv("GOLDEN") == "write" {
		if err := os.WriteFile(path, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil || string(want) != got {
		t.Errorf("%s (%v) differs; got:\n%s", path, err, got)
	}
}

func TestWhatAscpCannotCarryIsRefused(t *testing.T) {
	for says, change := range map[string]func(*spec.Spec){
		"send or receive":          func(s *spec.Spec) { s.Direction = "up" },
		"no host":                  func(s *spec.Spec) { s.RemoteHost = "" },
		"no file":                  func(s *spec.Spec) { s.Paths = nil },
		"no name of a host":        func(s *spec.Spec) { s.RemoteHost = "-oProxyCommand=x" },
		"no name of a host or":     func(s *spec.Spec) { s.RemoteUser = "a b" },
		"line break":               func(s *spec.Spec) { s.Paths[0].Source = "/m/a\nb" },
		"line break or NUL":        func(s *spec.Spec) { s.Paths[0].Destination = "a\x00b" },
		"or NUL in it":             func(s *spec.Spec) { s.DestinationRoot = "/in\r" },
		"all or none":              func(s *spec.Spec) { s.Paths = append(s.Paths, spec.Path{Source: "/x"}) },
		"is absolute":              func(s *spec.Spec) { s.Paths[0].Destination = "/etc/passwd" },
		"no source":                func(s *spec.Spec) { s.Paths[0].Source = "" },
		"rate policy":              func(s *spec.Spec) { s.RatePolicy = "fast" },
		"cipher":                   func(s *spec.Spec) { s.Cipher = "rot13" },
		"overwrite policy":         func(s *spec.Spec) { s.Overwrite = "maybe" },
		"file checksum":            func(s *spec.Spec) { s.Checksum = "crc" },
		"resume policy":            func(s *spec.Spec) { s.Resume = "half" },
		"encrypt or decrypt":       func(s *spec.Spec) { s.ContentProtection = "yes" },
		"needs a passphrase":       func(s *spec.Spec) { s.ContentProtection = "encrypt" },
		"1 to 65535":               func(s *spec.Spec) { s.SSHPort = 70000 },
		"below zero":               func(s *spec.Spec) { s.TargetRate = -1 },
		"give one":                 func(s *spec.Spec) { s.Password, s.KeyPassphrase = "a", "b" },
		"environment cannot carry": func(s *spec.Spec) { s.Token = "a\x00b" },
	} {
		s := upload()
		change(&s)
		if _, err := s.Command(spec.Session{}); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%v: want an error that says %q", err, says)
		}
	}
	for _, name := range []string{"relative.mxf", "/m/50%.mxf", "/m/a?b", "/m/a#b", "/m/a&b"} {
		s := upload()
		s.Paths = []spec.Path{{Source: name}}
		if _, err := s.Command(spec.Session{Grow: &spec.Grow{}}); err == nil {
			t.Errorf("the growing file %q was taken", name)
		}
	}
}

func TestBothSpellingsOfTheResumePoliciesAreRead(t *testing.T) {
	for _, test := range []struct{ word, daemon string }{
		{"none", "none"},
		{"attrs", "attributes"},
		{"attributes", "attributes"},
		{"sparse", "sparse_checksum"},
		{"sparse_csum", "sparse_checksum"},
		{"sparse_checksum", "sparse_checksum"},
		{"full", "full_checksum"},
		{"full_csum", "full_checksum"},
		{"full_checksum", "full_checksum"},
	} {
		var s spec.Spec
		if err := json.Unmarshal([]byte(`{"resume_policy":"`+test.word+`"}`), &s); err != nil || s.Resume.Daemon() != test.daemon {
			t.Errorf("%s: %q, %v", test.word, s.Resume, err)
		}
	}
	if err := json.Unmarshal([]byte(`{"resume_policy":"maybe"}`), &spec.Spec{}); err == nil {
		t.Error("maybe was taken for a policy")
	}
}

// A specification as the Node API hands it out is read, whatever else is in it.
func TestASpecificationOfTheNodeAPIIsRead(t *testing.T) {
	const text = `{"paths":[{"source":"/a/b.mov"}],"source_root":"","token":"ATM3_y","direction":"receive","remote_host":"h","remote_user":"xfer",
		"ssh_port":33001,"fasp_port":33001,"cipher":"none","resume_policy":null,"target_rate_kbps":10000,"tags":{"aspera":{"node":{"x":1}}},"create_dir":true,"unheard_of":[1]}`
	var s spec.Spec
	if err := json.Unmarshal([]byte(text), &s); err != nil {
		t.Fatal(err)
	}
	want := spec.Spec{
		Paths: []spec.Path{{Source: "/a/b.mov"}}, Token: "ATM3_y", Direction: "receive", RemoteHost: "h", RemoteUser: "xfer", SSHPort: 33001, FaspPort: 33001,
		Cipher: "none", TargetRate: 10000, Tags: json.RawMessage(`{"aspera":{"node":{"x":1}}}`), CreateDir: true,
	}
	if !reflect.DeepEqual(s, want) {
		t.Errorf("got %+v", s)
	}
	if strings.Contains(fmt.Sprintf("%v %+v %#v", s, s, s), "ATM3_y") {
		t.Error("the token is printed")
	}
}

func TestRates(t *testing.T) {
	for text, want := range map[string]spec.Kbps{"": 0, "500M": 500000, "500m": 500000, "1.5G": 1500000, "800K": 800, "1T": 1e9} {
		if got, err := spec.ParseRate(text); err != nil || got != want {
			t.Errorf("%q = %d, %v", text, got, err)
		}
	}
	for _, text := range []string{"500", "fast", "-1M", "0K", "M", "NaNM", "1e30M", "500 MB"} {
		if got, err := spec.ParseRate(text); err == nil {
			t.Errorf("%q = %d", text, got)
		}
	}
	if got := spec.FromBytes(12_500_000); got != 100_000 {
		t.Errorf("12.5 MB/s = %d kbit/s", got)
	}
	if got := spec.FromBytes(1); got != 1 {
		t.Errorf("1 B/s = %d kbit/s", got)
	}
}

// Whatever the names are: no secret is on the command line, no name is an argument
// of its own, and the destination is the last one.
func TestNamesAndSecretsStayWhereTheyBelong(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := upload()
		s.Paths[0] = spec.Path{Source: "/m/" + rapid.String().Draw(t, "source"), Destination: "x" + rapid.String().Draw(t, "destination")}
		s.DestinationRoot = "/" + rapid.String().Draw(t, "root")
		s.Token = "secret-token-" + rapid.StringMatching(`[a-z]{3}`).Draw(t, "token")
		s.Password = "secret-password"
		c, err := s.Command(spec.Session{ManagementPort: 1, ListFile: "/l"})
		if err != nil {
			return // names that no list can carry
		}
		line := strings.Join(c.Args, "\x00")
		if strings.Contains(line, "secret-") || !strings.HasSuffix(line, "\x00--dest64\x00--file-pair-list=/l\x00"+base64.StdEncoding.EncodeToString([]byte(s.DestinationRoot))) {
			t.Fatalf("got %q", c.Args)
		}
		if string(c.List) != s.Paths[0].Source+"\n"+s.Paths[0].Destination {
			t.Fatalf("got the list %q", c.List)
		}
	})
}
