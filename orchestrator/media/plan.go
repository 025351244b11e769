package media

import (
	"fmt"
	"slices"
	"strings"
)

// Output is one rendition that is wanted: by a profile, under a name. The result is <Name>.<container>, or a folder
// <Name> with master.m3u8 in it.
type Output struct {
	Profile Profile
	Name    string // letters, digits, dot, dash, underscore; "" is the profile's name
}

// plan is the ffmpeg run that makes all outputs. All paths are below the scratch folder.
type plan struct {
	graph   []string // chains of the filter graph
	args    []string // all that comes after it
	folders []string // to be made before
	steps   map[string][]step
}

// makePlan decides what ffmpeg has to do. It is pure.
func makePlan(info Info, outputs []Output, threads int) (*plan, error) {
	if len(info.Video) == 0 || info.Video[0].Width == 0 {
		return nil, fail(ErrUnsupported, "there is no picture to make renditions of")
	}
	p := &plan{steps: map[string][]step{}}
	b := &builder{plan: p, info: info, video: info.Video[0], threads: fmt.Sprint(max(1, threads))}
	var names []string
	for i, o := range outputs {
		if slices.Contains(names, o.Name) {
			return nil, fail(ErrUnsupported, fmt.Sprintf("two outputs have the name %q", o.Name))
		}
		names = append(names, o.Name)
		if err := b.add(fmt.Sprintf("o%d", i), o); err != nil {
			return nil, fmt.Errorf("%s: %w", o.Name, err)
		}
	}
	b.join()
	return p, nil
}

type builder struct {
	*plan
	info      Info
	video     VideoStream
	threads   string
	fields    []string // chains that take the pictures as they are; each begins where its input label belongs
	frames    []string // chains that take whole frames
	listeners []string // labels that want the programme sound
}

func (b *builder) add(id string, o Output) error {
	e := encoders[o.Profile.Video.Codec]
	s := outSize(b.video, o.Profile.Video.Fit)
	if s.width < e.minWidth || s.height < e.minHeight {
		return fail(ErrUnsupported, fmt.Sprintf("%s needs a picture of at least %dx%d; this is %dx%d", o.Profile.Video.Codec, e.minWidth, e.minHeight, s.width, s.height))
	}
	if o.Profile.Kind == KindHLS {
		b.addHLS(id, o)
		return nil
	}
	r := b.picture(id, o.Profile.Video, s, o.Profile.Container)
	b.args = append(b.args, "-map", "["+id+"]")
	b.args = append(b.args, b.sound(id, o.Profile.Audio)...)
	b.args = append(b.args, b.encode(o.Profile.Video, r)...)
	for _, f := range o.Profile.Flags {
		b.args = append(b.args, muxerFlags[f]...)
	}
	if tc := keptTimecode(b.info, o.Profile, r); tc != "" {
		b.args = append(b.args, "-timecode", tc)
	}
	b.args = append(b.args, "-map_metadata", "-1", "-map_chapters", "-1", "-f", o.Profile.Container, o.file())
	return nil
}

func (o Output) file() string { return o.Name + "." + o.Profile.Container }

// picture adds the chain that ends in [id], and returns its frame rate.
func (b *builder) picture(id string, v VideoOut, s size, container string) rate {
	r := outRate(b.video, v.MaxFrameRate, container)
	keep := v.Scan == scanKeep && b.video.Interlaced()
	filters := []string{fmt.Sprintf("fps=%s:start_time=0", r)}
	scale := fmt.Sprintf("scale=%d:%d:flags=bicubic", s.width, s.height)
	if keep {
		scale += ":interl=1"
	}
	filters = append(filters, scale)
	if s.square {
		filters = append(filters, "setsar=1")
	} else if s.width%2 != 0 || s.height%2 != 0 {
		filters = append(filters, "pad=ceil(iw/2)*2:ceil(ih/2)*2")
	}
	filters = append(filters, "format="+v.PixelFormat)
	switch {
	case keep:
		filters = append(filters, "setfield="+b.video.Scan)
	case b.video.Interlaced():
		filters = append(filters, "setfield=prog")
	}
	chain := strings.Join(filters, ",") + "[" + id + "]"
	if keep {
		b.fields = append(b.fields, chain)
	} else {
		b.frames = append(b.frames, chain)
	}
	return r
}

