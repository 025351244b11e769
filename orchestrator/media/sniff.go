package media

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"unicode/utf8"
)

// Format is a file format as its first bytes tell it.
type Format struct {
	Name    string // how this package calls it: mp4, mov, mxf, mpegts, matroska, wav, …
	Demuxer string // the ffmpeg demuxer that is forced upon it
}

// sniffBytes covers the longest run-in that an MXF file may have (SMPTE ST 377-1: 64 KiB).
const sniffBytes = 64<<10 + 16

// Sniff finds the format of a file by its content; its name plays no part. Errors are of kind
// [ErrEmpty], [ErrUnreadable] (no format that we know) and [ErrUnsupported] (a playlist or a text
// that would make ffmpeg open other files).
func Sniff(path string) (Format, error) {
	st, err := os.Stat(path)
	if err != nil {
		return Format{}, err
	}
	if !st.Mode().IsRegular() {
		return Format{}, fail(ErrUnsupported, fmt.Sprintf("%s is not a regular file", st.Mode().Type()))
	}
	if st.Size() == 0 {
		return Format{}, fail(ErrEmpty, "it has 0 bytes: send it again")
	}
	f, err := os.Open(path)
	if err != nil {
		return Format{}, err
	}
	defer f.Close()
	head := make([]byte, sniffBytes)
	n, err := io.ReadFull(f, head)
	if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) {
		return Format{}, err
	}
	return sniffHead(head[:n])
}

func sniffHead(head []byte) (Format, error) {
	if what := textKind(head); what != "" {
		return Format{}, fail(ErrUnsupported, "it looks like "+what+", not like media: send the media file itself")
	}
	for _, s := range signatures {
		if s.matches(head) {
			return s.Format, nil
		}
	}
	if len(bytes.Trim(head, "\x00")) == 0 {
		return Format{}, fail(ErrUnreadable, "it begins with zeros only: the recording was not written, or not wholly copied")
	}
	return Format{}, fail(ErrUnreadable, fmt.Sprintf("its first bytes (% x) are of no media format that is known here", head[:min(8, len(head))]))
}

// textKind names the text format that head is, or "" for binary data.
func textKind(head []byte) string {
	text := bytes.TrimLeft(bytes.TrimPrefix(head, []byte("\xef\xbb\xbf")), " \t\r\n\x00")
	if len(text) > 1024 {
		text = text[:1024]
	}
	lower := strings.ToLower(string(text))
	switch {
	case strings.HasPrefix(lower, "#extm3u"):
		return "an HLS playlist"
	case strings.HasPrefix(lower, "ffconcat"), strings.HasPrefix(lower, "file '"), strings.HasPrefix(lower, "file /"):
		return "an ffmpeg concat script"
	case strings.HasPrefix(lower, "<") && strings.Contains(lower, "<mpd"):
		return "a DASH manifest"
	case strings.HasPrefix(lower, "<") && strings.Contains(lower, "<smoothstreamingmedia"):
		return "a Smooth Streaming manifest"
	case strings.HasPrefix(lower, "v=0") && strings.Contains(lower, "\no="):
		return "an SDP description"
	case strings.HasPrefix(lower, "["), strings.HasPrefix(lower, "<"), strings.HasPrefix(lower, "#"):
		if isText(head) {
			return "a text document"
		}
	}
	if isText(head) {
		return "plain text"
	}
	return ""
}

func isText(head []byte) bool {
	head = head[:min(len(head), 1024)]
	for cut := 0; cut < utf8.UTFMax && len(head) > 0 && !utf8.Valid(head); cut++ {
		head = head[:len(head)-1]
	}
	return len(head) > 0 && utf8.Valid(head) && !bytes.ContainsFunc(head, func(r rune) bool {
		return r < 0x20 && r != '\n' && r != '\r' && r != '\t' && r != '\f'
	})
}
