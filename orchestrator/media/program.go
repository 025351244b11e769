package media

import (
	"fmt"
	"slices"
)

// programme says which sound a listener at home would hear.
type programme struct {
	tracks   []int // positions in Info.Audio; two are mono tracks that make a stereo pair
	channels int
	discrete bool // the first two channels of a track whose channels have no layout
}

// programmeOf follows the broadcasters' custom (EBU R 123): tracks 1 and 2 are the stereo mix when all are mono.
func programmeOf(audio []AudioStream) programme {
	playable := func(a AudioStream) bool { return a.Channels > 0 && a.SampleRate > 0 }
	first := slices.IndexFunc(audio, playable)
	if first < 0 {
		return programme{}
	}
	a := audio[first]
	switch {
	case a.Channels == 1 && first+1 < len(audio) && audio[first+1].Channels == 1 && playable(audio[first+1]):
		return programme{tracks: []int{first, first + 1}, channels: 2}
	case a.Channels > 2 && a.Layout == "":
		return programme{tracks: []int{first}, channels: 2, discrete: true}
	}
	return programme{tracks: []int{first}, channels: a.Channels}
}

// chain is the filter graph that makes the programme sound of the labelled tracks ("[t0]"), without an output label.
func (p programme) chain(labels []string) string {
	switch {
	case len(p.tracks) == 2:
		return fmt.Sprintf("%saformat=channel_layouts=mono[l];%saformat=channel_layouts=mono[r];[l][r]join=inputs=2:channel_layout=stereo", labels[0], labels[1])
	case p.discrete:
		return labels[0] + "pan=stereo|c0=c0|c1=c1"
	}
	return labels[0] + "anull"
}