func (b *builder) encode(v VideoOut, r rate) []string {
	keep := v.Scan == scanKeep && b.video.Interlaced()
	return append(encoders[v.Codec].args(v, r, keep), "-threads:v", b.threads)
}

// sound gives the options for the sound of one output file.
func (b *builder) sound(id string, a AudioOut) []string {
	var args []string
	var languages []string
	if a.Mix == mixStereo {
		p := programmeOf(b.info.Audio)
		if len(p.tracks) == 0 {
			return []string{"-an"}
		}
		label := "[" + id + "a]"
		b.listeners = append(b.listeners, fmt.Sprintf("aresample=%d:async=1:first_pts=0,aformat=channel_layouts=stereo%s", a.SampleRate, label))
		args = append(args, "-map", label)
		languages = []string{b.info.Audio[p.tracks[0]].Language}
	} else {
		for _, s := range b.info.Audio {
			if s.Channels > 0 && s.SampleRate > 0 {
				args = append(args, "-map", fmt.Sprintf("0:%d", s.Index))
				languages = append(languages, s.Language)
			}
		}
		if len(languages) == 0 {
			return []string{"-an"}
		}
		// The output has no way to start a track later, so that it is filled with silence.
		args = append(args, "-filter:a", fmt.Sprintf("aresample=%d:async=1:first_pts=0", a.SampleRate))
	}
	args = append(args, "-c:a", audioEncoders[a.Codec], "-ar", fmt.Sprint(a.SampleRate))
	if a.Codec == "aac" {
		args = append(args, "-b:a", fmt.Sprint(int64(a.BitRate)))
	}
	for i, l := range languages {
		if l != "" {
			args = append(args, fmt.Sprintf("-metadata:s:a:%d", i), "language="+l)
		}
	}
	return args
}

// join connects the source with all chains: one decode, one deinterlacing.
func (b *builder) join() {
	source := fmt.Sprintf("[0:%d]", b.video.Index)
	frames := ""
	if b.video.Interlaced() {
		frames = fmt.Sprintf("bwdif=mode=send_frame:parity=%s:deint=all,", b.video.Scan)
	} else if b.video.Scan == "unknown" {
		frames = "bwdif=mode=send_frame:parity=auto:deint=interlaced,"
	}
	heads := b.split(source, "split", "s", len(b.fields)+min(1, len(b.frames)))
	for i, chain := range b.fields {
		b.graph = append(b.graph, heads[i]+chain)
	}
	if len(b.frames) > 0 {
		last := heads[len(heads)-1] + frames
		for i, head := range b.split(last, "split", "p", len(b.frames)) {
			b.graph = append(b.graph, head+b.frames[i])
		}
	}
	if len(b.listeners) > 0 {
		p := programmeOf(b.info.Audio)
		var labels []string
		for _, t := range p.tracks {
			labels = append(labels, fmt.Sprintf("[0:%d]", b.info.Audio[t].Index))
		}
		for i, head := range b.split(p.chain(labels)+",", "asplit", "m", len(b.listeners)) {
			b.graph = append(b.graph, head+b.listeners[i])
		}
	}
}

// split gives n places to go on from; from is a label, or a chain that ends in a comma.
func (b *builder) split(from, filter, prefix string, n int) []string {
	if n == 1 {
		return []string{from}
	}
	var labels []string
	for i := range n {
		labels = append(labels, fmt.Sprintf("[%s%d]", prefix, i))
	}
	b.graph = append(b.graph, fmt.Sprintf("%s%s=%d%s", from, filter, n, strings.Join(labels, "")))
	return labels
}
