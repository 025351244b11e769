package aspera

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"gantry/connectors"
	"gantry/connectors/aspera/asperatest"
)

const size = 300_000

func TestAFileGoesThereAndBack(t *testing.T) {
	for name, stage := range map[string]func(*testing.T, ...asperatest.Act) *stage{"node": withNode, "ssh": withSSH} {
		t.Run(name, func(t *testing.T) {
			s := stage(t)
			p := s.open()
			file, data := s.file("clip.mov", size)
			var told []int64
			entry, err := s.move(p, connectors.Movement{Path: "day1/clip.mov", File: file, Size: size, Progress: func(n int64) { told = append(told, n) }})
			s.must(err)
			known := map[string]int64{"node": size, "ssh": -1}[name] // nobody can ask by SSH
			if entry.Path != "day1/clip.mov" || entry.Size != known || !entry.ModTime.Equal(modified) {
				t.Errorf("got entry %+v", entry)
			}
			s.serves("media/day1/clip.mov", data)
			if !slices.IsSorted(told) || len(told) < 2 || told[len(told)-1] != size {
				t.Errorf("progress was told as %v", told)
			}

			back := filepath.Join(s.dir, "back.mov")
			entry, err = s.move(p, connectors.Movement{Receive: true, Path: "day1/clip.mov", File: back, Size: size})
			s.must(err)
			got, err := os.ReadFile(back)
			s.must(err)
			info, err := os.Stat(back)
			s.must(err)
			if !bytes.Equal(got, data) || entry.Size != size || !info.ModTime().Equal(modified) {
				t.Errorf("received %d bytes, %v, %+v", len(got), info.ModTime(), entry)
			}
		})
	}
}

// Names that would be options, patterns or several words elsewhere are names.
func TestAwkwardNamesMove(t *testing.T) {
	for _, name := range []string{"-rf", "--mode=recv", "two  spaces ", `"q" 'q' \b $HOME;*`, "Übertragung–東京.mov", "50%&#?.mov"} {
		t.Run(name, func(t *testing.T) {
			s := withNode(t)
			p := s.open()
			file, data := s.file("clip", 1000)
			_, err := s.move(p, connectors.Movement{Path: "x/" + name, File: file, Size: 1000})
			s.must(err)
			s.serves("media/x/"+name, data)
			_, err = s.move(p, connectors.Movement{Receive: true, Path: "x/" + name, File: filepath.Join(s.dir, name), Size: -1})
			s.must(err)
			got, err := os.ReadFile(filepath.Join(s.dir, name))
			s.must(err)
			if !bytes.Equal(got, data) {
				t.Errorf("%q came back as %d bytes", name, len(got))
			}
		})
	}
}

func TestHostileNamesAreRefused(t *testing.T) {
	s := withSSH(t)
	p := s.open()
	file, _ := s.file("clip", 10)
	for _, name := range []string{"", "../x", "/etc/passwd", "a\nb", "a\rb", "a\x00b", ".gantry-uploads/x"} {
		_, err := s.move(p, connectors.Movement{Path: name, File: file, Size: 10})
		s.kind(err, connectors.KindInvalid)
	}
	_, err := s.move(withoutParallel(t).withNode().open(), connectors.Movement{Path: "not-utf8-\xff", File: file, Size: 10})
	s.kind(err, connectors.KindInvalid)
	_, err = s.move(p, connectors.Movement{Path: "x", File: "relative", Size: 10})
	s.kind(err, connectors.KindInvalid)
	_, err = s.move(p, connectors.Movement{Path: "x", File: s.dir, Size: -1})
	s.kind(err, connectors.KindInvalid)
	_, err = s.move(p, connectors.Movement{Path: "x", File: file, Size: 11})
	s.kind(err, connectors.KindChanged)
	_, err = s.move(p, connectors.Movement{Path: "x", File: filepath.Join(s.dir, "none"), Size: 11})
	s.kind(err, connectors.KindNotFound)
	if runs := s.ascp.Runs(); len(runs) != 0 {
		t.Errorf("ascp was started for %q", runs[0].Args)
	}
}

