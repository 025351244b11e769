package media

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

var (
	clipFolder string
	clipOnce   sync.Map // name -> func() error
)

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "gantry-media-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	clipFolder = dir
	code := m.Run()
	os.RemoveAll(dir)
	os.Exit(code)
}

// tools finds the real ffmpeg; without it the tests fail.
func tools(t testing.TB) *Tools {
	t.Helper()
	tl, err := findOnce()
	if err != nil {
		t.Fatal(err)
	}
	clone := *tl
	return &clone
}

var findOnce = sync.OnceValues(func() (*Tools, error) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	return Find(ctx)
})

// The sound and pictures that clips are made of.
const (
	bars = "-f lavfi -i testsrc=s=320x180:r=25:d=2"
	// A sine of -23 dBFS peak in both channels is -23 LUFS by definition (EBU Tech 3341, case 1).
	tone = "-f lavfi -i aevalsrc='0.0708*sin(2*PI*1000*t)|0.0708*sin(2*PI*1000*t)':s=48000:d=2"
	h264 = "-c:v libx264 -preset ultrafast -pix_fmt yuv420p -g 25"
)

// clip makes a clip once for all tests, by ffmpeg's arguments without the output, and gives its path.
func clip(t testing.TB, name, args string) string {
	t.Helper()
	path := filepath.Join(clipFolder, name)
	once, _ := clipOnce.LoadOrStore(name, sync.OnceValue(func() error {
		cmd := exec.Command("ffmpeg", append(append([]string{"-v", "error", "-nostdin", "-y"}, words(args)...), path)...)
		if out, err := cmd.CombinedOutput(); err != nil {
			return fmt.Errorf("make %s: %v\n%s", name, err, out)
		}
		return nil
	}))
	if err := once.(func() error)(); err != nil {
		t.Fatal(err)
	}
	return path
}

// words splits at spaces outside of single quotes, which it drops from the ends of arguments only where ffmpeg does
// not need them itself.
func words(s string) []string {
	quoted := false
	return strings.FieldsFunc(s, func(r rune) bool {
		if r == '\'' {
			quoted = !quoted
		}
		return r == ' ' && !quoted
	})
}

func barsMP4(t testing.TB) string {
	return clip(t, "bars.mp4", bars+" "+tone+" "+h264+" -c:a aac -movflags +faststart")
}

// xdcam is one second of XDCAM HD422 50i with eight mono tracks: tone on 1 and 2, silence on 3 to 8.
func xdcam(t testing.TB) string {
	return clip(t, "xdcam.mxf", "-f lavfi -i testsrc=s=640x360:r=50:d=1 "+tone+" -f lavfi -i anullsrc=r=48000:cl=mono:d=1"+
		" -filter_complex [0:v]scale=1920:1080:flags=neighbor,interlace=scan=tff,setfield=tff[v];[1:a]channelsplit=channel_layout=stereo[l][r];[2:a]asplit=6[a][b][c][d][e][f]"+
		" -map [v] -map [l] -map [r] -map [a] -map [b] -map [c] -map [d] -map [e] -map [f] -c:v mpeg2video -pix_fmt yuv422p -b:v 50M -maxrate 50M -minrate 50M"+
		" -bufsize 17825792 -g 12 -bf 2 -profile:v 0 -level:v 2 -flags +ilme+ildct -color_primaries bt709 -color_trc bt709 -colorspace bt709"+
		" -c:a pcm_s24le -t 1 -timecode 10:00:00:00")
}

// cut copies the first share of a file.
func cut(t testing.TB, path string, share float64) string {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return file(t, "cut-"+filepath.Base(path), string(data[:int(float64(len(data))*share)]))
}

func file(t testing.TB, name, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func readFile(t testing.TB, path string) []byte {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return data
}
