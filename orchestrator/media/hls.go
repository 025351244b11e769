package media

import (
	"bufio"
	"bytes"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// mediaList is what the master playlist has to say about a rendition.
type mediaList struct {
	duration float64 // seconds
	peak     int64   // bits per second of the worst segment
	average  int64   // bits per second
	bytes    int64
	codec    string // RFC 6381
}

// variant is one rung as the master playlist names it.
type variant struct {
	step
	mediaList
	frameRate float64
}

// readMediaList measures the segments that folder/index.m3u8 names. The playlist was written inside the sandbox, so it
// may name files of its own folder only.
func readMediaList(folder string) (mediaList, error) {
	root, err := os.OpenRoot(folder)
	if err != nil {
		return mediaList{}, err
	}
	defer root.Close()
	text, err := root.ReadFile(playlistName)
	if err != nil {
		return mediaList{}, fail(ErrOutput, "the playlist is missing: "+err.Error())
	}
	var l mediaList
	var length float64
	lines := bufio.NewScanner(bytes.NewReader(text))
	for lines.Scan() {
		line := lines.Text()
		if value, ok := strings.CutPrefix(line, "#EXTINF:"); ok {
			number, _, _ := strings.Cut(value, ",")
			if length, err = strconv.ParseFloat(number, 64); err != nil || !(length > 0 && length < 1e6) {
				return mediaList{}, fail(ErrOutput, "the playlist has a segment without a length")
			}
			continue
		}
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		st, err := root.Stat(line)
		if err != nil || !st.Mode().IsRegular() || filepath.Base(line) != line || length == 0 {
			return mediaList{}, fail(ErrOutput, fmt.Sprintf("segment %q of the playlist is missing", line))
		}
		l.bytes += st.Size()
		l.duration += length
		// A last segment of a few frames says nothing about the rate that a player has to bear.
		if length >= 0.5 || l.peak == 0 {
			l.peak = max(l.peak, int64(math.Ceil(float64(8*st.Size())/length)))
		}
	}
	if l.duration == 0 || !bytes.Contains(text, []byte("#EXT-X-ENDLIST")) {
		return mediaList{}, fail(ErrOutput, "the playlist is not complete")
	}
	l.average = int64(math.Ceil(float64(8*l.bytes) / l.duration))
	l.peak = max(l.peak, l.average)
	if init, err := root.ReadFile("init.mp4"); err == nil {
		l.codec = codecString(init)
	}
	return l, nil
}

// codecString finds the codec of an initialisation segment, as RFC 6381 writes it.
func codecString(init []byte) string {
	if i := bytes.Index(init, []byte("avcC")); i >= 0 && i+8 <= len(init) {
		return fmt.Sprintf("avc1.%02x%02x%02x", init[i+5], init[i+6], init[i+7]) // profile, constraints, level
	}
	if bytes.Contains(init, []byte("mp4a")) {
		return "mp4a.40.2" // AAC-LC is all that is made
	}
	return ""
}

// masterPlaylist is an RFC 8216 master playlist; sound is nil for a clip without, language "" where it is not known.
func masterPlaylist(variants []variant, sound *mediaList, language string) string {
	var b strings.Builder
	b.WriteString("#EXTM3U\n#EXT-X-VERSION:7\n#EXT-X-INDEPENDENT-SEGMENTS\n")
	group, codec := "", ""
	var peak, average int64
	if sound != nil {
		if language != "" {
			language = fmt.Sprintf(",LANGUAGE=%q", language)
		}
		fmt.Fprintf(&b, "#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID=\"audio\",NAME=\"Main\"%s,DEFAULT=YES,AUTOSELECT=YES,CHANNELS=\"2\",URI=\"%s/%s\"\n", language, audioFolder, playlistName)
		group, codec = ",AUDIO=\"audio\"", ","+sound.codec
		peak, average = sound.peak, sound.average
	}
	for _, v := range variants {
		fmt.Fprintf(&b, "#EXT-X-STREAM-INF:BANDWIDTH=%d,AVERAGE-BANDWIDTH=%d,CODECS=\"%s%s\",RESOLUTION=%dx%d,FRAME-RATE=%.3f%s\n%s/%s\n",
			v.peak+peak, v.average+average, v.codec, codec, v.width, v.height, v.frameRate, group, v.folder(), playlistName)
	}
	return b.String()
}
