package objectstore

import (
	"mime"
	"path"
	"strings"
)

// media are the types of files of our trade, which the system's table lacks or
// has differently from one machine to the next.
var media = map[string]string{
	".aac":  "audio/aac",
	".ac3":  "audio/ac3",
	".aif":  "audio/aiff",
	".aiff": "audio/aiff",
	".ale":  "text/plain; charset=utf-8",
	".avi":  "video/x-msvideo",
	".dpx":  "image/x-dpx",
	".edl":  "text/plain; charset=utf-8",
	".exr":  "image/x-exr",
	".flac": "audio/flac",
	".json": "application/json",
	".m2ts": "video/mp2t",
	".m3u8": "application/vnd.apple.mpegurl",
	".m4a":  "audio/mp4",
	".m4s":  "video/iso.segment",
	".m4v":  "video/x-m4v",
	".mhl":  "application/xml",
	".mkv":  "video/x-matroska",
	".mov":  "video/quicktime",
	".mp3":  "audio/mpeg",
	".mp4":  "video/mp4",
	".mpd":  "application/dash+xml",
	".mpg":  "video/mpeg",
	".mts":  "video/mp2t",
	".mxf":  "application/mxf",
	".srt":  "application/x-subrip",
	".ts":   "video/mp2t",
	".ttml": "application/ttml+xml",
	".vtt":  "text/vtt; charset=utf-8",
	".wav":  "audio/wav",
	".webm": "video/webm",
	".xml":  "application/xml",
}

// contentType names the type of a file by its extension.
func contentType(name string) string {
	extension := strings.ToLower(path.Ext(name))
	if t, ok := media[extension]; ok {
		return t
	}
	if t := mime.TypeByExtension(extension); t != "" {
		return t
	}
	return "application/octet-stream"
}
