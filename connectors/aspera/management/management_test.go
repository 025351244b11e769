package management_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"syscall"
	"testing"
	"time"

	"pgregory.net/rapid"

	"gantry/connectors/aspera/management"
)

// The frames of testdata/session.txt have the fields that IBM's own tools and tests
// show of a session.
func TestASessionIsRead(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("testdata", "session.txt"))
	if err != nil {
		t.Fatal(err)
	}
	var got strings.Builder
	r := management.NewReader(bytes.NewReader(text))
	for {
		f, err := r.Read()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&got, "%s fields=%d moved=%d code=%d %q\n", f.Type, len(f.Fields), f.Moved(), f.Code(), f.Description())
	}
	want := `INIT fields=4 moved=0 code=0 ""
SESSION fields=12 moved=0 code=0 ""
NOTIFICATION fields=2 moved=0 code=0 ""
STATS fields=14 moved=5242880 code=0 ""
STOP fields=7 moved=0 code=0 ""
FILEERROR fields=4 moved=0 code=4 "No such file or directory"
ERROR fields=5 moved=0 code=5 "Server aborted session: Read access denied for user"
DONE fields=5 moved=0 code=5 "Server aborted session: Read access denied for user"
`
	if got.String() != want {
		t.Errorf("got:\n%s", got.String())
	}
}

func TestWhatIsNoFrameIsRefused(t *testing.T) {
	for name, text := range map[string]string{
		"garbage":        "HTTP/1.1 200 OK\n\n",
		"no type":        "FASPMGR 2\nCode: 1\n\n",
		"no colon":       "FASPMGR 2\nType: STATS\nhello\n\n",
		"another header": "FASPMGR 2\nType: STATS\n\nFASPMGR 3\n",
		"a long line":    "FASPMGR 2\nType: " + strings.Repeat("x", 1<<20),
		"a giant frame":  "FASPMGR 2\nType: STATS\n" + strings.Repeat("File: "+strings.Repeat("x", 8000)+"\n", 1000),
		"many fields":    "FASPMGR 2\nType: STATS\n" + numbered(5000),
	} {
		r := management.NewReader(strings.NewReader(text))
		var err error
		for err == nil {
			_, err = r.Read()
		}
		var format *management.FormatError
		if !errors.As(err, &format) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := management.NewReader(strings.NewReader("FASPMGR 2\nType: STATS\n")).Read(); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("half a frame: %v", err)
	}
}

func numbered(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "Field%d: 1\n", i)
	}
	return b.String()
}

func TestOrdersAreWritten(t *testing.T) {
	var b bytes.Buffer
	if err := errors.Join(management.Write(&b, management.SetRate(300000)), management.Write(&b, management.Stopping())); err != nil {
		t.Fatal(err)
	}
	if want := "FASPMGR 2\nType: RATE\nRate: 300000\n\nFASPMGR 2\nType: CANCEL\n\n"; b.String() != want {
		t.Errorf("got %q", b.String())
	}
	if management.Write(&b, management.Frame{Type: "START", Fields: map[string]string{"Source": "/a\nType: DONE"}}) == nil {
		t.Error("a line break was written")
	}
}

func TestAFrameReadsAsItWasWritten(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		word := rapid.StringMatching(`[A-Za-z]{1,12}`)
		wrote := management.Frame{
			Type:   rapid.StringMatching(`[A-Z]{1,12}`).Draw(t, "type"),
			Fields: rapid.MapOf(word.Filter(func(s string) bool { return s != "Type" }), rapid.StringMatching(`[^\r\n]*`)).Draw(t, "fields"),
		}
		var b bytes.Buffer
		if err := management.Write(&b, wrote); err != nil {
			t.Skip(err)
		}
		read, err := management.NewReader(&b).Read()
		if err != nil || !reflect.DeepEqual(read, wrote) {
			t.Fatalf("wrote %q, read %q, %v", wrote, read, err)
		}
	})
}

func FuzzReader(f *testing.F) {
	session, err := os.ReadFile(filepath.Join("testdata", "session.txt"))
	if err != nil {
		f.Fatal(err)
	}
	for _, seed := range []string{string(session), "FASPMGR 2\n\n", "FASPMGR 2\r\nType: DONE\r\n\r\n", ":\n", "FASPMGR 2\nType:STATS\nCode: -9999999999999999999\n\n"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		r := management.NewReader(bytes.NewReader(data))
		for range len(data) + 1 {
			frame, err := r.Read()
			if err != nil {
				return
			}
			if frame.Type == "" || frame.Moved() < 0 || strings.ContainsAny(frame.Description(), "\n\r\x00") {
				t.Fatalf("got %+v", frame)
			}
		}
		t.Fatal("more frames than bytes")
	})
}

func TestOnlyTheOwnProcessGroupIsLetIn(t *testing.T) {
	if _, err := os.Stat("/proc/net/tcp"); err != nil {
		t.Skip("this system does not tell whose a connection is: whoever dials first is let in")
	}
	l, err := management.Listen()
	if err != nil {
		t.Fatal(err)
	}
	addr := fmt.Sprintf("127.0.0.1:%d", l.Port())
	dialled, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer dialled.Close()
	if _, err := l.Accept(t.Context(), 1<<30, nil, 300*time.Millisecond); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("a stranger: %v", err)
	}

	l, err = management.Listen()
	if err != nil {
		t.Fatal(err)
	}
	dialled, err = net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", l.Port()))
	if err != nil {
		t.Fatal(err)
	}
	defer dialled.Close()
	c, err := l.Accept(t.Context(), syscall.Getpgrp(), nil, 5*time.Second)
	if err != nil {
		t.Fatal(err)
	}
	c.Close()
	if _, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", l.Port())); err == nil {
		t.Error("a second one may dial in")
	}
}

func TestWaitingEndsWithItsContext(t *testing.T) {
	l, err := management.Listen()
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(20*time.Millisecond, cancel)
	if _, err := l.Accept(ctx, 0, nil, time.Minute); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

// One that has said all and hung up before we looked is heard, once it has exited.
func TestAQuickOneIsHeard(t *testing.T) {
	l, err := management.Listen()
	if err != nil {
		t.Fatal(err)
	}
	c, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", l.Port()))
	if err != nil {
		t.Fatal(err)
	}
	if err := management.Write(c, management.Frame{Type: management.Error, Fields: map[string]string{"Code": "29"}}); err != nil {
		t.Fatal(err)
	}
	c.Close()
	exited := make(chan struct{})
	close(exited)
	got, err := l.Accept(t.Context(), 1<<30, exited, time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	defer got.Close()
	if f, err := management.NewReader(got).Read(); err != nil || f.Code() != 29 {
		t.Errorf("got %+v, %v", f, err)
	}
	l, err = management.Listen()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := l.Accept(t.Context(), 0, exited, time.Minute); !errors.Is(err, management.ErrEnded) {
		t.Errorf("one that says nothing: %v", err)
	}
}
