package media

import (
	"fmt"
	"slices"
	"strings"
)

// qcGraph is the one filter graph of a QC run, with the labels that leave it.
func qcGraph(info Info, rules QCRules) (graph string, outputs []string) {
	var chains []string
	if len(info.Video) > 0 && info.Video[0].Width > 0 {
		chains = append(chains, qcPicture(info.Video[0], rules)+"[v]")
		outputs = append(outputs, "[v]")
	}
	p := programmeOf(info.Audio)
	var mix []string
	for i, a := range info.Audio {
		if a.Channels == 0 || a.SampleRate == 0 {
			continue
		}
		label := fmt.Sprintf("[t%d]", i)
		chains = append(chains, fmt.Sprintf("[0:%d]astats@t%d=measure_perchannel=Peak_level:measure_overall=Number_of_samples%s", a.Index, i, label))
		if slices.Contains(p.tracks, i) {
			mix = append(mix, label)
		} else {
			chains = append(chains, label+"anullsink")
		}
	}
	if len(mix) > 0 {
		silence := fmt.Sprintf("silencedetect@programme=n=%gdB:d=%g", rules.Silence.Level, rules.Silence.shortest(0))
		loudness := "ebur128@programme=peak=true:framelog=verbose"
		if p.channels == 1 {
			loudness += ":dualmono=true" // one track is heard from both speakers
		}
		chains = append(chains, p.chain(mix)+","+silence+","+loudness+"[a]")
		outputs = append(outputs, "[a]")
	}
	return strings.Join(chains, ";"), outputs
}

func qcPicture(v VideoStream, rules QCRules) string {
	frame := parseRate(v.FrameRate).frame()
	filters := []string{"null"}
	if rules.Black.on() {
		filters = append(filters, fmt.Sprintf("blackdetect=d=%g:pic_th=%g:pix_th=%g", rules.Black.shortest(frame), rules.Black.Picture, rules.Black.Pixel))
	}
	if rules.Freeze.on() {
		filters = append(filters, fmt.Sprintf("freezedetect=n=%gdB:d=%g", rules.Freeze.Noise, rules.Freeze.shortest(frame)))
	}
	if rules.Video.ScanMismatch.on() {
		filters = append(filters, "idet")
	}
	return fmt.Sprintf("[0:%d]%s", v.Index, strings.Join(filters, ","))
}

func (r Ranges) on() bool { return r.Warn != nil || r.Fail != nil }

// shortest is the shortest stretch that has to be detected. The filters lose up to two frames at the ends.
func (r Ranges) shortest(frame float64) float64 {
	d := 2.0
	for _, l := range []*Limit{r.Warn, r.Fail} {
		if l == nil {
			continue
		}
		if l.Seconds > 0 {
			d = min(d, l.Seconds)
		}
		if l.Share > 0 {
			d = min(d, 0.5)
		}
	}
	return max(0.04, d-2*frame)
}
