package media

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"
)

// rules reads shipped rules as the hub does.
func rules(t testing.TB, name string) QCRules {
	t.Helper()
	r, err := readRules("../../configs/qc/"+name+".yaml", readFile(t, "../../configs/qc/"+name+".yaml"))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// find is the finding of a check with a severity; none is an error.
func find(t *testing.T, r Report, check string, severity Severity) Finding {
	t.Helper()
	for _, f := range r.Findings {
		if f.Check == check && f.Severity == severity {
			return f
		}
	}
	t.Fatalf("no %s about %s in %s: %+v", severity, check, r.Outcome, r.Findings)
	return Finding{}
}

func TestQCOutcomes(t *testing.T) {
	tl := tools(t)
	slow := "-f lavfi -i color=c=0x4060a0:s=320x180:r=25:d=11"
	for _, c := range []struct {
		name, outcome string
		path          func(testing.TB) string
		check         func(t *testing.T, r Report)
	}{
		{"bars and tone at -23 LUFS pass", OutcomePass, barsMP4, func(t *testing.T, r Report) {
			near(t, "loudness", r.Loudness.Integrated, -23, 0.5)
			near(t, "true peak", r.Loudness.TruePeak, -23, 1.2) // the AAC encoder overshoots at the start
			want(t, "frames", r.DecodedFrames, int64(50))
			near(t, "duration", r.Duration, 2, 0.05)
			near(t, "peak of track 1", r.Tracks[0].Peaks[1], -23, 1.2)
		}},
		{"XDCAM: tracks 1 and 2 are the programme, empty tracks are no fault", OutcomePass, xdcam, func(t *testing.T, r Report) {
			near(t, "loudness", r.Loudness.Integrated, -23, 0.5)
			want(t, "tracks", len(r.Tracks), 8)
			want(t, "peak of track 8", r.Tracks[7].Peaks[0], Floor)
		}},
		{"black in the middle", OutcomeFail, func(t testing.TB) string {
			return clip(t, "black.mov", "-f lavfi -i testsrc=s=320x180:r=25:d=1 -f lavfi -i color=black:s=320x180:r=25:d=2.4 -f lavfi -i testsrc=s=320x180:r=25:d=0.6"+
				" -filter_complex [0][1][2]concat=n=3:v=1:a=0 "+h264+" -timecode 09:59:59:00")
		}, func(t *testing.T, r Report) {
			f := find(t, r, "black", Fail)
			near(t, "start", f.Start, 1, 0.001)
			near(t, "end", f.End, 3.4, 0.001)
			want(t, "timecode", f.Timecode, "10:00:00:00-10:00:02:10")
			find(t, r, "audio", Warn)
		}},
		{"black to the end", OutcomeFail, func(t testing.TB) string {
			return clip(t, "blackend.mp4", "-f lavfi -i testsrc=s=320x180:r=25:d=1 -f lavfi -i color=black:s=320x180:r=25:d=2 -filter_complex [0][1]concat=n=2:v=1:a=0 "+h264)
		}, func(t *testing.T, r Report) {
			f := find(t, r, "black", Fail)
			near(t, "start", f.Start, 1, 0.001)
			near(t, "end", f.End, 3, 0.001)
		}},
		{"silence throughout", OutcomeFail, func(t testing.TB) string {
			return clip(t, "silent.mp4", bars+" -f lavfi -i anullsrc=r=48000:cl=stereo:d=2 "+h264+" -c:a aac")
		}, func(t *testing.T, r Report) {
			f := find(t, r, "silence", Fail)
			near(t, "start", f.Start, 0, 0.05)
			near(t, "end", f.End, 2, 0.1)
			want(t, "integrated", r.Loudness.Integrated, -70)
			want(t, "true peak", r.Loudness.TruePeak, Floor)
		}},
		{"a short silence, and no picture", OutcomeFail, func(t testing.TB) string {
			return clip(t, "gap.wav", "-f lavfi -i aevalsrc='0.0708*sin(2*PI*1000*t)*(lt(t,1)+gt(t,3.5))|0.0708*sin(2*PI*1000*t)*(lt(t,1)+gt(t,3.5))':s=48000:d=4")
		}, func(t *testing.T, r Report) {
			f := find(t, r, "silence", Warn)
			near(t, "start", f.Start, 1, 0.01)
			near(t, "end", f.End, 3.5, 0.01)
		}},
		{"one side is dead", OutcomeWarn, func(t testing.TB) string {
			return clip(t, "left.mp4", bars+" "+tone+" -af pan=stereo|c0=1.41*c0 "+h264+" -c:a aac")
		}, func(t *testing.T, r Report) {
			if f := find(t, r, "audio", Warn); !strings.Contains(f.Message, "right") {
				t.Error(f.Message)
			}
		}},
		{"frozen for eleven seconds", OutcomeWarn, func(t testing.TB) string {
			return clip(t, "frozen.mp4", slow+" "+h264)
		}, func(t *testing.T, r Report) {
			f := find(t, r, "freeze", Warn)
			near(t, "start", f.Start, 0, 0.001)
			near(t, "end", f.End, 11, 0.05)
		}},
		{"too loud", OutcomeWarn, func(t testing.TB) string {
			return clip(t, "loud.mov", bars+" -f lavfi -i aevalsrc='0.95*sin(2*PI*1000*t)|0.95*sin(2*PI*1000*t)':s=48000:d=2 "+h264+" -c:a pcm_s16le")
		}, func(t *testing.T, r Report) {
			near(t, "loudness", r.Loudness.Integrated, -0.4, 0.5)
			find(t, r, "loudness", Warn)
			find(t, r, "truePeak", Warn)
		}},
		{"MPEG-TS, whose times do not begin at 0", OutcomeFail, func(t testing.TB) string {
			return clip(t, "black.ts", "-f lavfi -i testsrc=s=320x180:r=25:d=1 -f lavfi -i color=black:s=320x180:r=25:d=2.4 -f lavfi -i testsrc=s=320x180:r=25:d=0.6"+
				" "+strings.ReplaceAll(tone, "d=2", "d=4")+" -filter_complex [0][1][2]concat=n=3:v=1:a=0 "+h264+" -c:a mp2")
		}, func(t *testing.T, r Report) {
			f := find(t, r, "black", Fail)
			near(t, "start", f.Start, 1, 0.1)
			near(t, "end", f.End, 3.4, 0.1)
			want(t, "findings", len(r.Findings), 2) // by length and by share
		}},
		{"cut off after its index", OutcomeFail, func(t testing.TB) string { return cut(t, barsMP4(t), 0.6) }, func(t *testing.T, r Report) {
			find(t, r, "truncation", Fail)
			find(t, r, "decode", Fail)
		}},
		{"cut off MXF", OutcomeFail, func(t testing.TB) string { return cut(t, xdcam(t), 0.6) }, func(t *testing.T, r Report) {
			find(t, r, "truncation", Fail)
		}},
		{"damaged in the middle", OutcomeFail, func(t testing.TB) string {
			data := readFile(t, clip(t, "damaged.ts", bars+" "+h264+" -b:v 2M"))
			for i := len(data) / 3; i < len(data)/2; i++ {
				if i%188 > 20 {
					data[i] ^= 0x5a
				}
			}
			return file(t, "damaged.ts", string(data))
		}, func(t *testing.T, r Report) { find(t, r, "decode", Fail) }},
	} {
		t.Run(c.name, func(t *testing.T) {
			r, err := tl.QC(t.Context(), c.path(t), rules(t, "default"), nil)
			if err != nil {
				t.Fatal(err)
			}
			if r.Outcome != c.outcome {
				t.Errorf("outcome %s, want %s: %+v", r.Outcome, c.outcome, r.Findings)
			}
			c.check(t, r)
		})
	}
}

func TestBroadcastRules(t *testing.T) {
	tl := tools(t)
	r, err := tl.QC(t.Context(), xdcam(t), rules(t, "broadcast"), nil)
	if err != nil || r.Outcome != OutcomePass {
		t.Errorf("XDCAM: %v %s %+v", err, r.Outcome, r.Findings)
	}
	r, err = tl.QC(t.Context(), barsMP4(t), rules(t, "broadcast"), nil)
	if err != nil {
		t.Fatal(err)
	}
	find(t, r, "container", Fail)
	find(t, r, "video", Fail) // too small
	find(t, r, "audio", Fail) // AAC
}

func TestExpectedDuration(t *testing.T) {
	r := rules(t, "default")
	r.Duration.Expected = 60
	report, err := tools(t).QC(t.Context(), barsMP4(t), r, nil)
	if err != nil {
		t.Fatal(err)
	}
	find(t, report, "duration", Fail)
}

func TestQCProgressAndCancel(t *testing.T) {
	tl := tools(t)
	short := clip(t, "short.mp4", "-f lavfi -i testsrc=s=64x64:r=25:d=10 -c:v libx264 -preset ultrafast -g 250 -qp 40 -pix_fmt yuv420p")
	long := clip(t, "long.mp4", "-stream_loop 719 -i "+short+" -c copy")
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var asked time.Time
	_, err := tl.QC(ctx, long, rules(t, "default"), func(p Progress) {
		if asked.IsZero() && p.Done > 0 {
			near(t, "total", p.Total, 7200, 1)
			asked = time.Now()
			cancel()
		}
	})
	if !errors.Is(err, context.Canceled) {
		t.Fatalf("got %v", err)
	}
	if took := time.Since(asked); took > 5*time.Second {
		t.Errorf("it took %s to stop", took)
	}
}

func TestQCRunsWithoutBubblewrap(t *testing.T) {
	tl := tools(t)
	tl.Sandbox.bwrap, tl.Sandbox.Level = "", LevelRlimits
	r, err := tl.QC(t.Context(), barsMP4(t), rules(t, "default"), nil)
	if err != nil || r.Outcome != OutcomePass {
		t.Fatalf("%v %+v", err, r.Findings)
	}
}

func TestStallEndsARun(t *testing.T) {
	tl := tools(t)
	script := file(t, "ffmpeg", "#!/bin/sh\nwhile :; do echo frame=1; echo progress=continue; sleep 0.05; done\n")
	if err := os.Chmod(script, 0o755); err != nil {
		t.Fatal(err)
	}
	tl.FFmpeg, tl.Stall = script, 300*time.Millisecond
	_, err := tl.QC(t.Context(), barsMP4(t), rules(t, "default"), nil)
	if KindOf(err) != "stalled" {
		t.Fatalf("got %v", err)
	}
}

func ExampleTimecodeAt() {
	fmt.Println(TimecodeAt("10:00:00:00", "25/1", 61.04))
	fmt.Println(TimecodeAt("00:00:59;28", "30000/1001", 0.1))
	fmt.Println(TimecodeAt("", "50/1", 0.5))
	// Output:
	// 10:01:01:01
	// 00:01:00;03
	// 00:00:00:25
}