// What is at the server is not sent again: neither by the same process nor by the
// next one.
func TestAKilledAscpIsStartedAgainWhereItStopped(t *testing.T) {
	for name, stage := range map[string]func(*testing.T, ...asperatest.Act) *stage{"node": withNode, "ssh": withSSH} {
		t.Run(name, func(t *testing.T) {
			s := stage(t, asperatest.Act{Kill: true, AfterBytes: 100_000}, asperatest.Act{Kill: true, AfterBytes: 100_000})
			file, data := s.file("clip.mov", size)
			_, err := s.send(s.open(), file, size)
			s.must(err)
			s.serves("media/day1/clip.mov", data)
			var offsets, sent []int64
			for _, run := range s.ascp.Runs() {
				offsets, sent = append(offsets, run.Offset), append(sent, run.Sent)
			}
			if !slices.Equal(offsets, []int64{0, 100_000, 200_000}) || !slices.Equal(sent, []int64{100_000, 100_000, 100_000}) {
				t.Errorf("it went on from %v and sent %v", offsets, sent)
			}
			if pauses := s.clock.slept(); len(pauses) != 2 || pauses[0] != firstPause {
				t.Errorf("it paused for %v", pauses)
			}
		})
	}
}

func TestAnotherProcessGoesOn(t *testing.T) {
	s := withNode(t, asperatest.Act{Kill: true, AfterBytes: 100_000})
	file, data := s.file("clip.mov", size)
	_, err := s.send(s.open("attempts", "1"), file, size)
	s.kind(err, connectors.KindUnavailable)
	if s.ascp.Has("media/day1/clip.mov") != nil {
		t.Error("half a file is visible")
	}
	_, err = s.send(s.open(), file, size)
	s.must(err)
	s.serves("media/day1/clip.mov", data)
	if runs := s.ascp.Runs(); len(runs) != 2 || runs[1].Offset != 100_000 {
		t.Errorf("got %+v", runs)
	}
}

func TestAReceivedFileGoesOn(t *testing.T) {
	s := withNode(t, asperatest.Act{Kill: true, AfterBytes: 100_000})
	s.ascp.Put("media/clip.mov", content(size))
	p, to := s.open(), filepath.Join(s.dir, "clip.mov")
	_, err := s.move(p, connectors.Movement{Receive: true, Path: "clip.mov", File: to, Size: size})
	s.must(err)
	got, err := os.ReadFile(to)
	s.must(err)
	if runs := s.ascp.Runs(); !bytes.Equal(got, content(size)) || runs[1].Offset != 100_000 {
		t.Errorf("got %d bytes; %+v", len(got), runs)
	}
}

// A file that was changed between two starts is not glued to the first one's half.
func TestAnotherVersionStartsOver(t *testing.T) {
	s := withNode(t, asperatest.Act{Kill: true, AfterBytes: 100_000})
	file, _ := s.file("clip.mov", size)
	_, err := s.send(s.open("attempts", "1"), file, size)
	s.kind(err, connectors.KindUnavailable)
	other := content(size + 1)[1:]
	s.must(os.WriteFile(file, other, 0o600))
	_, err = s.send(s.open(), file, size)
	s.must(err)
	if s.ascp.Runs()[1].Offset != 0 {
		t.Errorf("it went on from %d", s.ascp.Runs()[1].Offset)
	}
	s.serves("media/day1/clip.mov", other)
}

func TestAnExistingFileIsReplaced(t *testing.T) {
	s := withNode(t)
	s.ascp.Put("media/day1/clip.mov", []byte("yesterday's"))
	file, data := s.file("clip.mov", size)
	_, err := s.send(s.open(), file, size)
	s.must(err)
	s.serves("media/day1/clip.mov", data)
}

