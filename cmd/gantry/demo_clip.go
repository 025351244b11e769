package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"gantry/orchestrator/media"
)

// makeClip makes 20 s of colour bars with a counter that wanders over them, and
// 1 kHz at -23 LUFS, as a recorder writes it: MPEG-2 4:2:2 in MXF with timecode.
func makeClip(ctx context.Context, dir string) (string, error) {
	tools, err := media.Find(ctx)
	if err != nil {
		return "", err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", err
	}
	name := filepath.Join(dir, "bars-and-tone.mxf")
	cmd := exec.CommandContext(ctx, tools.FFmpeg, "-nostdin", "-v", "error", "-y",
		"-f", "lavfi", "-i", "smptehdbars=size=1280x720:rate=25",
		"-f", "lavfi", "-i", "testsrc=size=320x240:rate=25",
		"-f", "lavfi", "-i", "sine=frequency=1000:sample_rate=48000",
		"-filter_complex", "[0][1]overlay=x='(W-w)*(0.5+0.5*sin(t))':y='(H-h)*0.4'[v];[2]volume=-4.94dB,aformat=channel_layouts=stereo,pan=stereo|c0=c0|c1=c0[a]",
		"-map", "[v]", "-map", "[a]", "-t", "20",
		"-c:v", "mpeg2video", "-pix_fmt", "yuv422p", "-b:v", "25M", "-minrate", "25M", "-maxrate", "25M", "-bufsize", "12M", "-g", "12", "-bf", "2",
		"-c:a", "pcm_s24le", "-timecode", "10:00:00:00", "-f", "mxf", name)
	var said bytes.Buffer
	cmd.Stderr = &said
	if err := cmd.Run(); err != nil {
		return "", fmt.Errorf("make the clip: %w: %s", err, bytes.TrimSpace(said.Bytes()))
	}
	return name, nil
}

// recordTime is how long a file takes to be written into the watched folder.
const recordTime = 5 * time.Second

// record writes each file into the folder in small pieces, as a recorder does.
func record(ctx context.Context, files []string, folder string) error {
	for _, f := range files {
		if err := recordOne(ctx, f, filepath.Join(folder, filepath.Base(f))); err != nil {
			return fmt.Errorf("record %s: %w", f, err)
		}
	}
	return nil
}

func recordOne(ctx context.Context, from, to string) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	info, err := in.Stat()
	if err != nil {
		return err
	}
	out, err := os.OpenFile(to, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	defer out.Close()
	const pieces = 50
	tick := time.NewTicker(recordTime / pieces)
	defer tick.Stop()
	for {
		_, err := io.CopyN(out, in, info.Size()/pieces+1)
		if err == io.EOF {
			return out.Close()
		}
		if err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
	}
}
