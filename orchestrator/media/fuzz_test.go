package media

import (
	"encoding/json"
	"math"
	"strings"
	"testing"
)

// FuzzLog: whatever a hostile file makes ffmpeg say, the measurement stays finite and can be told in JSON.
func FuzzLog(f *testing.F) {
	f.Add("[blackdetect @ 0x55] [info] black_start:2 black_end:3.96 black_duration:1.96")
	f.Add("[freezedetect @ 0x5] [info] lavfi.freezedetect.freeze_start: 2\n[freezedetect @ 0x5] [info] lavfi.freezedetect.freeze_end: 4")
	f.Add("[silencedetect@programme @ 0x5] [info] silence_start: -0.01\n[silencedetect@programme @ 0x5] [info] silence_end: 3 | silence_duration: 3.01")
	f.Add("[ebur128@programme @ 0x5] [info] Summary:\n\n  Integrated loudness:\n    I:         -23.0 LUFS\n    Threshold: -33.0 LUFS\n\n  True peak:\n    Peak:       -inf dBFS")
	f.Add("[astats@t0 @ 0x5] [info] Channel: 1\n[astats@t0 @ 0x5] [info] Peak level dB: -inf\n[astats@t0 @ 0x5] [info] Number of samples: 96000")
	f.Add("[idet @ 0x5] [info] Multi frame detection: TFF:     1 BFF:     0 Progressive:    51 Undetermined:    49")
	f.Add("[h264 @ 0x5] [error] Invalid NAL unit size (681 > 591).")
	r := QCRules{Name: "all"}
	everything := Ranges{Warn: &Limit{Seconds: 0.1}, Fail: &Limit{Share: 0.1}}
	r.Black.Ranges, r.Freeze.Ranges, r.Silence.Ranges = everything, everything, everything
	r.Loudness.Severity, r.Decode.Severity, r.Audio.DeadChannel, r.Audio.SilentTracks = Warn, Fail, Warn, Warn
	info := Info{Duration: 4, Video: []VideoStream{{FrameRate: "25/1"}}, Audio: []AudioStream{{Channels: 2, SampleRate: 48000, Layout: "stereo"}, {Channels: 1, SampleRate: 48000}}}
	f.Fuzz(func(t *testing.T, log string) {
		m := &measured{reached: 4, frames: 100}
		w := &lineWriter{each: func(s string) { m.line(parseLog(s)) }}
		if _, err := w.Write([]byte(log)); err != nil {
			t.Fatal(err)
		}
		w.flush()
		m.finish()
		report := judge(info, m, r)
		if _, err := json.Marshal(report); err != nil {
			t.Fatal(err)
		}
		if len(report.Findings) > 3*(maxFindings+1)+10 || len(m.messages) > maxMessages {
			t.Fatalf("%d findings", len(report.Findings))
		}
	})
}

func FuzzProgress(f *testing.F) {
	f.Add("frame=100\nfps=25.0\nout_time_us=4010667\ntotal_size=N/A\nspeed=38.3x\nprogress=end\n")
	f.Add("out_time_us=N/A\nspeed=N/A\nfps=nan\nprogress=continue\n")
	f.Fuzz(func(t *testing.T, s string) {
		last := 0.0
		p := &progressParser{emit: func(p Progress, _ bool) {
			for _, v := range []float64{p.Done, p.FPS, p.Speed} {
				if math.IsNaN(v) || math.IsInf(v, 0) || v < 0 {
					t.Fatalf("%+v", p)
				}
			}
			if p.Done < last {
				t.Fatalf("progress runs backwards: %v after %v", p.Done, last)
			}
			last = p.Done
		}}
		for line := range strings.Lines(s) {
			p.line(line)
		}
	})
}

func FuzzRules(f *testing.F) {
	f.Add(string(readFile(f, "../../configs/qc/default.yaml")))
	f.Add(string(readFile(f, "../../configs/qc/broadcast.yaml")))
	f.Add(string(envelope("QCRules", "  black: {warn: {share: .inf}}\n")))
	f.Add(string(envelope("QCRules", "  summary: &a x\n  containers: {allowed: [*a, *a]}\n")))
	f.Fuzz(func(t *testing.T, doc string) {
		r, err := readRules("rules", []byte(doc))
		if err == nil && r.Validate() != nil {
			t.Fatal("accepted what is not valid")
		}
	})
}

func FuzzProfile(f *testing.F) {
	for _, name := range shipped {
		f.Add(string(readFile(f, "../../configs/profiles/"+name+".yaml")))
	}
	f.Fuzz(func(t *testing.T, doc string) {
		p, err := readProfile("profile", []byte(doc))
		if err != nil {
			return
		}
		info := Info{Duration: 2, Video: []VideoStream{{Width: 640, Height: 360, FrameRate: "25/1", Scan: "progressive"}}}
		if _, err := makePlan(info, []Output{{Profile: p, Name: p.Name}}, 2); err != nil && KindOf(err) != "unsupported" {
			t.Fatal(err)
		}
	})
}

func FuzzSniff(f *testing.F) {
	f.Add([]byte("\x00\x00\x00\x18ftypqt  "))
	f.Add([]byte("ID3\x03\x00\x00\x00\x00\x00\x01\x00fLaC"))
	f.Add([]byte("\xef\xbb\xbf\n#EXTM3U\n"))
	f.Add([]byte("<?xml version='1.0'?><MPD/>"))
	f.Fuzz(func(t *testing.T, head []byte) {
		format, err := sniffHead(head)
		if (err == nil) != (format.Demuxer != "") {
			t.Fatal(format, err)
		}
		if strings.Contains(format.Demuxer, "hls") || strings.Contains(format.Demuxer, "concat") || strings.Contains(format.Demuxer, "dash") {
			t.Fatal("a playlist demuxer")
		}
	})
}

func FuzzDescribe(f *testing.F) {
	f.Add(`{"streams":[{"codec_type":"video","width":320,"height":180,"r_frame_rate":"25/1","avg_frame_rate":"25/1","side_data_list":[{"side_data_type":"Display Matrix","rotation":-90}]}],"format":{"duration":"2.0"}}`)
	f.Add(`{"streams":[{"codec_type":"audio","channels":-1,"sample_rate":"1e9","tags":{"DURATION-eng":"00:00:04.01"}}],"format":{"start_time":"nan"}}`)
	f.Fuzz(func(t *testing.T, doc string) {
		var p probeJSON
		if json.Unmarshal([]byte(doc), &p) != nil {
			return
		}
		info := describe(p, input{Format: Format{"mp4", "mov"}})
		if _, err := json.Marshal(info); err != nil {
			t.Fatal(err)
		}
		for _, v := range info.Video {
			v.DisplaySize()
		}
	})
}
