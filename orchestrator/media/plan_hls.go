package media

import (
	"fmt"
	"path"
)

const (
	playlistName = "index.m3u8"
	masterName   = "master.m3u8"
	audioFolder  = "audio"
)

func (s step) folder() string { return fmt.Sprintf("%dp", min(s.width, s.height)) }

// addHLS adds one picture rendition a rung, and the sound as a rendition of its own, so that it is made once.
func (b *builder) addHLS(id string, o Output) {
	steps := ladder(b.video, *o.Profile.HLS)
	b.steps[o.Name] = steps
	for i, s := range steps {
		v := o.Profile.Video
		v.BitRate = s.bitRate
		v.MaxRate = s.bitRate + s.bitRate/2
		v.GOPSeconds = o.Profile.HLS.SegmentSeconds / 2
		rung := fmt.Sprintf("%sr%d", id, i)
		r := b.picture(rung, v, s.size, "")
		b.args = append(b.args, "-map", "["+rung+"]", "-an")
		b.args = append(b.args, b.encode(v, r)...)
		b.segments(o, s.folder())
	}
	sound := b.sound(id, o.Profile.Audio)
	if sound[0] == "-an" {
		return
	}
	b.args = append(b.args, append(sound, "-vn")...)
	b.segments(o, audioFolder)
}

// segments adds a playlist of fragmented MP4, in a folder of its own.
func (b *builder) segments(o Output, folder string) {
	dir := path.Join(o.Name, folder)
	b.folders = append(b.folders, dir)
	b.args = append(b.args, "-map_metadata", "-1", "-map_chapters", "-1",
		"-f", "hls", "-hls_segment_type", "fmp4", "-hls_time", fmt.Sprintf("%g", o.Profile.HLS.SegmentSeconds),
		"-hls_playlist_type", "vod", "-hls_flags", "independent_segments", "-hls_fmp4_init_filename", "init.mp4",
		"-hls_segment_filename", path.Join(dir, "%05d.m4s"), path.Join(dir, playlistName))
}
