package media

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

func TestProbe(t *testing.T) {
	tl := tools(t)
	for _, c := range []struct {
		name  string
		path  func(testing.TB) string
		check func(t *testing.T, i Info)
	}{
		{"MP4", barsMP4, func(t *testing.T, i Info) {
			v, a := i.Video[0], i.Audio[0]
			want(t, "container", i.Container, "mp4")
			want(t, "codec", v.Codec, "h264")
			want(t, "rate", v.FrameRate, "25/1")
			want(t, "scan", v.Scan, "progressive")
			want(t, "size", [2]int{v.Width, v.Height}, [2]int{320, 180})
			want(t, "depth", v.BitDepth, 8)
			want(t, "frames", v.Frames, int64(50))
			want(t, "aspect", v.DisplayAspect, "16:9")
			want(t, "layout", a.Layout, "stereo")
			want(t, "audio rate", a.SampleRate, 48000)
			near(t, "duration", i.Duration, 2, 0.05)
		}},
		{"MOV with timecode, interlaced ProRes", func(t testing.TB) string {
			return clip(t, "prores.mov", "-f lavfi -i testsrc=s=320x180:r=30000/1001:d=1 "+tone+" -t 1 -vf setfield=bff -c:v prores_ks -profile:v hq -pix_fmt yuv422p10le -flags +ildct -c:a pcm_s24le -metadata:s:a:0 language=ger -timecode 00:59:59;28")
		}, func(t *testing.T, i Info) {
			want(t, "container", i.Container, "mov")
			want(t, "codec", i.Video[0].Codec+" "+i.Video[0].Profile, "prores HQ")
			want(t, "rate", i.Video[0].FrameRate, "30000/1001")
			want(t, "scan", i.Video[0].Scan, "bff")
			want(t, "depth", i.Video[0].BitDepth, 10)
			want(t, "timecode", i.Timecode, "00:59:59;28")
			want(t, "audio depth", i.Audio[0].BitDepth, 24)
			want(t, "language", i.Audio[0].Language, "ger")
		}},
		{"MXF XDCAM HD422 50i, eight mono tracks", xdcam, func(t *testing.T, i Info) {
			want(t, "container", i.Container, "mxf")
			want(t, "codec", i.Video[0].Codec+" "+i.Video[0].Profile, "mpeg2video 4:2:2")
			want(t, "rate", i.Video[0].FrameRate, "25/1")
			want(t, "scan", i.Video[0].Scan, "tff")
			want(t, "timecode", i.Timecode, "10:00:00:00")
			want(t, "tracks", len(i.Audio), 8)
			want(t, "layout", i.Audio[7].Layout, "mono")
			near(t, "duration", i.Duration, 1, 0.05)
		}},
		{"MPEG-TS", func(t testing.TB) string {
			return clip(t, "clip.ts", bars+" "+tone+" "+h264+" -c:a mp2")
		}, func(t *testing.T, i Info) {
			want(t, "container", i.Container, "mpegts")
			want(t, "audio", i.Audio[0].Codec, "mp2")
			near(t, "duration", i.Duration, 2, 0.1)
		}},
		{"WAV", func(t testing.TB) string { return clip(t, "tone.wav", tone+" -c:a pcm_s24le") }, func(t *testing.T, i Info) {
			want(t, "container", i.Container, "wav")
			want(t, "video", len(i.Video), 0)
			want(t, "depth", i.Audio[0].BitDepth, 24)
			near(t, "duration", i.Duration, 2, 0.001)
		}},
		{"Matroska", func(t testing.TB) string { return clip(t, "clip.mkv", bars+" "+h264) }, func(t *testing.T, i Info) {
			want(t, "container", i.Container, "matroska")
			near(t, "duration", i.Video[0].Duration, 2, 0.05)
			want(t, "audio", len(i.Audio), 0)
		}},
		{"a phone's video lying on its side", rotated, func(t *testing.T, i Info) {
			want(t, "rotation", i.Video[0].Rotation, 90)
			w, h := i.Video[0].DisplaySize()
			want(t, "shown", [2]int{w, h}, [2]int{180, 320})
		}},
		{"anamorphic picture", func(t testing.TB) string { return clip(t, "anamorphic.mp4", bars+" -vf setsar=4/3 "+h264) }, func(t *testing.T, i Info) {
			w, h := i.Video[0].DisplaySize()
			want(t, "shown", [2]int{w, h}, [2]int{427, 180})
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			i, err := tl.Probe(t.Context(), c.path(t))
			if err != nil {
				t.Fatal(err)
			}
			c.check(t, i)
		})
	}
}

