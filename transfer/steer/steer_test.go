package steer

import (
	"errors"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"gantry/connectors"
	"gantry/connectors/wrap/throttle"
	"gantry/transfer/schedule"
)

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func set[T any](v T) *T { return &v }

// Nobody else gets at the socket, or into the folder that it is in.
func TestTheSocketIsTheOwnersAlone(t *testing.T) {
	dir := t.TempDir()
	must(t, os.Chmod(dir, 0o755))
	l, err := Listen(dir)
	must(t, err)
	defer l.Close()
	for name, want := range map[string]os.FileMode{dir: 0o700, filepath.Join(dir, socketName): 0o600} {
		info, err := os.Stat(name)
		must(t, err)
		if got := info.Mode().Perm(); got != want {
			t.Errorf("%s has the mode %o, want %o", name, got, want)
		}
	}
}

// A desk is a transfer that does nothing but note what it is told.
type desk struct {
	mu        sync.Mutex
	settings  Settings
	cancelled bool
	finished  []string
}

func (d *desk) Status() Status {
	d.mu.Lock()
	defer d.mu.Unlock()
	return Status{ID: "copy-1", State: StateRunning, Process: os.Getpid(), Settings: d.settings}
}

func (d *desk) Change(c Change) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.settings = d.settings.With(c)
	return nil
}

func (d *desk) Cancel() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.cancelled = true
	return nil
}

func (d *desk) Finish(path string) error {
	if path == "unknown" {
		return connectors.Errorf(connectors.KindNotFound, "finish", path, "no such file is under way")
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.finished = append(d.finished, path)
	return nil
}

// serve answers for a transfer of the folder until the test ends.
func serve(t *testing.T, dir string) *desk {
	t.Helper()
	l, err := Listen(dir)
	must(t, err)
	d, ended := &desk{}, make(chan error, 1)
	go func() { ended <- Serve(l, d) }()
	t.Cleanup(func() {
		must(t, l.Close())
		must(t, <-ended)
		if _, err := os.Stat(filepath.Join(dir, socketName)); err == nil {
			t.Error("the socket is left behind")
		}
	})
	return d
}

func TestAnotherProcessSteersATransfer(t *testing.T) {
	long := filepath.Join(t.TempDir(), strings.Repeat("a long name of a folder ", 6))
	for name, dir := range map[string]string{"in a short folder": t.TempDir(), "in one too long for a socket": long} {
		t.Run(name, func(t *testing.T) {
			must(t, os.MkdirAll(dir, 0o700))
			d := serve(t, dir)
			if info, err := os.Stat(filepath.Join(dir, socketName)); err != nil || info.Mode().Perm() != 0o600 {
				t.Fatalf("the socket is %v, %v", info, err)
			}
			c, err := Dial(dir)
			must(t, err)
			defer c.Close()
			table, err := throttle.ParseTimetable("08:00,10M 19:00,off")
			must(t, err)
			air := time.Date(2026, 5, 1, 20, 15, 0, 0, time.UTC)
			status, err := c.Change(Change{Paused: set(true), Priority: set(schedule.Urgent), Deadline: &air, Bandwidth: &table})
			must(t, err)
			if !status.Paused || status.Priority != schedule.Urgent || !status.Deadline.Equal(air) || status.Bandwidth.String() != table.String() {
				t.Errorf("it tells %+v", status)
			}
			status, err = c.Change(Change{Paused: set(false)})
			must(t, err)
			if status.Paused || status.Priority != schedule.Urgent {
				t.Errorf("what was not changed is now %+v", status.Settings)
			}
			_, err = c.Finish("clip.mxf")
			must(t, err)
			if _, err = c.Finish("unknown"); connectors.KindOf(err) != connectors.KindNotFound || !strings.Contains(err.Error(), "no such file") {
				t.Errorf("got %v", err)
			}
			_, err = c.Cancel()
			must(t, err)
			d.mu.Lock()
			defer d.mu.Unlock()
			if !d.cancelled || len(d.finished) != 1 {
				t.Errorf("it was told %+v", d)
			}
		})
	}
}

func TestASocketThatAKilledProcessLeftIsNobody(t *testing.T) {
	dir := t.TempDir()
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: filepath.Join(dir, socketName), Net: "unix"})
	must(t, err)
	l.SetUnlinkOnClose(false)
	must(t, l.Close())
	if _, err := Dial(dir); !errors.Is(err, ErrStopped) {
		t.Fatalf("got %v", err)
	}
	serve(t, dir)
	c, err := Dial(dir)
	must(t, err)
	defer c.Close()
	if s, err := c.Status(); err != nil || s.Process != os.Getpid() {
		t.Fatalf("got %+v, %v", s, err)
	}
}

func TestAHomeFindsWhatWasAsked(t *testing.T) {
	home := Home(t.TempDir())
	dir := filepath.Join(string(home), "copy", "0123abcd")
	must(t, os.MkdirAll(dir, 0o700))
	must(t, os.MkdirAll(filepath.Join(string(home), "copy", "ffff"), 0o700)) // without a record, as of an older release
	must(t, os.MkdirAll(filepath.Join(string(home), "secrets"), 0o700))
	must(t, Record{
		Command: []string{"copy", "a", "b"}, Source: "a", Destination: "b", Files: 3, Bytes: 300, Done: 100,
		Settings: Settings{Priority: schedule.Bulk},
	}.Write(dir))
	list, err := home.List()
	must(t, err)
	if len(list) != 1 || list[0].ID != "copy-0123abcd" || list[0].Dir != dir {
		t.Fatalf("got %+v", list)
	}
	s := list[0].Ask()
	if s.State != StateStopped || s.Priority != schedule.Bulk || s.Done != 100 || s.ETA != -1 || s.GoOn != "gantry transfer resume copy-0123abcd" {
		t.Errorf("it tells %+v", s)
	}
	for _, id := range []string{"copy-0123abcd", "copy-ffff", "copy-../secrets", "tr_1", "copy-", ""} {
		_, ok, err := home.Find(id)
		must(t, err)
		if ok != (id == "copy-0123abcd") {
			t.Errorf("%q: %v", id, ok)
		}
	}
	must(t, os.WriteFile(filepath.Join(dir, recordName), []byte("{"), 0o600))
	if list, err = home.List(); err == nil || len(list) != 0 {
		t.Errorf("of a damaged record it tells %v, %v", list, err)
	}
}

func TestARecordTellsWhetherItsProcessFailed(t *testing.T) {
	now := time.Now()
	for _, c := range []struct {
		record Record
		want   string
	}{
		{Record{}, StateStopped},
		{Record{Ended: now, Reason: ReasonStopped}, StateStopped},
		{Record{Ended: now, Reason: "no space left"}, StateFailed},
	} {
		if got := (Found{Record: c.record, Dir: t.TempDir()}).Ask().State; got != c.want {
			t.Errorf("%+v is %s, not %s", c.record, got, c.want)
		}
	}
}
