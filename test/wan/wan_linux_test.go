package wan

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// links are those that the goals are set for, or the one that GANTRY_WAN_LINK names.
func links(b *testing.B) []Link {
	text := os.Getenv("GANTRY_WAN_LINK")
	if text == "" {
		return []Link{
			{Rate: 200e6, RoundTrip: 100 * time.Millisecond},
			{Rate: 200e6, RoundTrip: 100 * time.Millisecond, Loss: 0.001},
			{Rate: 200e6, RoundTrip: 100 * time.Millisecond, Loss: 0.01},
		}
	}
	var mbit, ms int64
	var percent float64
	if _, err := fmt.Sscanf(text, "%dMbit-%dms-loss%g%%", &mbit, &ms, &percent); err != nil {
		b.Fatalf("GANTRY_WAN_LINK is %q, and should be such as 1000Mbit-20ms-loss0.1%%: %v", text, err)
	}
	return []Link{{Rate: mbit * 1e6, RoundTrip: time.Duration(ms) * time.Millisecond, Loss: percent / 100}}
}

// BenchmarkWAN moves one file over links of 200 Mbit/s and 100 ms with 0, 0.1 and 1 %
// of loss. GANTRY_BENCH_MIB sets its size (default 256), GANTRY_BENCH_DIR where the
// files are (default /dev/shm, else a temporary folder), GANTRY_BENCH_PROGRAM a program
// to measure instead of one that is built, GANTRY_WAN_LINK another link, such as
// 1000Mbit-20ms-loss0.1%, GANTRY_WAN_TRACE a file that tells what the link carries every
// 100 ms. "bare" is so many
// connections of TCP with nothing else on them. Besides the rate it reports how much that is
// of what the link carries beside the headers of IP and TCP ([Link.Payload]).
func BenchmarkWAN(b *testing.B) {
	for _, l := range links(b) {
		b.Run(l.String(), func(b *testing.B) {
			w, err := Open(l, 1, tracing(b))
			if err != nil {
				b.Skipf("no such link can be made here: %v", err)
			}
			b.Cleanup(w.Close)
			g := newGround(b, w)
			for name, up := range map[string]bool{"tcp-up": true, "tcp-down": false} {
				for _, connections := range []int{1, 4, 8} {
					b.Run(fmt.Sprintf("%s/bare-%d", name, connections), func(b *testing.B) { g.bare(b, l, up, connections) })
				}
			}
			for _, c := range g.contests() {
				b.Run(c.name, func(b *testing.B) {
					peer := g.measure(b, l, "rclone", c.target, c.rclone, 0)
					g.measure(b, l, "gantry", c.target, c.gantry, peer)
					if c.unproved {
						g.measure(b, l, "gantry-size", c.target, append(slices.Clone(c.gantry), "--verify", "size"), peer)
					}
				})
			}
		})
	}
}

// tracing is where the link tells what it carries; nil unless that is wanted.
func tracing(b *testing.B) *os.File {
	name := os.Getenv("GANTRY_WAN_TRACE")
	if name == "" {
		return nil
	}
	f, err := os.Create(name)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = f.Close() })
	return f
}

// A ground has the files of both sides, which are folders of one disk.
type ground struct {
	dir, source, gantry string
	size                int64
	far                 side
	knownHosts          string
}

func newGround(b *testing.B, w *Wire) *ground {
	b.Helper()
	g := &ground{size: 256 << 20}
	if mib, err := strconv.ParseInt(os.Getenv("GANTRY_BENCH_MIB"), 10, 64); err == nil {
		g.size = mib << 20
	}
	parent := os.Getenv("GANTRY_BENCH_DIR")
	if _, err := os.Stat("/dev/shm"); parent == "" && err == nil {
		parent = "/dev/shm"
	}
	var err error
	if g.dir, err = os.MkdirTemp(parent, "gantry-wan-"); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = os.RemoveAll(g.dir) })
	if err := os.Chmod(g.dir, 0o755); err != nil { // the FTP server's user reads there
		b.Fatal(err)
	}
	g.far = w.far(b, g.dir)
	g.source, g.gantry = filepath.Join(g.dir, "source.mxf"), filepath.Join(g.dir, "gantry")
	g.fill(b, g.source)
	for _, folder := range []string{g.far.SFTP.Folder, g.far.FTP.Folder, g.far.S3.Folder} {
		g.fill(b, filepath.Join(folder, "down.mxf"))
	}
	known, err := os.ReadFile(g.far.SFTP.HostKeys)
	if err != nil {
		b.Fatal(err)
	}
	g.knownHosts = filepath.Join(g.dir, "known_hosts")
	if err := os.WriteFile(g.knownHosts, []byte(strings.ReplaceAll(string(known), "127.0.0.1", farAddr)), 0o600); err != nil {
		b.Fatal(err)
	}
	if program := os.Getenv("GANTRY_BENCH_PROGRAM"); program != "" {
		g.gantry = program
		return g
	}
	build := exec.CommandContext(b.Context(), "go", "build", "-trimpath", "-o", g.gantry, "gantry/cmd/gantry")
	if out, err := build.CombinedOutput(); err != nil {
		b.Fatalf("%v: %s", err, out)
	}
	return g
}

func (g *ground) fill(b *testing.B, name string) {
	b.Helper()
	f, err := os.Create(name)
	if err != nil {
		b.Fatal(err)
	}
	defer f.Close()
	if _, err := io.CopyN(f, rand.NewChaCha8([32]byte{1}), g.size); err != nil {
		b.Fatal(err)
	}
}

