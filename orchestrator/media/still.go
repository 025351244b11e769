package media

import (
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
)

const stillName = "still"

// Still writes the picture at the given second to dst, whose name ends in .jpg or .png, upright and with square
// pixels. A time beyond the end gives the last picture. dst appears when it is whole; it is replaced if it is there.
func (t *Tools) Still(ctx context.Context, src string, at float64, dst string) error {
	if err := t.still(ctx, src, at, dst); err != nil {
		return fmt.Errorf("still of %s: %w", filepath.Base(src), err)
	}
	return nil
}

func (t *Tools) still(ctx context.Context, src string, at float64, dst string) (err error) {
	codec := map[string][]string{
		".jpg": {"-c:v", "mjpeg", "-q:v", "2", "-pix_fmt", "yuvj420p", "-strict", "unofficial"},
		".png": {"-c:v", "png", "-pix_fmt", "rgb24"},
	}[strings.ToLower(filepath.Ext(dst))]
	if codec == nil {
		return fail(ErrUnsupported, "a still is a .jpg or a .png")
	}
	info, err := t.Probe(ctx, src)
	if err != nil {
		return err
	}
	if len(info.Video) == 0 || info.Video[0].Width == 0 {
		return fail(ErrUnsupported, "there is no picture")
	}
	in, err := openInput(src)
	if err != nil {
		return err
	}
	dir, err := filepath.Abs(filepath.Dir(dst))
	if err != nil {
		return err
	}
	scratch, err := os.MkdirTemp(dir, ".still-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(scratch)) }()
	if scratch, err = filepath.EvalSymlinks(scratch); err != nil {
		return err
	}
	if err := t.grab(ctx, in, info.Video[0], stillTime(info, at), scratch, codec); err != nil {
		return err
	}
	made := filepath.Join(scratch, stillName)
	if err := syncPath(made); err != nil {
		return err
	}
	return os.Rename(made, filepath.Join(dir, filepath.Base(dst)))
}

// stillTime keeps clear of the end, where a seek finds nothing.
func stillTime(info Info, at float64) float64 {
	v := info.Video[0]
	if last := v.end(info.Duration) - 2*parseRate(v.FrameRate).frame(); at > last {
		at = last
	}
	if math.IsNaN(at) || at < 0 {
		return 0
	}
	return at
}

func (t *Tools) grab(ctx context.Context, in input, v VideoStream, at float64, scratch string, codec []string) error {
	box := Box{Width: 16384, Height: 16384}
	s := outSize(v, &box)
	chain := fmt.Sprintf("scale=%d:%d,setsar=1", s.width, s.height)
	if v.Interlaced() {
		chain = "bwdif=deint=all," + chain
	}
	err := t.run(ctx, call{
		tool: t.FFmpeg, mount: in.mount, outDir: scratch, timeout: probeTimeout,
		limits: Limits{CPU: probeLimits.CPU, Memory: 8 << 30, FileSize: 1 << 30},
		args: func(seen string) []string {
			args := []string{"-hide_banner", "-nostdin", "-loglevel", "level+error", "-threads", "1"}
			if at > 0 {
				args = append(args, "-ss", fmt.Sprintf("%.6f", at))
			}
			args = append(args, in.args(seen)...)
			args = append(args, "-map", fmt.Sprintf("0:%d", v.Index), "-vf", chain, "-frames:v", "1", "-map_metadata", "-1")
			return append(append(args, codec...), "-f", "image2pipe", "-y", stillName)
		},
	})
	if err != nil {
		return err
	}
	if st, err := os.Stat(filepath.Join(scratch, stillName)); err != nil || st.Size() == 0 {
		return fail(ErrOutput, fmt.Sprintf("there is no picture at %.2f s", at))
	}
	return nil
}