func TestSecretsAreInTheEnvironmentOnly(t *testing.T) {
	s := withSSH(t)
	file, _ := s.file("clip.mov", 10)
	_, err := s.send(s.open("encryption", s.secret("at rest")), file, 10)
	s.must(err)
	run := s.ascp.Runs()[0]
	if run.Env["ASPERA_SCP_PASS"] != asperatest.Password || run.Env["ASPERA_SCP_FILEPASS"] != "at rest" || strings.Contains(strings.Join(run.Args, " "), "at rest") {
		t.Errorf("got %+v", run)
	}
	if s.ascp.Has("media/day1/clip.mov.aspera-env") == nil {
		t.Errorf("the server has %q", s.ascp.Files())
	}
	_, err = s.move(s.open("encryption", s.secret("at rest")), connectors.Movement{Receive: true, Path: "day1/clip.mov", File: filepath.Join(s.dir, "back"), Size: 10})
	s.must(err)
}

func TestSettingsReachTheCommandLine(t *testing.T) {
	s := withSSH(t)
	file, _ := s.file("clip.mov", 10)
	p := s.open("rate", "500M", "minRate", "10M", "ratePolicy", "low", "cipher", "aes-256-gcm", "resume", "full", "sshPort", "22", "faspPort", "33005", "hostKey", "9fc1")
	_, err := s.move(p, connectors.Movement{Path: "clip.mov", File: file, Size: 10, Rate: 25_000_000})
	s.must(err)
	line := strings.Join(s.ascp.Runs()[0].Args, " ")
	for _, want := range []string{"-l 200000 ", "-m 10000 ", "--policy low", "-c aes256gcm", "-k 3", "-P 22 ", "-O 33005", "--check-sshfp=9fc1", "--user xfer", "--host server.example.net", "-p "} {
		if !strings.Contains(line, want) {
			t.Errorf("%q is not in %s", want, line)
		}
	}
}

func TestAKeyOpensASession(t *testing.T) {
	s := withSSH(t)
	file, _ := s.file("clip.mov", 10)
	p := s.open("password", "", "identityFile", s.ascp.Key, "passphrase", s.secret("sesame"))
	_, err := s.send(p, file, 10)
	s.must(err)
	if got := s.ascp.Runs()[0].Env["ASPERA_SCP_PASS"]; got != "sesame" {
		t.Errorf("the passphrase is %q", got)
	}
}

func TestAGrowingFileIsFollowedToItsEnd(t *testing.T) {
	for name, stage := range map[string]func(*testing.T, ...asperatest.Act) *stage{"node": withNode, "ssh": withSSH} {
		t.Run(name, func(t *testing.T) {
			s := stage(t)
			if s.node == nil {
				s.must(os.MkdirAll(filepath.Join(s.ascp.Root, "media"), 0o700)) // ascp makes no folder here
			}
			p := s.open("grow", "1s")
			file, data := s.file("live.mxf", size)
			s.must(os.Chtimes(file, time.Now(), time.Now()))
			mover, _ := connectors.As[connectors.Mover](p)
			moving, err := mover.Start(t.Context(), connectors.Movement{Path: "live.mxf", File: file, Size: -1, Growing: true})
			s.must(err)
			f, err := os.OpenFile(file, os.O_APPEND|os.O_WRONLY, 0)
			s.must(err)
			_, err = f.Write(content(5000))
			s.must(err)
			s.must(f.Close())
			entry, err := moving.Publish(t.Context())
			s.must(err)
			s.serves("media/live.mxf", append(data, content(5000)...))
			if s.node != nil && entry.Size != size+5000 {
				t.Errorf("got %+v", entry)
			}
			_, err = s.move(p, connectors.Movement{Receive: true, Path: "live.mxf", File: file, Growing: true})
			s.kind(err, connectors.KindUnsupported)
		})
	}
}