// A contest is one way for the file.
type contest struct {
	name           string
	target         string // where it comes out
	rclone, gantry []string
	unproved       bool // it is worth a look without its proof, too
}

func (g *ground) contests() []contest {
	sftp, ftp, s3 := g.far.SFTP, g.far.FTP, g.far.S3
	back := filepath.Join(g.dir, "back.mxf")
	sftpPlace := "sftp://" + sftp.User + "@" + net.JoinHostPort(farAddr, sftp.Port) + sftp.Folder
	ftpPlace := "ftp://" + ftp.User + "@" + net.JoinHostPort(farAddr, ftp.Port) + ftp.Root
	s3Place := "s3+http://" + net.JoinHostPort(farAddr, s3.Port) + "/" + bucket
	options := func(flag string, values ...string) (list []string) {
		for _, value := range values {
			list = append(list, flag, value)
		}
		return list
	}
	keys := []string{"identityFile=" + sftp.IdentityFile, "knownHosts=" + g.knownHosts}
	login := []string{"password=env:WAN_FTP"}
	access := []string{"accessKey=env:WAN_ACCESS", "secretKey=env:WAN_SECRET", "region=" + s3.Region}
	up := func(place string, values ...string) []string {
		return append([]string{g.gantry, "copy", g.source, place + "/up.mxf"}, options("--dst-option", values...)...)
	}
	down := func(place string, values ...string) []string {
		return append([]string{g.gantry, "copy", place + "/down.mxf", back}, options("--src-option", values...)...)
	}
	clone := func(from, to string) []string { return []string{"rclone", "copyto", "--ignore-times", from, to} }
	return []contest{
		{"s3-up", filepath.Join(s3.Folder, "up.mxf"), clone(g.source, "S:"+bucket+"/up.mxf"), up(s3Place, access...), false},
		{"s3-down", back, clone("S:"+bucket+"/down.mxf", back), down(s3Place, access...), false},
		{"sftp-up", filepath.Join(sftp.Folder, "up.mxf"), clone(g.source, "H:"+sftp.Folder+"/up.mxf"), up(sftpPlace, keys...), true},
		{"sftp-down", back, clone("H:"+sftp.Folder+"/down.mxf", back), down(sftpPlace, keys...), false},
		{"ftp-up", filepath.Join(ftp.Folder, "up.mxf"), clone(g.source, "F:"+ftp.Root+"/up.mxf"), up(ftpPlace, login...), true},
		{"ftp-down", back, clone("F:"+ftp.Root+"/down.mxf", back), down(ftpPlace, login...), false},
	}
}

// environment has no settings but those of the servers.
func (g *ground) environment(b *testing.B) []string {
	sftp, ftp, s3 := g.far.SFTP, g.far.FTP, g.far.S3
	list := []string{"PATH=" + os.Getenv("PATH"), "HOME=" + g.dir, "WAN_FTP=" + ftp.Password, "WAN_ACCESS=" + s3.AccessKey, "WAN_SECRET=" + s3.SecretKey}
	remote := func(name string, settings ...string) {
		for _, s := range settings {
			list = append(list, "RCLONE_CONFIG_"+name+"_"+s)
		}
	}
	obscured, err := exec.CommandContext(b.Context(), "rclone", "obscure", ftp.Password).Output()
	if err != nil {
		b.Skipf("rclone is not installed: %v", err)
	}
	remote("H", "TYPE=sftp", "HOST="+farAddr, "PORT="+sftp.Port, "USER="+sftp.User, "KEY_FILE="+sftp.IdentityFile)
	remote("F", "TYPE=ftp", "HOST="+farAddr, "PORT="+ftp.Port, "USER="+ftp.User, "PASS="+strings.TrimSpace(string(obscured)))
	remote("S", "TYPE=s3", "PROVIDER=Other", "ENDPOINT=http://"+net.JoinHostPort(farAddr, s3.Port), "REGION="+s3.Region, "ACCESS_KEY_ID="+s3.AccessKey, "SECRET_ACCESS_KEY="+s3.SecretKey, "NO_CHECK_BUCKET=true")
	return list
}

// measure runs a client once a round, and gives its rate in bytes a second.
func (g *ground) measure(b *testing.B, l Link, name, target string, argv []string, peer float64) (rate float64) {
	b.Run(name, func(b *testing.B) {
		env := g.environment(b)
		var took time.Duration
		n := 0
		for b.Loop() {
			n++
			b.StopTimer()
			_ = os.Remove(target)
			limit, cancel := context.WithTimeout(b.Context(), 5*time.Minute)
			cmd := exec.CommandContext(limit, argv[0], argv[1:]...)
			cmd.Env = env
			b.StartTimer()
			began := time.Now()
			out, err := cmd.CombinedOutput()
			took += time.Since(began)
			b.StopTimer()
			cancel()
			if err == nil {
				var info os.FileInfo
				if info, err = os.Stat(target); err == nil && info.Size() != g.size {
					err = fmt.Errorf("%d bytes arrived", info.Size())
				}
			}
			switch {
			case err != nil && name == "gantry":
				b.Fatalf("%v: %s", err, out)
			case err != nil:
				b.Skipf("%s does not manage it here: %v: %s", name, err, out)
			}
			b.StartTimer()
		}
		rate = float64(g.size) * float64(n) / took.Seconds()
		b.ReportMetric(0, "ns/op")
		b.ReportMetric(rate/(1<<20), "MiB/s")
		b.ReportMetric(100*rate/l.Payload(), "%link")
		if peer > 0 {
			b.ReportMetric(rate/peer, "×rclone")
		}
	})
	return rate
}