// rotated is upright only after a turn by 90° that the container asks for.
func rotated(t testing.TB) string {
	flat := barsMP4(t)
	path := filepath.Join(clipFolder, "rotated.mp4")
	out, err := exec.Command("ffmpeg", "-v", "error", "-y", "-i", flat, "-c", "copy", "-metadata:s:v:0", "rotate=270", path).CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return path
}

func TestProbeRefuses(t *testing.T) {
	tl := tools(t)
	secret := file(t, "secret.txt", "top secret")
	noIndex := clip(t, "noindex.mp4", bars+" "+h264) // moov at the end
	for _, c := range []struct{ name, path, kind, says string }{
		{"an empty file", file(t, "empty.mov", ""), "empty", "0 bytes"},
		{"a recording without its index", cut(t, noIndex, 0.6), "unreadable", "moov"},
		{"zeros", file(t, "zeros.mxf", strings.Repeat("\x00", 5000)), "unreadable", "zeros"},
		{"noise", file(t, "noise.mp4", "\x01\xfe\xff\x90\x80"+strings.Repeat("\xc1\x07", 999)), "unreadable", "first bytes"},
		{"an MXF header and no more", cut(t, xdcam(t), 0.00001), "unreadable", ""},
		{"plain text", file(t, "readme.mp4", "Hello, this is no film.\n"), "unsupported", "text"},
		{"an HLS playlist", file(t, "live.mp4", "#EXTM3U\n#EXT-X-VERSION:3\n"), "unsupported", "HLS playlist"},
		{"an HLS playlist that reads a secret", file(t, "evil.mp4", "\n#EXTM3U\n#EXT-X-MEDIA-SEQUENCE:0\n#EXTINF:10,\nconcat:file:///etc/passwd|file://"+secret+"\n"), "unsupported", "HLS playlist"},
		{"a DASH manifest", file(t, "x.mov", `<?xml version="1.0"?><MPD type="static"></MPD>`), "unsupported", "DASH"},
		{"a concat script", file(t, "x.mxf", "ffconcat version 1.0\nfile '/etc/passwd'\n"), "unsupported", "concat"},
		{"a folder", t.TempDir(), "unsupported", "regular"},
		{"a picture of huge dimensions", hugePNG(t), "limit", "larger"},
		{"an AVI of huge dimensions", hugeAVI(t), "limit", "larger"},
	} {
		t.Run(c.name, func(t *testing.T) {
			i, err := tl.Probe(t.Context(), c.path)
			if err == nil {
				t.Fatalf("accepted: %+v", i)
			}
			if KindOf(err) != c.kind || !strings.Contains(err.Error(), c.says) {
				t.Fatalf("got %q (%s), want kind %s and %q", err, KindOf(err), c.kind, c.says)
			}
		})
	}
	if _, err := tl.Probe(t.Context(), "/nonexistent/x.mp4"); !os.IsNotExist(unwrapAll(err)) {
		t.Fatalf("a missing file: %v", err)
	}
}

func TestProbeCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := tools(t).Probe(ctx, barsMP4(t)); unwrapAll(err) != context.Canceled {
		t.Fatalf("got %v", err)
	}
}
