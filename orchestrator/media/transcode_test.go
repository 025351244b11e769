package media

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

var shipped = []string{"proxy-h264", "mezzanine-dnxhr", "mezzanine-prores", "hls-ladder"}

// profile reads a shipped profile as the hub does.
func profile(t testing.TB, name string) Profile {
	t.Helper()
	path := "../../configs/profiles/" + name + ".yaml"
	p, err := readProfile(path, readFile(t, path))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func outputs(t testing.TB, names ...string) []Output {
	var out []Output
	for _, n := range names {
		out = append(out, Output{Profile: profile(t, n)})
	}
	return out
}

// transcode runs the profiles on a clip, and gives the results by profile.
func transcode(t *testing.T, tl *Tools, path, dir string, names ...string) (Info, map[string]Result) {
	t.Helper()
	info, err := tl.Probe(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	results, err := tl.Transcode(t.Context(), path, info, dir, outputs(t, names...), nil)
	if err != nil {
		t.Fatal(err)
	}
	by := map[string]Result{}
	for _, r := range results {
		by[r.Profile] = r
		for _, f := range r.Files {
			st, err := os.Stat(filepath.Join(dir, f.Path))
			if err != nil || st.Size() != f.Size {
				t.Errorf("%s: %v", f.Path, err)
			}
		}
	}
	return info, by
}

// ffprobe asks the real one about something, without this package.
func ffprobe(t *testing.T, path string, args ...string) string {
	t.Helper()
	out, err := exec.Command("ffprobe", append(append([]string{"-v", "error", "-of", "csv=p=0"}, args...), path)...).Output()
	if err != nil {
		t.Fatalf("ffprobe %s: %v", path, err)
	}
	return strings.TrimSpace(string(out))
}

func TestTranscodeBroadcastSource(t *testing.T) {
	dir := t.TempDir()
	_, r := transcode(t, tools(t), xdcam(t), dir, shipped...)
	want(t, "results", len(r), 4)
	left, _ := filepath.Glob(filepath.Join(dir, ".*"))
	want(t, "left behind", len(left), 0)

	proxy := r["proxy-h264"]
	want(t, "file", proxy.Main, "proxy-h264.mp4")
	v := proxy.Info.Video[0]
	want(t, "size", [2]int{v.Width, v.Height}, [2]int{960, 540})
	want(t, "scan", v.Scan, "progressive")
	want(t, "rate", v.FrameRate, "25/1")
	want(t, "frames", v.Frames, int64(25))
	want(t, "colour", v.Colour.Matrix, "bt709")
	want(t, "sound", proxy.Info.Audio[0].Codec+" "+proxy.Info.Audio[0].Layout, "aac stereo")
	path := filepath.Join(dir, proxy.Main)
	head := readFile(t, path)
	if moov, mdat := strings.Index(string(head), "moov"), strings.Index(string(head), "mdat"); moov > mdat {
		t.Error("the index is not in front")
	}
	keys := strings.Count(ffprobe(t, path, "-select_streams", "v:0", "-show_entries", "packet=flags"), "K")
	want(t, "key frames", keys, 2) // each half second
	want(t, "first picture", ffprobe(t, path, "-select_streams", "v:0", "-show_entries", "packet=pts_time", "-read_intervals", "%+#1"), "0.000000")

	mxf := r["mezzanine-dnxhr"].Info
	want(t, "container", mxf.Container, "mxf")
	want(t, "codec", mxf.Video[0].Codec+" "+mxf.Video[0].Profile, "dnxhd DNXHR HQ")
	want(t, "timecode", mxf.Timecode, "10:00:00:00")
	want(t, "tracks", len(mxf.Audio), 8)
	want(t, "depth", mxf.Audio[7].BitDepth, 24)
	near(t, "duration", mxf.Duration, 1, 0.04)

	mov := r["mezzanine-prores"].Info
	want(t, "codec", mov.Video[0].Codec+" "+mov.Video[0].Profile, "prores HQ")
	want(t, "scan", mov.Video[0].Scan, "tff")
	want(t, "timecode", mov.Timecode, "10:00:00:00")
	want(t, "tracks", len(mov.Audio), 8)
	want(t, "depth", mov.Video[0].BitDepth, 10)

	checkLadder(t, dir, r["hls-ladder"], []string{"1920x1080", "1280x720", "640x360"})
}

// checkLadder reads the ladder with the real ffprobe, as a player would.
func checkLadder(t *testing.T, dir string, r Result, sizes []string) {
	t.Helper()
	want(t, "file", r.Main, "hls-ladder/master.m3u8")
	master := string(readFile(t, filepath.Join(dir, r.Main)))
	var got []string
	for line := range strings.Lines(master) {
		if _, after, ok := strings.Cut(line, "RESOLUTION="); ok {
			size, _, _ := strings.Cut(after, ",")
			got = append(got, size)
			if !strings.Contains(line, "avc1.64") || !strings.Contains(line, "BANDWIDTH=") {
				t.Errorf("variant: %s", line)
			}
		}
	}
	if !slices.Equal(got, sizes) {
		t.Errorf("rungs %v, want %v\n%s", got, sizes, master)
	}
	tracks := len(sizes)
	if strings.Contains(master, "TYPE=AUDIO") {
		tracks++
	}
	want(t, "tracks that a player sees", ffprobe(t, filepath.Join(dir, r.Main), "-allowed_extensions", "ALL", "-show_entries", "format=nb_streams"), fmt.Sprint(tracks))
	var keys []string
	for _, f := range r.Files {
		if filepath.Base(f.Path) == playlistName && !strings.Contains(f.Path, audioFolder) {
			keys = append(keys, ffprobe(t, filepath.Join(dir, f.Path), "-allowed_extensions", "ALL", "-skip_frame", "nokey", "-select_streams", "v", "-show_entries", "frame=best_effort_timestamp_time"))
		}
	}
	want(t, "playlists", len(keys), len(sizes))
	if len(slices.Compact(keys)) != 1 {
		t.Errorf("key frames are not aligned: %q", keys)
	}
}

func TestTranscodeOddSources(t *testing.T) {
	tl := tools(t)
	for _, c := range []struct {
		name  string
		path  func(testing.TB) string
		names []string
		check func(t *testing.T, dir string, r map[string]Result)
	}{
		{"odd sides, no sound, 23.976", func(t testing.TB) string {
			return clip(t, "odd.mov", "-f lavfi -i testsrc=s=427x241:r=24000/1001:d=1 -c:v ffv1 -pix_fmt yuv444p -timecode 01:00:00:00")
		}, shipped, func(t *testing.T, dir string, r map[string]Result) {
			v := r["proxy-h264"].Info.Video[0]
			want(t, "size", [2]int{v.Width, v.Height}, [2]int{426, 240})
			want(t, "rate", v.FrameRate, "24000/1001")
			want(t, "sound", len(r["proxy-h264"].Info.Audio), 0)
			p := r["mezzanine-prores"].Info.Video[0]
			want(t, "mezzanine", [2]int{p.Width, p.Height}, [2]int{428, 242})
			want(t, "timecode", r["mezzanine-dnxhr"].Info.Timecode, "01:00:00:00")
			checkLadder(t, dir, r["hls-ladder"], []string{"426x240"})
		}},
		{"a phone's portrait", rotated, []string{"proxy-h264", "hls-ladder"}, func(t *testing.T, dir string, r map[string]Result) {
			v := r["proxy-h264"].Info.Video[0]
			want(t, "size", [2]int{v.Width, v.Height}, [2]int{180, 320})
			want(t, "rotation", v.Rotation, 0)
			checkLadder(t, dir, r["hls-ladder"], []string{"180x320"})
		}},
		{"59.94 frames, mono, late sound", func(t testing.TB) string {
			return clip(t, "late.ts", "-f lavfi -i testsrc=s=320x180:r=60000/1001:d=2 -itsoffset 0.5 -f lavfi -i sine=r=44100:d=1.5 "+h264+" -c:a mp2")
		}, shipped, func(t *testing.T, dir string, r map[string]Result) {
			want(t, "rate", r["proxy-h264"].Info.Video[0].FrameRate, "60000/1001")
			want(t, "sound", r["proxy-h264"].Info.Audio[0].Layout, "stereo")
			want(t, "sample rate", r["mezzanine-dnxhr"].Info.Audio[0].SampleRate, 48000)
			near(t, "duration", r["mezzanine-prores"].Info.Audio[0].Duration, 2, 0.1)
			checkLadder(t, dir, r["hls-ladder"], []string{"320x180"})
		}},
		{"drop-frame timecode", func(t testing.TB) string {
			return clip(t, "drop.mov", "-f lavfi -i testsrc=s=320x180:r=30000/1001:d=1 "+h264+" -timecode 00:59:59;28")
		}, []string{"mezzanine-dnxhr", "mezzanine-prores"}, func(t *testing.T, _ string, r map[string]Result) {
			want(t, "MXF", r["mezzanine-dnxhr"].Info.Timecode, "00:59:59;28")
			want(t, "MOV", r["mezzanine-prores"].Info.Timecode, "00:59:59;28")
		}},
		{"frame rate of no standard", func(t testing.TB) string {
			return clip(t, "fifteen.mov", "-f lavfi -i testsrc=s=320x180:r=15:d=1 "+h264+" -timecode 01:00:00:00")
		}, shipped, func(t *testing.T, _ string, r map[string]Result) {
			want(t, "MP4", r["proxy-h264"].Info.Video[0].FrameRate, "15/1")
			want(t, "MXF", r["mezzanine-dnxhr"].Info.Video[0].FrameRate, "24000/1001")
			want(t, "timecode", r["mezzanine-prores"].Info.Timecode, "01:00:00:00")
		}},
		{"variable frame rate", func(t testing.TB) string {
			return clip(t, "vfr.mp4", "-f lavfi -i testsrc=s=320x180:r=30:d=3 -vf select='not(between(mod(n,7),2,3))' -fps_mode vfr "+h264)
		}, []string{"proxy-h264", "mezzanine-dnxhr"}, func(t *testing.T, _ string, r map[string]Result) {
			want(t, "variable", r["proxy-h264"].Info.Video[0].VariableFrameRate, false)
			near(t, "duration", r["proxy-h264"].Info.Duration, 3, 0.1)
		}},
		{"120 frames, 5.1, eight discrete channels", func(t testing.TB) string {
			return clip(t, "surround.mov", "-f lavfi -i testsrc=s=320x180:r=120:d=1 -f lavfi -i anoisesrc=a=0.1:d=1:r=48000 -filter_complex [1]asplit=2[a][b];[a]pan=5.1|FL=c0|FR=c0|FC=c0[s];[b]pan=8c|c0=c0|c1=c0[d] -map 0:v -map [s] -map [d] -c:v libx264 -preset ultrafast -pix_fmt yuv420p -c:a pcm_s16le")
		}, []string{"proxy-h264", "mezzanine-prores"}, func(t *testing.T, _ string, r map[string]Result) {
			want(t, "rate", r["proxy-h264"].Info.Video[0].FrameRate, "60/1")
			want(t, "sound", r["proxy-h264"].Info.Audio[0].Layout, "stereo")
			a := r["mezzanine-prores"].Info.Audio
			want(t, "channels", [2]int{a[0].Channels, a[1].Channels}, [2]int{6, 8})
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			_, r := transcode(t, tl, c.path(t), dir, c.names...)
			c.check(t, dir, r)
		})
	}
}

func TestTranscodeFailsWhole(t *testing.T) {
	tl := tools(t)
	for _, c := range []struct{ name, path, profile, kind string }{
		{"a source that is cut off", cut(t, barsMP4(t), 0.6), "proxy-h264", "output"},
		{"no picture", clip(t, "tone.wav", tone+" -c:a pcm_s24le"), "proxy-h264", "unsupported"},
		{"too small for the codec", clip(t, "tiny.mp4", "-f lavfi -i testsrc=s=64x64:r=25:d=0.2 "+h264), "mezzanine-dnxhr", "unsupported"},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			info, err := tl.Probe(t.Context(), c.path)
			if err != nil {
				t.Fatal(err)
			}
			_, err = tl.Transcode(t.Context(), c.path, info, dir, outputs(t, c.profile), nil)
			if KindOf(err) != c.kind {
				t.Errorf("got %v, want kind %s", err, c.kind)
			}
			left, _ := os.ReadDir(dir)
			want(t, "left behind", len(left), 0)
		})
	}
}

