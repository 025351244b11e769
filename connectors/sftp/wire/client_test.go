package wire

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"io/fs"
	"net"
	"testing"
	"time"
)

func greeting(pairs ...string) []byte {
	body := binary.BigEndian.AppendUint32([]byte{0, 0, 0, 0, packetVersion}, 3)
	for _, s := range pairs {
		body = appendString(body, s)
	}
	return frame(body)
}

func limitsOf(values ...uint64) []byte {
	body := request(packetExtendedReply, ours|1, 32)
	for _, v := range values {
		body = binary.BigEndian.AppendUint64(body, v)
	}
	return frame(body)
}

func status(id uint32, code Code, message string) []byte {
	b := binary.BigEndian.AppendUint32(request(packetStatus, id, 0), uint32(code))
	return frame(appendString(appendString(b, message), "en"))
}

// A script answers each request with what its function gives.
type script struct {
	hello  []byte
	answer func(kind byte, id uint32, args []byte) []byte
}

// client connects to a server that follows the script.
func (s script) client(t *testing.T) *Client {
	t.Helper()
	near, far := net.Pipe()
	t.Cleanup(func() { _ = near.Close(); _ = far.Close() })
	go func() {
		if _, err := readPacket(far); err != nil {
			return
		}
		if _, err := far.Write(s.hello); err != nil {
			return
		}
		for {
			p, err := readPacket(far)
			if err != nil || len(p) < 5 {
				return
			}
			if b := s.answer(p[0], binary.BigEndian.Uint32(p[1:]), p[5:]); b != nil {
				if _, err := far.Write(b); err != nil {
					return
				}
			}
		}
	}()
	c, err := New(near, near)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}

func TestLimits(t *testing.T) {
	for name, test := range map[string]struct {
		limits []byte
		read   int
		write  int
	}{
		"OpenSSH":              {limitsOf(256<<10, 255<<10, 255<<10, 100), 255 << 10, 255 << 10},
		"a careful server":     {limitsOf(34000, 32768, 16384, 10), 32768, 16384},
		"small packets":        {limitsOf(9000, 1<<30, 1<<30, 10), 9000 - 1024, 9000 - 1024},
		"a boastful server":    {limitsOf(1<<40, 1<<40, 1<<63, 1<<63), 255 << 10, 255 << 10},
		"nothing is specified": {limitsOf(0, 0, 0, 0), 32 << 10, 32 << 10},
		"half an answer":       {limitsOf(256 << 10), 32 << 10, 32 << 10},
		"a refusal":            {status(ours|1, Unsupported, "no"), 32 << 10, 32 << 10},
	} {
		c := script{greeting("fsync@openssh.com", "1", "limits@openssh.com", "1"), func(byte, uint32, []byte) []byte { return test.limits }}.client(t)
		if l := c.Limits(); l.Read != test.read || l.Write != test.write {
			t.Errorf("%s: %+v; want %d and %d", name, l, test.read, test.write)
		}
		if !c.Can("fsync@openssh.com", "1") || c.Can("fsync@openssh.com", "2") || c.Can("posix-rename@openssh.com", "1") {
			t.Errorf("%s: the extensions are %q", name, c.Extensions())
		}
	}
	plain := script{greeting(), nil}.client(t)
	if l := plain.Limits(); l.Read != 32<<10 || len(plain.Extensions()) != 0 {
		t.Errorf("without extensions: %+v, %q", l, plain.Extensions())
	}
}

