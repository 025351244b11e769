package media

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// Result is one finished rendition.
type Result struct {
	Profile  string   `json:"profile"`
	Kind     string   `json:"kind"`    // file or hls
	Main     string   `json:"main"`    // the file to open: "proxy-h264.mp4", "hls-ladder/master.m3u8"
	Files    []File   `json:"files"`   // all files, in the order of their paths
	Info     Info     `json:"info"`    // of the main file; of a ladder: its best rung with the sound
	Seconds  float64  `json:"seconds"` // that the run took, for all renditions together
	Warnings []string `json:"warnings,omitempty"`
}

// File is one file of a rendition.
type File struct {
	Path string `json:"path"` // relative to the folder given to [Tools.Transcode], with slashes
	Size int64  `json:"size"` // bytes
}

// scratchName is where renditions are made before they are known to be right.
const scratchName = ".transcode"

// Transcode makes all outputs of one source in one run of ffmpeg, with one decode. They appear in dir under their
// names when all are made and checked: it is all of them or none. dir must exist, and be used by one call at a time;
// what an earlier call left unfinished in it is removed, and finished outputs of the same name are replaced.
// info is what [Tools.Probe] said of src. progress may be nil.
//
// Errors are of kind [ErrUnsupported] (this source cannot be made into that), [ErrOutput] (what came out is not what
// was asked for: often a damaged source), [ErrLimit], [ErrStalled] or [ErrTool], or the context's.
func (t *Tools) Transcode(ctx context.Context, src string, info Info, dir string, outputs []Output, progress func(Progress)) ([]Result, error) {
	results, err := t.transcode(ctx, src, info, dir, outputs, progress)
	if err != nil {
		return nil, fmt.Errorf("transcode %s: %w", filepath.Base(src), err)
	}
	return results, nil
}

func (t *Tools) transcode(ctx context.Context, src string, info Info, dir string, outputs []Output, progress func(Progress)) (results []Result, err error) {
	outputs, err = named(outputs)
	if err != nil {
		return nil, err
	}
	in, err := openInput(src)
	if err != nil {
		return nil, err
	}
	p, err := makePlan(info, outputs, t.Threads)
	if err != nil {
		return nil, err
	}
	scratch, err := makeScratch(dir, p.folders)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(scratch)) }()

	begin := t.Now()
	if err := t.encode(ctx, in, info, p, scratch, progress); err != nil {
		return nil, err
	}
	took := t.Now().Sub(begin).Seconds()
	for _, o := range outputs {
		r, err := t.finish(ctx, scratch, o, info, p)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", o.Name, err)
		}
		r.Seconds = took
		results = append(results, r)
	}
	if err := publish(scratch, dir, outputs); err != nil {
		return nil, err
	}
	return results, nil
}

func named(outputs []Output) ([]Output, error) {
	if len(outputs) == 0 {
		return nil, fail(ErrUnsupported, "no output is asked for")
	}
	var out []Output
	for _, o := range outputs {
		if err := o.Profile.Validate(); err != nil {
			return nil, fmt.Errorf("profile %s: %w", o.Profile.Name, err)
		}
		o.Name = orElse(o.Name, o.Profile.Name)
		if !safeName.MatchString(o.Name) {
			return nil, fail(ErrUnsupported, fmt.Sprintf("output name %q: use letters, digits, dot, dash and underscore", o.Name))
		}
		out = append(out, o)
	}
	return out, nil
}

func (t *Tools) encode(ctx context.Context, in input, info Info, p *plan, scratch string, progress func(Progress)) error {
	threads := fmt.Sprint(max(1, t.Threads))
	return t.run(ctx, call{
		tool: t.FFmpeg, mount: in.mount, outDir: scratch, limits: encodeLimits(info),
		args: func(seen string) []string {
			args := []string{
				"-hide_banner", "-nostdin", "-y", "-loglevel", "repeat+level+warning", "-nostats", "-progress", "pipe:1",
				"-filter_threads", threads, "-filter_complex_threads", threads, "-threads", threads,
			}
			args = append(args, in.args(seen)...)
			args = append(args, "-filter_complex", strings.Join(p.graph, ";"))
			return append(args, p.args...)
		},
		progress: func(now Progress, _ int64) {
			now.Total = info.Duration
			if progress != nil {
				progress(now)
			}
		},
	})
}

// encodeLimits allow a slow machine four hundred times the play time, and files of any honest bit rate.
func encodeLimits(info Info) Limits {
	const bytesPerSecond = 500 << 20 // ProRes 422 HQ in 8K
	size := int64(1<<30 + bytesPerSecond*min(info.Duration, 7*24*3600))
	return Limits{CPU: cpuTime(600, 400, info.Duration) + time.Minute, Memory: 12 << 30, FileSize: size}
}
