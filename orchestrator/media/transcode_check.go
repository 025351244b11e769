package media

import (
	"context"
	"fmt"
	"math"
	"os"
	"path"
	"path/filepath"
)

// finish checks one output in the scratch folder and describes it.
func (t *Tools) finish(ctx context.Context, scratch string, o Output, src Info, p *plan) (Result, error) {
	if o.Profile.Kind == KindHLS {
		return t.finishHLS(ctx, scratch, o, src, p.steps[o.Name])
	}
	r := Result{Profile: o.Profile.Name, Kind: KindFile, Main: o.file(), Warnings: colourWarnings(src, o.Profile)}
	var err error
	if r.Files, err = o.files(scratch); err != nil {
		return Result{}, err
	}
	if r.Info, err = t.Probe(ctx, filepath.Join(scratch, o.file())); err != nil {
		return Result{}, outputError(err)
	}
	return r, checkOutput(src, r.Info, o.Profile)
}

func (t *Tools) finishHLS(ctx context.Context, scratch string, o Output, src Info, steps []step) (Result, error) {
	r := Result{Profile: o.Profile.Name, Kind: KindHLS, Main: path.Join(o.Name, masterName), Warnings: colourWarnings(src, o.Profile)}
	root := filepath.Join(scratch, o.Name)
	var variants []variant
	for _, s := range steps {
		info, list, err := t.probeRendition(ctx, root, s.folder())
		if err != nil {
			return Result{}, err
		}
		if len(info.Video) != 1 || info.Video[0].Width != s.width || info.Video[0].Height != s.height {
			return Result{}, fail(ErrOutput, fmt.Sprintf("rung %s has not the size %dx%d", s.folder(), s.width, s.height))
		}
		if err := checkDuration(src, info); err != nil {
			return Result{}, err
		}
		variants = append(variants, variant{step: s, mediaList: list, frameRate: info.Video[0].FPS})
		if len(variants) == 1 {
			r.Info = info
		}
	}
	var sound *mediaList
	if len(programmeOf(src.Audio).tracks) > 0 {
		info, list, err := t.probeRendition(ctx, root, audioFolder)
		if err != nil {
			return Result{}, err
		}
		r.Info.Audio = info.Audio
		sound = &list
	}
	master := masterPlaylist(variants, sound, soundLanguage(src))
	if err := os.WriteFile(filepath.Join(root, masterName), []byte(master), 0o644); err != nil {
		return Result{}, err
	}
	var err error
	if r.Files, err = o.files(scratch); err != nil {
		return Result{}, err
	}
	r.Info.Container, r.Info.Size = KindHLS, 0
	for _, f := range r.Files {
		r.Info.Size += f.Size
	}
	return r, nil
}

// probeRendition reads one media playlist of a ladder, and probes what it plays.
func (t *Tools) probeRendition(ctx context.Context, root, folder string) (Info, mediaList, error) {
	list, err := readMediaList(filepath.Join(root, folder))
	if err != nil {
		return Info{}, mediaList{}, err
	}
	in := input{
		Format: Format{Name: KindHLS, Demuxer: "hls"}, mount: filepath.Join(root, folder), inner: playlistName,
		flags: []string{"-allowed_extensions", "m4s,mp4,m3u8"}, size: list.bytes,
	}
	info, err := t.probe(ctx, in)
	if err != nil {
		return Info{}, mediaList{}, outputError(err)
	}
	info.Duration = list.duration
	return info, list, nil
}

// outputError makes a failed probe of an output what it is: not a fault of the source's file.
func outputError(err error) error {
	switch KindOf(err) {
	case "empty", "unreadable", "unsupported":
		return fail(ErrOutput, "ffmpeg made a file that cannot be read: "+err.Error())
	}
	return err
}

func checkOutput(src, got Info, p Profile) error {
	if len(got.Video) != 1 {
		return fail(ErrOutput, fmt.Sprintf("it has %d picture tracks, and should have one", len(got.Video)))
	}
	tracks := len(src.Audio)
	if p.Audio.Mix == mixStereo {
		tracks = min(tracks, 1)
	}
	if len(got.Audio) != tracks {
		return fail(ErrOutput, fmt.Sprintf("it has %d sound tracks, and should have %d", len(got.Audio), tracks))
	}
	if tc := keptTimecode(src, p, parseRate(got.Video[0].FrameRate)); tc != "" && got.Timecode != tc {
		return fail(ErrOutput, fmt.Sprintf("its timecode is %q, and should be %q", got.Timecode, tc))
	}
	return checkDuration(src, got)
}

// checkDuration compares the pictures: they must end together within two frames, or a tenth of a second.
func checkDuration(src, got Info) error {
	declared := src.Video[0].end(src.Duration)
	made := got.Video[0].end(got.Duration)
	frame := math.Max(parseRate(src.Video[0].FrameRate).frame(), parseRate(got.Video[0].FrameRate).frame())
	if declared > 0 && math.Abs(made-declared) > math.Max(0.1, 2*frame) {
		return fail(ErrOutput, fmt.Sprintf("it lasts %.2f s, and the source says %.2f s: the source may be cut off or damaged; run the QC", made, declared))
	}
	return nil
}

func colourWarnings(src Info, p Profile) []string {
	if src.Video[0].Colour.HDR() && pixelDepth(p.Video.PixelFormat) == 8 {
		return []string{"the source is HDR; this rendition of 8 bits is not tone-mapped and looks flat on an SDR screen"}
	}
	return nil
}

func soundLanguage(src Info) string {
	if p := programmeOf(src.Audio); len(p.tracks) > 0 {
		return src.Audio[p.tracks[0]].Language
	}
	return ""
}