// Whatever a server sends in place of an answer ends the client with an error, and
// all calls with it.
func TestGarbledAnswers(t *testing.T) {
	for name, answer := range map[string]func(id uint32) []byte{
		"another kind":          func(id uint32) []byte { return frame(request(packetHandle, id, 0)) },
		"nobody's answer":       func(id uint32) []byte { return status(id+7, OK, "") },
		"a status without code": func(id uint32) []byte { return frame(request(packetStatus, id, 0)) },
		"an empty packet":       func(uint32) []byte { return []byte{0, 0, 0, 0} },
		"an endless packet":     func(uint32) []byte { return []byte{255, 255, 255, 255, packetAttrs, 0, 0, 0, 1} },
		"attributes cut short":  func(id uint32) []byte { return frame(append(request(packetAttrs, id, 8), 0, 0, 0, hasSize, 1)) },
		"a size below zero": func(id uint32) []byte {
			return frame(append(request(packetAttrs, id, 12), 0, 0, 0, hasSize, 255, 0, 0, 0, 0, 0, 0, 0))
		},
		"endless extended pairs": func(id uint32) []byte {
			return frame(append(request(packetAttrs, id, 12), 128, 0, 0, 0, 255, 255, 255, 255))
		},
	} {
		c := script{greeting(), func(_ byte, id uint32, _ []byte) []byte { return answer(id) }}.client(t)
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		_, err := c.Stat(ctx, "clip")
		cancel()
		if err == nil || !errors.Is(err, ErrProtocol) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// read opens a file and asks for 8 bytes, on a server that answers READ so.
func read(t *testing.T, into []byte, answer func(id uint32) []byte) (int, error) {
	t.Helper()
	c := script{greeting(), func(kind byte, id uint32, _ []byte) []byte {
		if kind == packetOpen {
			return frame(appendString(request(packetHandle, id, 0), "h"))
		}
		return answer(id)
	}}.client(t)
	h, err := c.Open(t.Context(), "clip", ForRead)
	if err != nil {
		t.Fatal(err)
	}
	p, err := c.StartRead(t.Context(), h, 0, into, nil)
	if err != nil {
		t.Fatal(err)
	}
	return p.Wait(t.Context())
}

// More data than were asked for are not written over other memory.
func TestMoreDataThanAskedFor(t *testing.T) {
	memory := make([]byte, 9)
	n, err := read(t, memory[:8], func(id uint32) []byte {
		return frame(appendString(request(packetData, id, 0), "123456789"))
	})
	if n != 8 || err != nil || string(memory) != "12345678\x00" {
		t.Errorf("%d bytes, %q, %v", n, memory, err)
	}
}

// A read is never short without an error, and never goes on for ever.
func TestShortReads(t *testing.T) {
	for name, test := range map[string]struct {
		answers []func(id uint32) []byte
		n       int
		err     error
	}{
		"in two answers":  {[]func(uint32) []byte{data("1234"), data("5678")}, 8, nil},
		"the end":         {[]func(uint32) []byte{data("1234"), said(EOF)}, 4, io.EOF},
		"a refusal":       {[]func(uint32) []byte{data("1234"), said(PermissionDenied)}, 4, fs.ErrPermission},
		"nothing":         {[]func(uint32) []byte{data("1234"), data("")}, 4, &Status{}},
		"OK, and no data": {[]func(uint32) []byte{data("1234"), said(OK)}, 4, ErrProtocol},
	} {
		i := 0
		n, err := read(t, make([]byte, 8), func(id uint32) []byte { i++; return test.answers[i-1](id) })
		var status *Status
		if _, refused := test.err.(*Status); n != test.n && err != nil && !errors.Is(err, ErrProtocol) || !errors.Is(err, test.err) && !(refused && errors.As(err, &status)) {
			t.Errorf("%s: %d bytes, %v", name, n, err)
		}
	}
}

func data(s string) func(uint32) []byte {
	return func(id uint32) []byte { return frame(appendString(request(packetData, id, 0), s)) }
}

func said(code Code) func(uint32) []byte {
	return func(id uint32) []byte { return status(id, code, "") }
}

// ends is a channel on which writing ends as SSH's do.
type ends struct {
	net.Conn
	after int
}

func (e *ends) Write(p []byte) (int, error) {
	if e.after--; e.after < 0 {
		return 0, io.EOF
	}
	return e.Conn.Write(p)
}

// A connection that is lost while a request is sent is not the end of a file.
func TestLostIsNoEndOfFile(t *testing.T) {
	near, far := net.Pipe()
	defer far.Close()
	go func() {
		for _, answer := range [][]byte{greeting(), frame(appendString(request(packetHandle, ours|1, 0), "h"))} {
			if _, err := readPacket(far); err != nil {
				return
			}
			if _, err := far.Write(answer); err != nil {
				return
			}
		}
	}()
	c, err := New(near, &ends{near, 2})
	if err != nil {
		t.Fatal(err)
	}
	h, err := c.Open(t.Context(), "clip", ForRead)
	if err != nil {
		t.Fatal(err)
	}
	p, err := c.StartRead(t.Context(), h, 0, make([]byte, 8), nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.Wait(t.Context()); err == nil || IsEnd(err) || errors.Is(err, io.EOF) {
		t.Errorf("%v", err)
	}
}

// Attributes without a size are no empty file.
func TestUntoldAttributes(t *testing.T) {
	c := script{greeting(), func(_ byte, id uint32, _ []byte) []byte {
		return frame(append(request(packetAttrs, id, 8), 0, 0, 0, hasMode, 0, 0, 0x81, 0xa4))
	}}.client(t)
	a, err := c.Stat(t.Context(), "clip")
	if err != nil || a.Size != -1 || !a.Typed || !a.Mode.IsRegular() || !a.ModTime.IsZero() {
		t.Errorf("%+v, %v", a, err)
	}
}

// Requests are sent in the order in which they were started, and those beside the
// library between its packets.
func TestOrder(t *testing.T) {
	offsets := make(chan int64, 200)
	c := script{greeting(), func(kind byte, id uint32, args []byte) []byte {
		switch kind {
		case packetOpen:
			return frame(appendString(request(packetHandle, id, 0), "h"))
		case packetWrite:
			r := reader{rest: args}
			if r.bytes(); len(args) > 4 {
				offsets <- int64(r.uint64())
			}
		}
		return status(id, OK, "")
	}}.client(t)
	h, err := c.Open(t.Context(), "clip", ForWrite)
	if err != nil {
		t.Fatal(err)
	}
	var list []*Pending
	for i := range int64(200) {
		p, err := c.StartWrite(t.Context(), h, i*16, make([]byte, Headroom+16), nil)
		if err != nil {
			t.Fatal(err)
		}
		if list = append(list, p); i%10 == 0 {
			if err := c.Remove(t.Context(), "other"); err != nil {
				t.Fatal(err)
			}
		}
	}
	for i, p := range list {
		if n, err := p.Wait(t.Context()); n != 16 || err != nil {
			t.Fatal(n, err)
		}
		if at := <-offsets; at != int64(i)*16 {
			t.Fatalf("the write number %d went to %d", i, at)
		}
	}
}

func TestStatus(t *testing.T) {
	c := script{greeting(), func(_ byte, id uint32, _ []byte) []byte { return status(id, NoSuchFile, "gone\x1b[2J\n") }}.client(t)
	_, err := c.Stat(t.Context(), "clip")
	if !errors.Is(err, fs.ErrNotExist) || errors.Is(err, io.EOF) || bytes.ContainsAny([]byte(err.Error()), "\x1b\n") {
		t.Errorf("%q", err)
	}
}

// A handle that comes after the caller has gone is given back, once.
func TestLateHandleIsClosed(t *testing.T) {
	asked, release, closed := make(chan struct{}), make(chan struct{}), make(chan string, 2)
	c := script{greeting(), func(kind byte, id uint32, args []byte) []byte {
		if kind == packetClose {
			closed <- string(args[4:])
			return status(id, OK, "")
		}
		close(asked)
		<-release
		return frame(appendString(request(packetHandle, id, 0), "late"))
	}}.client(t)
	ctx, cancel := context.WithCancel(t.Context())
	go func() { <-asked; cancel() }()
	if _, err := c.Open(ctx, "clip", ForRead); !errors.Is(err, context.Canceled) {
		t.Fatalf("open, cancelled: %v", err)
	}
	close(release)
	if h := <-closed; h != "late" {
		t.Errorf("closed %q", h)
	}
}

// FuzzServer proves that no server makes us panic, hang or write where we should
// not.
func FuzzServer(f *testing.F) {
	name := frame(append(request(packetName, 1, 64), append([]byte{0, 0, 0, 1}, appendString(appendString(nil, "clip"), "-rw")...)...))
	f.Add(append(greeting(), status(1, OK, "")...))
	f.Add(append(greeting("limits@openssh.com", "1"), limitsOf(1, 2, 3, 4)...))
	f.Add(append(greeting(), name...))
	f.Add(append(greeting(), frame(appendString(request(packetData, 1, 0), "0123456789"))...))
	f.Add([]byte("This account is currently not available.\n"))
	f.Add([]byte{0, 0, 0, 0})
	f.Add(append(greeting(), frame(append(request(packetAttrs, 2, 4), 255, 255, 255, 255))...))
	f.Fuzz(func(t *testing.T, server []byte) {
		c, err := New(bytes.NewReader(server), nowhere{})
		if err != nil {
			return
		}
		defer c.Close()
		ctx := t.Context()
		_, _ = c.ReadFolder(ctx, newFile("h"))
		_, _ = c.Stat(ctx, "p")
		_, _ = c.RealPath(ctx, ".")
		_, _ = c.CheckFile(ctx, "p", "md5")
		_, _ = c.Room(ctx, "p")
		guarded := make([]byte, 12)
		if h, err := c.Open(ctx, "p", ForRead); err == nil {
			if p, err := c.StartRead(ctx, h, 0, guarded[:8], nil); err == nil {
				if n, err := p.Wait(ctx); err == nil && n != 8 {
					t.Errorf("%d bytes of 8", n)
				}
			}
		}
		if !bytes.Equal(guarded[8:], make([]byte, 4)) {
			t.Errorf("the server has written to memory of ours: %x", guarded)
		}
		<-c.Done()
	})
}

type nowhere struct{}

func (nowhere) Write(p []byte) (int, error) { return len(p), nil }
func (nowhere) Close() error                { return nil }
