package media

import (
	"fmt"
	"math"
	"regexp"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

var anyVideo = rapid.Custom(func(t *rapid.T) VideoStream {
	return VideoStream{
		Width: rapid.IntRange(2, 8192).Draw(t, "width"), Height: rapid.IntRange(2, 8192).Draw(t, "height"),
		FrameRate:    rapid.SampledFrom([]string{"25/1", "24000/1001", "50/1", "60000/1001", "120/1", "15/1", "30000/1001", ""}).Draw(t, "rate"),
		Scan:         rapid.SampledFrom([]string{"progressive", "tff", "bff", "unknown"}).Draw(t, "scan"),
		Rotation:     rapid.SampledFrom([]int{0, 90, 180, 270}).Draw(t, "rotation"),
		SampleAspect: rapid.SampledFrom([]string{"1:1", "64:45", "0:1", ""}).Draw(t, "aspect"),
	}
})

func TestOutSizeFitsAndIsEven(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		v := anyVideo.Draw(t, "video")
		box := Box{Width: 960, Height: 540}
		s, w0, h0 := outSize(v, &box), 0, 0
		w0, h0 = v.DisplaySize()
		if s.width%2 != 0 || s.height%2 != 0 {
			t.Fatalf("odd: %+v", s)
		}
		if max(s.width, s.height) > 960 || min(s.width, s.height) > 540 || s.width > max(2, w0) || s.height > max(2, h0) {
			t.Fatalf("%dx%d became %+v", w0, h0, s)
		}
	})
}

func TestLadderNeverEnlargesNorRepeats(t *testing.T) {
	h := *profile(t, "hls-ladder").HLS
	rapid.Check(t, func(t *rapid.T) {
		v := anyVideo.Draw(t, "video")
		w, ht := v.DisplaySize()
		steps := ladder(v, h)
		if len(steps) == 0 || len(steps) > h.MaxRungs {
			t.Fatalf("%d rungs", len(steps))
		}
		for i, s := range steps {
			if s.width > max(2, w) || s.height > max(2, ht) || s.bitRate <= 0 && min(w, ht) > 16 {
				t.Fatalf("%dx%d became %+v", w, ht, s)
			}
			if i > 0 && (s.folder() == steps[i-1].folder() || s.bitRate >= steps[i-1].bitRate) {
				t.Fatalf("%+v after %+v", s, steps[i-1])
			}
		}
	})
}

var label = regexp.MustCompile(`\[[a-z]\w*\]`)

// Each label inside a filter graph is made once and used once, or ffmpeg refuses it.
func TestGraphsAreWhole(t *testing.T) {
	every := outputs(t, shipped...)
	all := rules(t, "broadcast")
	rapid.Check(t, func(t *rapid.T) {
		v := anyVideo.Draw(t, "video")
		v.Width, v.Height = max(v.Width, 512), max(v.Height, 512)
		info := Info{Video: []VideoStream{v}}
		for i := range rapid.IntRange(0, 9).Draw(t, "tracks") {
			info.Audio = append(info.Audio, AudioStream{
				Index: i + 1, SampleRate: 48000, Channels: rapid.IntRange(0, 8).Draw(t, "channels"),
				Layout: rapid.SampledFrom([]string{"", "5.1"}).Draw(t, "layout"),
			})
		}
		var some []Output
		for _, o := range every {
			if rapid.Bool().Draw(t, o.Profile.Name) {
				o.Name = o.Profile.Name
				some = append(some, o)
			}
		}
		p, err := makePlan(info, some, 2)
		if err != nil {
			t.Fatal(err)
		}
		balanced(t, strings.Join(p.graph, ";")+" "+strings.Join(p.args, " "))
		graph, outs := qcGraph(info, all)
		balanced(t, graph+" "+strings.Join(outs, " "))
	})
}

func balanced(t *rapid.T, text string) {
	count := map[string]int{}
	for _, l := range label.FindAllString(text, -1) {
		count[l]++
	}
	for l, n := range count {
		if n != 2 {
			t.Fatalf("%s is there %d times: %s", l, n, text)
		}
	}
}

func TestTimecodeCounts(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		base := rapid.SampledFrom([]int64{30, 60}).Draw(t, "base")
		r := fmt.Sprintf("%d/1001", base*1000)
		n := rapid.Int64Range(0, 3*3600*base).Draw(t, "frame")
		at := func(n int64) string { return TimecodeAt("00:00:00;00", r, float64(n)*1001/float64(base*1000)) }
		part, drop, ok := readTimecode(at(n), parseRate(r))
		if !ok || !drop || toFrames(part, base, true) != n {
			t.Fatalf("frame %d is %s", n, at(n))
		}
		if part[2] == 0 && part[3] < dropped(base) && part[1]%10 != 0 {
			t.Fatalf("%s is a number that drop-frame leaves out", at(n))
		}
		// Drop-frame keeps with the clock within two frames and a bit at any time.
		clock := float64((part[0]*60+part[1])*60+part[2]) + float64(part[3])/float64(base)
		if math.Abs(clock-float64(n)*1001/float64(base*1000)) > 0.1 {
			t.Fatalf("%s is off the clock", at(n))
		}
	})
}
