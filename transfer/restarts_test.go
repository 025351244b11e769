package transfer

import (
	"context"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"gantry/connectors"
)

// changing has the source become something else after the destination has some parts.
func changing(to *script, change func()) {
	to.write = func(_ context.Context, call int, _ connectors.Part, r io.ReadSeeker, next writer) (connectors.Part, error) {
		p, err := next(r)
		if call == 5 {
			change()
		}
		return p, err
	}
}

func TestASourceThatChangedIsSaidToHave(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change func(path string) error
		says   string
		size   int64
	}{
		"it shrank": {func(path string) error { return os.Truncate(path, 2*part) }, "shrank from 1310720 to 131072", 2 * part},
		"it grew": {func(path string) error {
			f, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
			if err == nil {
				_, err = f.Write(content(3, part))
				f.Close()
			}
			return err
		}, "grew from", 21 * part},
		"it was written to": {func(path string) error {
			f, err := os.OpenFile(path, os.O_WRONLY, 0)
			if err == nil {
				_, err = f.WriteAt([]byte("late"), part)
				f.Close()
			}
			return err
		}, "written to at", 20 * part},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStage(t, func(o *Options) { o.Parallel = 1 })
			s.file("clip", 20*part)
			to := &script{Place: s.folder("a")}
			changing(to, func() { must(t, c.change(filepath.Join(s.dir, "source", "clip"))) })
			_, err := s.fails(s.job("clip", to), connectors.KindChanged)
			if !strings.Contains(err.Error(), c.says) {
				t.Errorf("the error is %v", err)
			}
			s.start() // a kill in between forgets nothing
			to.write = nil
			receipt := s.run(s.job("clip", to))
			if len(receipt.Restarts) != 1 || !strings.Contains(receipt.Restarts[0].Reason, c.says) || receipt.Restarts[0].SentBytes < 5*part || receipt.Size != c.size || receipt.Restarts[0].Was.Size != 20*part {
				t.Errorf("got %+v", receipt)
			}
			if again := s.run(s.job("clip", to)); len(again.Restarts) != 1 {
				t.Errorf("it is not in the receipt: %+v", again)
			}
			s.put("clip", content(77, part))
			if third := s.run(s.job("clip", to)); len(third.Restarts) != 0 {
				t.Errorf("another copy tells of it, too: %+v", third)
			}
		})
	}
}

func TestASourceThatChangedBetweenTwoRunsIsSaidToHave(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	s.file("clip", 20*part)
	to := &script{Place: s.folder("a"), write: failFrom(9, connectors.KindPermission)}
	s.fails(s.job("clip", to), connectors.KindPermission)
	s.put("clip", content(5, 7*part))
	must(t, os.Chtimes(filepath.Join(s.dir, "source", "clip"), time.Now(), time.Now().Add(time.Minute)))
	s.start()
	to.write = nil
	receipt := s.run(s.job("clip", to))
	if len(receipt.Restarts) != 1 || receipt.Restarts[0].SentBytes < 6*part || receipt.Restarts[0].Was.Size != 20*part {
		t.Errorf("got %+v", receipt.Restarts)
	}
}