func TestTranscodeReplacesAnEarlierRun(t *testing.T) {
	tl, dir := tools(t), t.TempDir()
	for _, stale := range []string{".transcode/half.mp4", "hls-ladder/old.m4s"} {
		if err := errors.Join(os.MkdirAll(filepath.Dir(filepath.Join(dir, stale)), 0o755), os.WriteFile(filepath.Join(dir, stale), []byte("x"), 0o600)); err != nil {
			t.Fatal(err)
		}
	}
	_, r := transcode(t, tl, barsMP4(t), dir, "hls-ladder")
	if _, err := os.Stat(filepath.Join(dir, "hls-ladder/old.m4s")); err == nil || len(r["hls-ladder"].Files) == 0 {
		t.Error("files of the earlier run are still there")
	}
	checkLadder(t, dir, r["hls-ladder"], []string{"320x180"})
}

func TestTranscodeProgressAndCancel(t *testing.T) {
	tl, dir := tools(t), t.TempDir()
	short := clip(t, "short.mp4", "-f lavfi -i testsrc=s=64x64:r=25:d=10 -c:v libx264 -preset ultrafast -g 250 -qp 40 -pix_fmt yuv420p")
	long := clip(t, "long.mp4", "-stream_loop 719 -i "+short+" -c copy")
	info, err := tl.Probe(t.Context(), long)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var asked time.Time
	_, err = tl.Transcode(ctx, long, info, dir, outputs(t, "proxy-h264", "hls-ladder"), func(p Progress) {
		if asked.IsZero() && p.Done > 0 {
			asked = time.Now()
			cancel()
		}
	})
	if took := time.Since(asked); !errors.Is(err, context.Canceled) || took > 5*time.Second {
		t.Errorf("%s, %v", took, err)
	}
	left, _ := os.ReadDir(dir)
	want(t, "left behind", len(left), 0)
}

func TestStill(t *testing.T) {
	tl, dir := tools(t), t.TempDir()
	for _, c := range []struct {
		name, dst, size string
		path            func(testing.TB) string
		at              float64
	}{
		{"in the middle", "a.jpg", "320,180", barsMP4, 1},
		{"beyond the end", "b.png", "320,180", barsMP4, 99},
		{"upright", "c.jpg", "180,320", rotated, 0},
		{"interlaced MXF", "d.jpg", "1920,1080", xdcam, 0.5},
	} {
		t.Run(c.name, func(t *testing.T) {
			dst := filepath.Join(dir, c.dst)
			if err := tl.Still(t.Context(), c.path(t), c.at, dst); err != nil {
				t.Fatal(err)
			}
			want(t, "size", ffprobe(t, dst, "-show_entries", "stream=width,height"), c.size)
		})
	}
	if err := tl.Still(t.Context(), clip(t, "tone.wav", tone+" -c:a pcm_s24le"), 0, filepath.Join(dir, "x.jpg")); KindOf(err) != "unsupported" {
		t.Errorf("sound only: %v", err)
	}
	left, _ := os.ReadDir(dir)
	want(t, "files", len(left), 4)
}
