package sftp

import (
	"bytes"
	"encoding/binary"
	"io"
	"testing"
)

func str(s string) []byte {
	return append(binary.BigEndian.AppendUint32(nil, uint32(len(s))), s...)
}

func version(pairs ...string) []byte {
	body := binary.BigEndian.AppendUint32(nil, 3)
	for _, s := range pairs {
		body = append(body, str(s)...)
	}
	return frame(packetVersion, body)
}

func limits(values ...uint64) []byte {
	body := binary.BigEndian.AppendUint32(nil, 0)
	for _, v := range values {
		body = binary.BigEndian.AppendUint64(body, v)
	}
	return frame(packetExtendedReply, body)
}

type discard struct{ bytes.Buffer }

func (*discard) Close() error { return nil }

func TestGreet(t *testing.T) {
	known := version("fsync@openssh.com", "1", limitsExtension, "1")
	for name, test := range map[string]struct {
		server  []byte
		payload int
	}{
		"no extensions":        {version(), 32 << 10},
		"other extensions":     {version("fsync@openssh.com", "1"), 32 << 10},
		"OpenSSH":              {append(known, limits(256<<10, 255<<10, 255<<10, 100)...), 255 << 10},
		"a careful server":     {append(known, limits(34000, 32768, 16384, 10)...), 16384},
		"small packets":        {append(known, limits(9000, 1<<30, 1<<30, 10)...), 9000 - 1024},
		"a boastful server":    {append(known, limits(1<<40, 1<<40, 1<<40, 10)...), 255 << 10},
		"nothing is specified": {append(known, limits(0, 0, 0, 0)...), 32 << 10},
		"a refusal":            {append(known, frame(101, make([]byte, 16))...), 32 << 10},
	} {
		var sent discard
		payload, r, w, err := greet(bytes.NewReader(test.server), &sent)
		if err != nil || payload != test.payload {
			t.Errorf("%s: %d, %v; want %d", name, payload, err, test.payload)
			continue
		}
		// The library greets once more: its greeting goes nowhere, and it sees the answer.
		sent.Reset()
		for _, b := range append(frame(packetInit, []byte{0, 0, 0, 3}), "next"...) {
			if _, err := w.Write([]byte{b}); err != nil {
				t.Fatal(err)
			}
		}
		if sent.String() != "next" {
			t.Errorf("%s: %q was sent after the greeting", name, sent.String())
		}
		if got, err := readFrame(r); err != nil || got[0] != packetVersion {
			t.Errorf("%s: the library sees %q, %v", name, got, err)
		}
	}
}

// FuzzGreet proves that no answer makes us panic, or ask for more than the
// library can take.
func FuzzGreet(f *testing.F) {
	f.Add(version())
	f.Add(append(version(limitsExtension, "1"), limits(1, 2, 3, 4)...))
	f.Add([]byte("This account is currently not available.\n"))
	f.Add([]byte{0, 0, 0, 0})
	f.Add(frame(packetVersion, []byte{0, 0, 0, 3, 255, 255, 255, 255}))
	f.Fuzz(func(t *testing.T, server []byte) {
		payload, r, _, err := greet(bytes.NewReader(server), &discard{})
		if err != nil {
			return
		}
		if payload < 1 || payload > mostPayload {
			t.Errorf("payload %d", payload)
		}
		if _, err := io.Copy(io.Discard, r); err != nil {
			t.Error(err)
		}
	})
}
