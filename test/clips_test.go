package test

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// ffmpeg runs ffmpeg with its arguments.
func ffmpeg(t *testing.T, args ...string) {
	t.Helper()
	cmd := exec.Command("ffmpeg", append([]string{"-nostdin", "-v", "error", "-y"}, args...)...)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("ffmpeg (install it with apt-get install ffmpeg): %v\n%s", err, out)
	}
}

const tone = "sine=frequency=1000:sample_rate=48000,volume=-4.94dB,aformat=channel_layouts=stereo,pan=stereo|c0=c0|c1=c0"

// goodClip has a moving picture and tone at -23 LUFS. seed makes it one of a kind.
func goodClip(t *testing.T, name, seconds, seed string) string {
	t.Helper()
	ffmpeg(t, "-f", "lavfi", "-i", "testsrc2=size=320x180:rate=25", "-f", "lavfi", "-i", tone, "-t", seconds,
		"-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-c:a", "aac", "-metadata", "comment="+seed, "-movflags", "+faststart", name)
	return name
}

func blackClip(t *testing.T, name string) string {
	t.Helper()
	ffmpeg(t, "-f", "lavfi", "-i", "color=black:size=320x180:rate=25", "-f", "lavfi", "-i", tone, "-t", "4",
		"-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-c:a", "aac", name)
	return name
}

func silentClip(t *testing.T, name string) string {
	t.Helper()
	ffmpeg(t, "-f", "lavfi", "-i", "testsrc2=size=320x180:rate=25", "-f", "lavfi", "-i", "anullsrc=r=48000:cl=stereo", "-t", "4",
		"-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-c:a", "aac", name)
	return name
}

// truncatedClip is a good clip with its second half missing.
func truncatedClip(t *testing.T, name string) string {
	t.Helper()
	whole := goodClip(t, filepath.Join(t.TempDir(), "whole.mp4"), "6", "cut")
	data, err := os.ReadFile(whole)
	if err != nil {
		t.Fatal(err)
	}
	return written(t, name, data[:len(data)/2])
}

func written(t testing.TB, name string, data []byte) string {
	t.Helper()
	if err := os.WriteFile(name, data, 0o644); err != nil {
		t.Fatal(err)
	}
	return name
}
