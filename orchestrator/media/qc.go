package media

import (
	"context"
	"errors"
	"fmt"
	"math"
	"path/filepath"
	"time"
)

// QC decodes the whole file once and judges it by rules. A file that cannot be opened at all is an error, as of
// [Tools.Probe]; whatever goes wrong in it later is a finding. progress may be nil.
func (t *Tools) QC(ctx context.Context, path string, rules QCRules, progress func(Progress)) (Report, error) {
	if err := rules.Validate(); err != nil {
		return Report{}, fmt.Errorf("qc rules %s: %w", rules.Name, err)
	}
	info, err := t.Probe(ctx, path)
	if err != nil {
		return Report{}, err
	}
	in, err := openInput(path)
	if err != nil {
		return Report{}, err
	}
	m, err := t.measure(ctx, in, info, rules, progress)
	if err != nil {
		return Report{}, fmt.Errorf("qc %s: %w", filepath.Base(path), err)
	}
	return judge(info, m, rules), nil
}

func (t *Tools) measure(ctx context.Context, in input, info Info, rules QCRules, progress func(Progress)) (*measured, error) {
	graph, outputs := qcGraph(info, rules)
	m := &measured{}
	if len(outputs) == 0 {
		m.crash = "nothing in it can be decoded"
		return m, nil
	}
	threads := fmt.Sprint(max(1, t.Threads))
	err := t.run(ctx, call{
		tool: t.FFmpeg, mount: in.mount, limits: qcLimits(info), log: m.line,
		args: func(seen string) []string {
			args := []string{
				"-hide_banner", "-nostdin", "-loglevel", "repeat+level+info", "-nostats", "-progress", "pipe:1",
				"-filter_threads", threads, "-filter_complex_threads", threads,
				"-threads", threads, "-err_detect", "crccheck",
			}
			args = append(args, in.args(seen)...)
			args = append(args, "-filter_complex", graph)
			for _, label := range outputs {
				args = append(args, "-map", label)
			}
			return append(args, "-f", "null", "-")
		},
		progress: func(p Progress, frames int64) {
			m.frames, m.reached = frames, math.Max(m.reached, p.Done)
			p.Total = info.Duration
			if progress != nil {
				progress(p)
			}
		},
	})
	var e *Error
	if errors.As(err, &e) && (e.Kind == ErrOutput || e.Kind == ErrLimit) {
		m.crash = e.Message
	} else if err != nil {
		return nil, err
	}
	m.finish()
	return m, nil
}

// qcLimits allow a slow machine a hundred times the play time.
func qcLimits(info Info) Limits {
	return Limits{CPU: cpuTime(300, 100, info.Duration), Memory: 8 << 30, FileSize: 1 << 20}
}

// cpuTime bounds the processor time, for a duration that a hostile file may have made up.
func cpuTime(base, factor, duration float64) time.Duration {
	return time.Duration(math.Min(base+factor*duration, 14*24*3600)) * time.Second
}
