package media

import (
	"bytes"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"math"
	"testing"
)

func want[T comparable](t *testing.T, what string, got, want T) {
	t.Helper()
	if got != want {
		t.Errorf("%s: got %v, want %v", what, got, want)
	}
}

func near(t *testing.T, what string, got, want, within float64) {
	t.Helper()
	if !(math.Abs(got-want) <= within) {
		t.Errorf("%s: got %v, want %v ± %v", what, got, want, within)
	}
}

func unwrapAll(err error) error {
	for next := errors.Unwrap(err); next != nil; next = errors.Unwrap(err) {
		err = next
	}
	return err
}

// hugePNG declares 60000 x 60000 pixels in a few bytes.
func hugePNG(t testing.TB) string {
	var b bytes.Buffer
	b.WriteString("\x89PNG\r\n\x1a\n")
	chunk := func(kind string, data []byte) {
		binary.Write(&b, binary.BigEndian, uint32(len(data)))
		body := append([]byte(kind), data...)
		b.Write(body)
		binary.Write(&b, binary.BigEndian, crc32.ChecksumIEEE(body))
	}
	header := binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(nil, 60000), 60000)
	chunk("IHDR", append(header, 16, 6, 0, 0, 0))
	chunk("IDAT", []byte("\x78\x9c\x03\x00\x00\x00\x00\x01"))
	chunk("IEND", nil)
	return file(t, "huge.png", b.String())
}

// hugeAVI is an AVI of raw pictures whose header says 65000 x 65000.
func hugeAVI(t testing.TB) string {
	small := clip(t, "small.avi", "-f lavfi -i color=s=64x64:r=25:d=0.2 -c:v rawvideo -pix_fmt bgr24")
	data := readFile(t, small)
	size := binary.LittleEndian.AppendUint32(nil, 65000)
	strf := bytes.Index(data, []byte("strf"))
	copy(data[strf+12:], size)
	copy(data[strf+16:], size)
	return file(t, "huge.avi", string(data))
}
