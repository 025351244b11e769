package test

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"gantry/orchestrator/api"
)

// TestFormatsOfTheTrade sends what venues really send. Each gets through, and keeps
// what the partner needs.
func TestFormatsOfTheTrade(t *testing.T) {
	t.Parallel()
	s := newStand(t)
	s.up()
	s.realPartners()
	clips := t.TempDir()
	clip := func(name string, args ...string) string {
		name = filepath.Join(clips, name)
		ffmpeg(t, append(args, name)...)
		return name
	}
	eight := []string{
		"-f", "lavfi", "-i", "testsrc2=size=1920x1080:rate=25", "-f", "lavfi", "-i", "sine=frequency=1000:sample_rate=48000,volume=-4.94dB",
		"-t", "1", "-map", "0:v",
	}
	for range 8 {
		eight = append(eight, "-map", "1:a")
	}
	eight = append(eight, "-c:v", "mpeg2video", "-pix_fmt", "yuv422p", "-flags", "+ilme+ildct", "-top", "1", "-b:v", "50M", "-minrate", "50M", "-maxrate", "50M",
		"-bufsize", "36408333", "-g", "12", "-bf", "2", "-c:a", "pcm_s24le", "-ac", "1", "-timecode", "10:00:00:00", "-f", "mxf")
	originals := map[string]string{
		"xdcam.mxf": clip("xdcam.mxf", eight...),
		"phone.mov": clip("phone.mov", "-f", "lavfi", "-i", "testsrc2=size=640x360:rate=30", "-f", "lavfi", "-i", tone, "-t", "2",
			"-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-c:a", "aac"),
		"mute.mp4": clip("mute.mp4", "-f", "lavfi", "-i", "testsrc2=size=320x180:rate=25", "-t", "2",
			"-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p"),
		"film.mov": clip("film.mov", "-f", "lavfi", "-i", "testsrc2=size=640x360:rate=24000/1001", "-f", "lavfi", "-i", tone, "-t", "6",
			"-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-c:a", "aac"),
	}
	turn(t, originals["phone.mov"])
	for _, file := range originals {
		s.drop(file)
	}
	views := map[string]api.AssetView{}
	for name := range originals {
		views[name] = s.published(name)
	}
	mezzanine := func(name string) string {
		folder := filepath.Join(s.partners(), "nordic-sport", delivery(views[name], "nordic-sport").Path)
		found := glob(t, filepath.Join(folder, "*.mxf"))
		if len(found) != 1 {
			t.Fatalf("the mezzanine of %s: %q, want one", name, found)
		}
		return found[0]
	}

	t.Run("eight mono tracks and timecode", func(t *testing.T) {
		m := examine(t, mezzanine("xdcam.mxf"))
		if n := len(m.audio()); n != 8 {
			t.Errorf("the mezzanine has %d audio tracks, want 8", n)
		}
		for _, a := range m.audio() {
			if a.Channels != 1 || a.Codec != "pcm_s24le" {
				t.Errorf("audio track %d has %d channels of %s, want one of pcm_s24le", a.Index, a.Channels, a.Codec)
			}
		}
		if m.timecode() != "10:00:00:00" {
			t.Errorf("the mezzanine's timecode is %q, want 10:00:00:00", m.timecode())
		}
	})
	t.Run("portrait", func(t *testing.T) {
		if v := examine(t, mezzanine("phone.mov")).video(t); v.Width != 360 || v.Height != 640 {
			t.Errorf("the mezzanine is %dx%d, want 360x640", v.Width, v.Height)
		}
	})
	t.Run("no sound is a warning", func(t *testing.T) {
		if n := len(examine(t, mezzanine("mute.mp4")).audio()); n != 0 {
			t.Errorf("the mezzanine has %d audio tracks, want none", n)
		}
		var qc struct{ Outcome, Reason string }
		if err := json.Unmarshal(views["mute.mp4"].Asset.QC, &qc); err != nil {
			t.Fatal(err)
		}
		if qc.Outcome != "warn" {
			t.Errorf("QC says %q (%s), want warn", qc.Outcome, qc.Reason)
		}
	})
	t.Run("rungs of the ladder", func(t *testing.T) {
		ladder := t.TempDir()
		s.s3get(t, "in/"+delivery(views["film.mov"], "stream-one").Path+"/", ladder)
		if rungs := glob(t, filepath.Join(ladder, "*p")); len(rungs) < 2 {
			t.Errorf("rungs: %q, want more than one", rungs)
		}
	})
	t.Run("film's frame rate", func(t *testing.T) {
		if v := examine(t, mezzanine("film.mov")).video(t); v.FrameRate != "24000/1001" {
			t.Errorf("the mezzanine runs at %s, want 24000/1001", v.FrameRate)
		}
	})
	for name, file := range originals {
		t.Run("others' tools read what became of "+name, func(t *testing.T) {
			checkWithOthers(t, s, views[name], file)
		})
	}
}

// turn makes a landscape clip a portrait one, as a phone does: by the matrix in the
// header of its first track.
func turn(t *testing.T, file string) {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	at := bytes.Index(data, []byte("tkhd"))
	if at < 0 {
		t.Fatalf("%s has no track header", file)
	}
	const one = 1 << 16
	for i, n := range []int32{0, one, 0, -one, 0, 0, 360 * one, 0, 1 << 30} {
		binary.BigEndian.PutUint32(data[at+44+4*i:], uint32(n))
	}
	written(t, file, data)
}

// examined is what ffprobe says of a file.
type examined struct {
	Streams []stream
	Format  struct {
		Duration string
		Tags     map[string]string
	}
}

type stream struct {
	Index     int
	Kind      string `json:"codec_type"`
	Codec     string `json:"codec_name"`
	Width     int
	Height    int
	Channels  int
	FrameRate string `json:"r_frame_rate"`
	Tags      map[string]string
}

func examine(t *testing.T, file string) (e examined) {
	t.Helper()
	out := run(t, "ffprobe", "-v", "error", "-allowed_extensions", "ALL", "-show_streams", "-show_format", "-of", "json", file)
	if err := json.Unmarshal([]byte(out), &e); err != nil {
		t.Fatalf("ffprobe %s: %v in %s", file, err, out)
	}
	return e
}

func (e examined) audio() (tracks []stream) {
	for _, s := range e.Streams {
		if s.Kind == "audio" {
			tracks = append(tracks, s)
		}
	}
	return tracks
}

func (e examined) video(t *testing.T) stream {
	t.Helper()
	for _, s := range e.Streams {
		if s.Kind == "video" {
			return s
		}
	}
	t.Fatal("there is no picture")
	return stream{}
}

// timecode is said by the container, or by the stream that has it.
func (e examined) timecode() string {
	said := e.Format.Tags["timecode"]
	for _, s := range e.Streams {
		if said == "" {
			said = s.Tags["timecode"]
		}
	}
	return said
}
