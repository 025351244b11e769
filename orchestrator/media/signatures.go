package media

import (
	"bytes"
	"slices"
)

type signature struct {
	Format
	matches func(head []byte) bool
}

// signatures are tried in order; the first that matches decides.
var signatures = []signature{
	{Format{"mov", "mov"}, func(h []byte) bool { return boxIs(h, "ftyp") && at(h, 8, "qt  ") }},
	{Format{"mp4", "mov"}, func(h []byte) bool { return boxIs(h, "ftyp", "styp", "moof", "sidx") }},
	{Format{"mov", "mov"}, func(h []byte) bool { return boxIs(h, "moov", "mdat", "wide", "free", "skip", "pnot") }},
	{Format{"mxf", "mxf"}, isMXF},
	{Format{"mpegts", "mpegts"}, isTransportStream},
	{Format{"webm", "matroska"}, func(h []byte) bool { return isEBML(h) && bytes.Contains(h[:min(64, len(h))], []byte("webm")) }},
	{Format{"matroska", "matroska"}, isEBML},
	{Format{"wav", "wav"}, func(h []byte) bool {
		return (at(h, 0, "RIFF") || at(h, 0, "RF64") || at(h, 0, "BW64")) && at(h, 8, "WAVE")
	}},
	{Format{"w64", "w64"}, prefix("riff\x2e\x91\xcf\x11")},
	{Format{"avi", "avi"}, func(h []byte) bool { return at(h, 0, "RIFF") && at(h, 8, "AVI") }},
	{Format{"mpegps", "mpeg"}, prefix("\x00\x00\x01\xba")},
	{Format{"mpegvideo", "mpegvideo"}, prefix("\x00\x00\x01\xb3")},
	{Format{"gxf", "gxf"}, prefix("\x00\x00\x00\x00\x01\xbc")},
	{Format{"flv", "flv"}, prefix("FLV\x01")},
	{Format{"aiff", "aiff"}, func(h []byte) bool { return at(h, 0, "FORM") && (at(h, 8, "AIFF") || at(h, 8, "AIFC")) }},
	{Format{"flac", "flac"}, prefix("fLaC")},
	{Format{"ogg", "ogg"}, prefix("OggS")},
	{Format{"asf", "asf"}, prefix("\x30\x26\xb2\x75\x8e\x66\xcf\x11")},
	{Format{"dv", "dv"}, prefix("\x1f\x07\x00")},
	{Format{"ac3", "ac3"}, prefix("\x0b\x77")},
	{Format{"png", "png_pipe"}, prefix("\x89PNG\r\n\x1a\n")},
	{Format{"jpeg", "jpeg_pipe"}, prefix("\xff\xd8\xff")},
	{Format{"tiff", "tiff_pipe"}, func(h []byte) bool { return at(h, 0, "II*\x00") || at(h, 0, "MM\x00*") }},
	{Format{"dpx", "dpx_pipe"}, func(h []byte) bool { return at(h, 0, "SDPX") || at(h, 0, "XPDS") }},
	{Format{"exr", "exr_pipe"}, prefix("\x76\x2f\x31\x01")},
	{Format{"flac", "flac"}, func(h []byte) bool { return at(afterID3(h), 0, "fLaC") }},
	{Format{"aac", "aac"}, func(h []byte) bool { return isADTS(afterID3(h)) }},
	{Format{"mp3", "mp3"}, func(h []byte) bool { return at(h, 0, "ID3") || isMPEGAudio(h) }},
}

func prefix(magic string) func([]byte) bool {
	return func(h []byte) bool { return at(h, 0, magic) }
}

func at(h []byte, offset int, magic string) bool {
	return len(h) >= offset+len(magic) && string(h[offset:offset+len(magic)]) == magic
}

func boxIs(h []byte, types ...string) bool {
	return len(h) >= 8 && slices.Contains(types, string(h[4:8]))
}

func isEBML(h []byte) bool { return at(h, 0, "\x1a\x45\xdf\xa3") }

// isMXF looks for a header partition pack, which a run-in of less than 64 KiB may precede.
func isMXF(h []byte) bool {
	i := bytes.Index(h, []byte("\x06\x0e\x2b\x34\x02\x05\x01\x01\x0d\x01\x02\x01\x01\x02"))
	return i >= 0 && i < 64<<10
}

// isTransportStream wants three sync bytes in step: packets of 188 bytes, 192 (with time stamps) or 204 (with
// Reed-Solomon); the first packet may be cut.
func isTransportStream(h []byte) bool {
	for _, step := range []int{188, 192, 204} {
		for start := 0; start < step && start+2*step < len(h); start++ {
			if h[start] == 0x47 && h[start+step] == 0x47 && h[start+2*step] == 0x47 {
				return true
			}
		}
	}
	return false
}

func isADTS(h []byte) bool { return len(h) >= 2 && h[0] == 0xff && h[1]&0xf6 == 0xf0 }

func isMPEGAudio(h []byte) bool {
	return len(h) >= 4 && h[0] == 0xff && h[1]&0xe0 == 0xe0 && h[1]&0x18 != 0x08 && h[1]&0x06 != 0 && h[2]&0xf0 != 0xf0
}

// afterID3 skips an ID3v2 tag, when it ends within head.
func afterID3(h []byte) []byte {
	if !at(h, 0, "ID3") || len(h) < 10 {
		return h
	}
	size := int(h[6]&0x7f)<<21 | int(h[7]&0x7f)<<14 | int(h[8]&0x7f)<<7 | int(h[9]&0x7f)
	return h[min(len(h), 10+size):]
}
