package media

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

const (
	// maxPixels of one picture: 16K x 8K. Larger ones are bombs rather than pictures.
	maxPixels    = 16384 * 8192
	probeTimeout = time.Minute
)

// Probe says what the file is. Errors are of kind [ErrEmpty], [ErrUnreadable], [ErrUnsupported], [ErrLimit],
// [ErrStalled] or [ErrTool], or those of the file system and the context.
func (t *Tools) Probe(ctx context.Context, path string) (Info, error) {
	in, err := openInput(path)
	if err != nil {
		return Info{}, fmt.Errorf("probe %s: %w", filepath.Base(path), err)
	}
	info, err := t.probe(ctx, in)
	if err != nil {
		return Info{}, fmt.Errorf("probe %s: %w", filepath.Base(path), err)
	}
	return info, nil
}

// input is a file whose type is known, at an absolute path without links.
type input struct {
	Format
	mount string   // the file, or the folder that it is in
	inner string   // its name inside that folder; "" if mount is the file
	flags []string // more input options
	size  int64
}

func openInput(path string) (input, error) {
	abs, err := filepath.Abs(path)
	if err != nil {
		return input{}, err
	}
	if abs, err = filepath.EvalSymlinks(abs); err != nil {
		return input{}, err
	}
	format, err := Sniff(abs)
	if err != nil {
		return input{}, err
	}
	st, err := os.Stat(abs)
	if err != nil {
		return input{}, err
	}
	return input{Format: format, mount: abs, size: st.Size()}, nil
}

// args are the options that make ffmpeg or ffprobe read the input, and nothing else.
func (in input) args(seen string) []string {
	args := append([]string{"-protocol_whitelist", "file,pipe", "-max_pixels", fmt.Sprint(maxPixels), "-f", in.Demuxer}, in.flags...)
	return append(args, "-i", filepath.Join(seen, in.inner))
}

func (t *Tools) probe(ctx context.Context, in input) (Info, error) {
	var doc probeJSON
	log, err := t.ffprobe(ctx, in, &doc, "-show_format", "-show_streams")
	if err != nil {
		return Info{}, err
	}
	info := describe(doc, in)
	if err := checkSizes(&info, log); err != nil {
		return Info{}, err
	}
	if err := t.lookAtFrames(ctx, in, doc, &info); err != nil {
		return Info{}, err
	}
	return info, nil
}

// checkSizes refuses bombs, and files without anything to see or hear. log is what ffprobe complained of.
func checkSizes(info *Info, log []string) error {
	if len(info.Video)+len(info.Audio) == 0 {
		return fail(ErrUnreadable, "it holds neither pictures nor sound", log...)
	}
	for _, v := range info.Video {
		switch refused := strings.Contains(strings.Join(log, "\n"), "Picture size"); {
		case v.Width*v.Height > maxPixels, v.Width == 0 && refused:
			size := ""
			if v.Width > 0 {
				size = fmt.Sprintf(" (%dx%d)", v.Width, v.Height)
			}
			return fail(ErrLimit, fmt.Sprintf("its pictures are larger than the %d million pixels that are decoded here%s", maxPixels/1_000_000, size), log...)
		case v.Width == 0 && len(info.Audio) == 0:
			return fail(ErrUnreadable, "its pictures cannot be decoded: "+plain(log), log...)
		case v.Width == 0:
			info.Warnings = append(info.Warnings, fmt.Sprintf("the pictures of stream %d cannot be decoded", v.Index))
		}
	}
	return nil
}

// ffprobe runs it, reads its JSON, and returns its log. What it cannot read is [ErrUnreadable].
func (t *Tools) ffprobe(ctx context.Context, in input, doc *probeJSON, show ...string) ([]string, error) {
	var out boundedBuffer
	var log tail
	err := t.run(ctx, call{
		tool: t.FFprobe, mount: in.mount, stdout: &out, limits: probeLimits, timeout: probeTimeout,
		log: func(l logLine) { log.add(l.text) },
		args: func(seen string) []string {
			args := append([]string{"-hide_banner", "-loglevel", "level+error", "-print_format", "json", "-threads", "1"}, show...)
			if in.Name == "mpegts" { // tracks may start late
				args = append(args, "-probesize", "20M", "-analyzeduration", "10M")
			}
			return append(args, in.args(seen)...)
		},
	})
	var e *Error
	if errors.As(err, &e) && e.Kind == ErrOutput {
		return nil, fail(ErrUnreadable, plain(e.Log), e.Log...)
	}
	if err != nil {
		return nil, err
	}
	if err := json.Unmarshal(out.Bytes(), doc); err != nil {
		return nil, fail(ErrTool, "ffprobe's answer is not the JSON that was asked for: "+err.Error())
	}
	return log.lines, nil
}

// lookAtFrames decodes the first frames where the container is silent, or not to be trusted, about the scan.
func (t *Tools) lookAtFrames(ctx context.Context, in input, doc probeJSON, info *Info) error {
	if len(info.Video) == 0 || strings.HasSuffix(in.Demuxer, "_pipe") {
		return nil
	}
	v := &info.Video[0]
	// "tb" and "bt" are written in both senses by different makers.
	order := doc.Streams[slices.IndexFunc(doc.Streams, func(s streamJSON) bool { return s.Index == v.Index })].FieldOrder
	if v.Scan != "unknown" && order != "tb" && order != "bt" && (info.Timecode != "" || v.Codec != "h264") {
		return nil
	}
	var frames probeJSON
	_, err := t.ffprobe(ctx, in, &frames, "-show_frames", "-select_streams", fmt.Sprint(v.Index), "-read_intervals", "%+#8")
	if KindOf(err) == "unreadable" || (err == nil && len(frames.Frames) == 0) {
		info.Warnings = append(info.Warnings, "the first pictures cannot be decoded")
		return nil
	}
	if err != nil {
		return err
	}
	for _, f := range frames.Frames {
		if f.Interlaced == 1 {
			v.Scan = map[int]string{0: "bff", 1: "tff"}[f.TopFieldFirst&1]
			break
		}
		v.Scan = "progressive"
	}
	if info.Timecode == "" {
		info.Timecode = frameTimecode(frames.Frames[0])
	}
	return nil
}

// frameTimecode finds the SMPTE ST 12 timecode that cameras put into H.264. The GOP header's timecode of MPEG-2 is
// left alone, since most encoders only count there.
func frameTimecode(f frameJSON) string {
	for _, d := range f.SideData {
		if strings.HasPrefix(d.Type, "SMPTE 12-1") && len(d.Timecodes) > 0 {
			return d.Timecodes[0].Value
		}
	}
	return ""
}
