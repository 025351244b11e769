package promise_test

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"gantry/connectors"
	"gantry/connectors/promise"
)

func TestIDBelongsToItsPath(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		path, other := rapid.StringN(1, 40, -1).Draw(t, "path"), rapid.StringN(1, 40, -1).Draw(t, "other")
		id := promise.NewID(path)
		if err := promise.CheckID(id, path); err != nil {
			t.Fatalf("its own path: %v", err)
		}
		if strings.ContainsAny(id, "/\\.\x00") {
			t.Fatalf("%q cannot be a file's name", id)
		}
		if err := promise.CheckID(id, other); path != other && connectors.KindOf(err) != connectors.KindNotFound {
			t.Fatalf("another path: %v", err)
		}
	})
}

func TestCheckIDRefusesStrangers(t *testing.T) {
	owner := promise.NewID("clip")[len(promise.NewID("clip"))-12:]
	for _, id := range []string{"", "-", "x", "../../etc/passwd", "../x-" + owner, "a/b-" + owner, "a\x00-" + owner, "A-" + owner, "abc-" + owner + "x"} {
		if err := promise.CheckID(id, "clip"); connectors.KindOf(err) != connectors.KindNotFound {
			t.Errorf("CheckID(%q): %v", id, err)
		}
	}
}

func TestCheckWhole(t *testing.T) {
	part := func(number int, offset, size int64) connectors.Part {
		return connectors.Part{Number: number, Offset: offset, Size: size}
	}
	for name, test := range map[string]struct {
		parts []connectors.Part
		size  int64
		good  bool
	}{
		"nothing":                {nil, 0, true},
		"one empty part":         {[]connectors.Part{part(1, 0, 0)}, 0, true},
		"two parts":              {[]connectors.Part{part(1, 0, 5), part(2, 5, 3)}, 8, true},
		"bytes without parts":    {nil, 8, false},
		"a gap in the numbers":   {[]connectors.Part{part(1, 0, 5), part(3, 5, 3)}, 8, false},
		"a gap between parts":    {[]connectors.Part{part(1, 0, 5), part(2, 6, 3)}, 9, false},
		"parts that overlap":     {[]connectors.Part{part(1, 0, 5), part(2, 4, 4)}, 8, false},
		"parts in another order": {[]connectors.Part{part(2, 5, 3), part(1, 0, 5)}, 8, false},
		"a part below zero":      {[]connectors.Part{part(1, 0, 9), part(2, 9, -1)}, 8, false},
		"another size":           {[]connectors.Part{part(1, 0, 5)}, 6, false},
	} {
		err := promise.CheckWhole("clip", connectors.Whole{Parts: test.parts, Size: test.size})
		if test.good != (err == nil) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestExactly(t *testing.T) {
	read := func(length int64) (string, error) {
		data, err := io.ReadAll(promise.Exactly(t.Context(), "clip", io.NopCloser(strings.NewReader("0123456789")), length))
		return string(data), err
	}
	for length, want := range map[int64]string{-1: "0123456789", 0: "", 4: "0123", 10: "0123456789"} {
		if got, err := read(length); err != nil || got != want {
			t.Errorf("%d bytes: %q, %v", length, got, err)
		}
	}
	if got, err := read(11); got != "0123456789" || connectors.KindOf(err) != connectors.KindIncomplete {
		t.Errorf("more than there are: %q, %v", got, err)
	}
}

func TestPartReader(t *testing.T) {
	part := connectors.Part{Number: 1, Size: 5}
	if got, err := io.ReadAll(promise.NewPartReader(t.Context(), "clip", part, strings.NewReader("01234 and more"))); err != nil || string(got) != "01234" {
		t.Errorf("too many bytes: %q, %v", got, err)
	}
	if _, err := io.ReadAll(promise.NewPartReader(t.Context(), "clip", part, strings.NewReader("0123"))); connectors.KindOf(err) != connectors.KindIncomplete {
		t.Errorf("too few bytes: %v", err)
	}
	r := promise.NewPartReader(t.Context(), "clip", part, strings.NewReader("01234"))
	r.Detach()
	if n, err := r.Read(make([]byte, 1)); n != 0 || err == nil || err == io.EOF {
		t.Errorf("after Detach: %d, %v", n, err)
	}
}

func TestAwait(t *testing.T) {
	want := errors.New("broken")
	if v, err := promise.Await(t.Context(), func() (int, error) { return 7, want }, nil); v != 7 || err != want {
		t.Errorf("%d, %v", v, err)
	}

	ctx, cancel := context.WithCancel(t.Context())
	release, dropped := make(chan struct{}), make(chan int)
	_, err := promise.Await(ctx, func() (int, error) { cancel(); <-release; return 8, nil }, func(v int) { dropped <- v })
	if !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
	close(release)
	if v := <-dropped; v != 8 {
		t.Errorf("dropped %d", v)
	}
	if err := promise.Do(ctx, func() error { t.Error("called with a context that has ended"); return nil }); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled before: %v", err)
	}
}
