package watch

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/fsnotify/fsnotify"
)

const (
	stable  = 150 * time.Millisecond
	patient = 20 * time.Second // a failing test takes this long, a passing one never
)

// stand is a watcher at work on a folder of its own, and what it has settled.
type stand struct {
	*testing.T
	root string
	w    *Watcher

	mu     sync.Mutex
	all    []File
	at     []time.Time
	passed map[string]string
	alarms []Alarm
	refuse func(File) error
	stop   func()
}

func prepare(t *testing.T, adjust func(*Options)) *stand {
	t.Helper()
	s := &stand{T: t, root: t.TempDir(), passed: map[string]string{}}
	o := Options{
		Root: s.root, Stable: stable, Poll: 100 * time.Millisecond, Retry: 50 * time.Millisecond,
		OnPass:  func(p, r string) { s.locked(func() { s.passed[p] += r }) },
		OnAlarm: func(a Alarm) { s.locked(func() { s.alarms = append(s.alarms, a) }) },
	}
	if adjust != nil {
		adjust(&o)
	}
	s.root = o.Root
	w, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	s.w = w
	return s
}

func (s *stand) start() *stand {
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error)
	go func() { ended <- s.w.Run(ctx, s.settled) }()
	s.stop = sync.OnceFunc(func() {
		cancel()
		if err := <-ended; !errors.Is(err, context.Canceled) {
			s.Errorf("Run returned %v", err)
		}
	})
	s.Cleanup(s.stop)
	return s
}

func (s *stand) settled(_ context.Context, f File) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.refuse != nil {
		if err := s.refuse(f); err != nil {
			return err
		}
	}
	s.all = append(s.all, f)
	s.at = append(s.at, time.Now())
	return nil
}

func (s *stand) locked(f func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f()
}

func (s *stand) times(path string) (n int) {
	s.locked(func() {
		for _, f := range s.all {
			if f.Path == path {
				n++
			}
		}
	})
	return n
}

func (s *stand) write(path, content string) {
	s.Helper()
	full := filepath.Join(s.root, path)
	if err := os.MkdirAll(filepath.Dir(full), 0o755); err != nil {
		s.Fatal(err)
	}
	if err := os.WriteFile(full, []byte(content), 0o644); err != nil {
		s.Fatal(err)
	}
}

func (s *stand) until(what string, ok func() bool) {
	s.Helper()
	for end := time.Now().Add(patient); !ok(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			s.Fatalf("never came: %s; mode %q, growing %v", what, s.w.Mode(), s.w.Growing())
		}
	}
}

func (s *stand) mode(prefix string) *stand {
	s.Helper()
	s.until("mode "+prefix, func() bool { return strings.HasPrefix(s.w.Mode(), prefix) })
	return s
}

func (s *stand) settles(path string, times int) {
	s.Helper()
	s.until(fmt.Sprintf("%q settled %d times", path, times), func() bool { return s.times(path) >= times })
}

// quiet gives everything that is known the time to settle once more, by letting a new file do so after it.
func (s *stand) quiet() {
	s.Helper()
	name := fmt.Sprintf("quiet-%d", time.Now().UnixNano())
	s.write(name, "x")
	s.settles(name, 1)
}

// bothModes runs a test with the kernel's events, and on a "file system" that has none.
func bothModes(t *testing.T, f func(t *testing.T, start func(*Options) *stand)) {
	for _, mode := range []string{"events", "polling (degraded)"} {
		t.Run(mode, func(t *testing.T) {
			t.Parallel()
			f(t, func(o *Options) *stand {
				s := prepare(t, func(all *Options) {
					if o != nil {
						root := all.Root
						o.Stable, o.Poll, o.Retry, o.OnPass, o.OnAlarm = all.Stable, all.Poll, all.Retry, all.OnPass, all.OnAlarm
						*all = *o
						if all.Root == "" {
							all.Root = root
						}
					}
				})
				if mode != "events" {
					s.w.withoutEvents = func(string) string { return "NFS" }
				}
				return s
			})
		})
	}
}

func TestFilesSettle(t *testing.T) {
	bothModes(t, func(t *testing.T, prepare func(*Options) *stand) {
		s := prepare(nil)
		s.write("before/there already.mxf", "12345")
		began := time.Now()
		s.start()
		s.settles("before/there already.mxf", 1)
		s.write("new.mov", "123")
		s.settles("new.mov", 1)
		s.quiet()
		s.locked(func() {
			for i, f := range s.all {
				if rest := s.at[i].Sub(f.LastChange); rest < stable {
					t.Errorf("%q settled %v after its last change", f.Path, rest)
				}
			}
			first := s.all[0]
			if first.Size != 5 || first.Inode == 0 || first.ModTime.IsZero() || first.FirstSeen.Before(began) || first.Waits != "" {
				t.Errorf("incomplete: %+v", first)
			}
		})
		if n := s.times("new.mov"); n != 1 {
			t.Errorf("new.mov settled %d times", n)
		}
	})
}

func TestAFileThatChangesAgainSettlesAgain(t *testing.T) {
	bothModes(t, func(t *testing.T, prepare func(*Options) *stand) {
		s := prepare(nil).start()
		s.write("clip.mov", "one")
		s.settles("clip.mov", 1)
		s.write("clip.mov", "two, longer")
		s.settles("clip.mov", 2)
		// Replaced by a rename, with the same size.
		s.write(".next", "TWO, LONGER")
		if err := os.Rename(filepath.Join(s.root, ".next"), filepath.Join(s.root, "clip.mov")); err != nil {
			t.Fatal(err)
		}
		s.settles("clip.mov", 3)
		s.quiet()
		if n := s.times("clip.mov"); n != 3 {
			t.Errorf("settled %d times, want 3", n)
		}
	})
}

func TestRenameFromATemporaryName(t *testing.T) {
	bothModes(t, func(t *testing.T, prepare func(*Options) *stand) {
		s := prepare(nil).start()
		s.write("in/clip.mov.part", "123")
		s.quiet()
		if err := os.Rename(filepath.Join(s.root, "in/clip.mov.part"), filepath.Join(s.root, "in/clip.mov")); err != nil {
			t.Fatal(err)
		}
		s.settles("in/clip.mov", 1)
		if n := s.times("in/clip.mov.part"); n != 0 {
			t.Error("the temporary name settled")
		}
	})
}

func TestASlowWriterDoesNotSettle(t *testing.T) {
	s := prepare(t, nil).start().mode("events")
	f, err := os.Create(filepath.Join(s.root, "growing.mxf"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	// Pauses longer than the stable time: only the open file tells that the writer is still there.
	for range 4 {
		if _, err := f.WriteString("frame"); err != nil {
			t.Fatal(err)
		}
		s.quiet()
		s.quiet()
	}
	if n := s.times("growing.mxf"); n != 0 {
		t.Fatalf("settled %d times while it was open for writing", n)
	}
	s.until("the reason for waiting", func() bool {
		g := s.w.Growing()
		return len(g) == 1 && g[0].Path == "growing.mxf" && g[0].Size == 20 && g[0].Waits == "open for writing"
	})
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	s.settles("growing.mxf", 1)
	if g := s.w.Growing(); len(g) > 1 {
		t.Errorf("still growing: %v", g)
	}
}

func TestAReaderDoesNotHoldAFileUp(t *testing.T) {
	s := prepare(t, nil)
	s.write("clip.mov", "123")
	f, err := os.Open(filepath.Join(s.root, "clip.mov"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	s.start().settles("clip.mov", 1)
}

func TestTwoThousandFilesAtOnce(t *testing.T) {
	bothModes(t, func(t *testing.T, prepare func(*Options) *stand) {
		s := prepare(nil).start()
		const n = 2000
		for i := range n {
			s.write(fmt.Sprintf("card/%02d/%04d.mov", i%40, i), "x")
		}
		s.until("all of them", func() bool { s.mu.Lock(); defer s.mu.Unlock(); return len(s.all) >= n })
		s.quiet()
		for i := range n {
			if got := s.times(fmt.Sprintf("card/%02d/%04d.mov", i%40, i)); got != 1 {
				t.Fatalf("file %d settled %d times", i, got)
			}
		}
	})
}

// TestNewFoldersRace makes folders in folders with files in them faster than watches can be set, and moves some while that goes on.
func TestNewFoldersRace(t *testing.T) {
	s := prepare(t, func(o *Options) { o.Rescan = -1 }).start().mode("events")
	var wg sync.WaitGroup
	want := make([][]string, 4)
	for g := range 4 {
		wg.Go(func() {
			for i := range 25 {
				dir := fmt.Sprintf("g%d/a%d/b/c/d", g, i)
				s.write(dir+"/deep.mov", "x")
				s.write(fmt.Sprintf("g%d/a%d/b/shallow.mov", g, i), "x")
				to := fmt.Sprintf("g%d/a%d", g, i)
				if i%5 == 0 {
					from := to
					to = fmt.Sprintf("g%d/moved%d", g, i)
					if err := os.Rename(filepath.Join(s.root, from), filepath.Join(s.root, to)); err != nil {
						t.Error(err)
					}
				}
				want[g] = append(want[g], to+"/b/c/d/deep.mov", to+"/b/shallow.mov")
			}
		})
	}
	wg.Wait()
	for _, paths := range want {
		for _, p := range paths {
			s.settles(p, 1)
		}
	}
	// What lies in a moved folder is watched under its new name.
	s.write("g0/moved0/b/c/d/after.mov", "x")
	s.settles("g0/moved0/b/c/d/after.mov", 1)
	if s.times("g0/a0/b/c/d/after.mov") != 0 {
		t.Error("settled under the folder's old name")
	}
}

func TestAMovedFolderIsKnownByItsNewName(t *testing.T) {
	bothModes(t, func(t *testing.T, prepare func(*Options) *stand) {
		s := prepare(nil)
		s.write("old/sub/one.mov", "1")
		s.start().settles("old/sub/one.mov", 1)
		if err := os.Rename(filepath.Join(s.root, "old"), filepath.Join(s.root, "new")); err != nil {
			t.Fatal(err)
		}
		s.settles("new/sub/one.mov", 1)
		s.write("new/sub/two.mov", "2")
		s.settles("new/sub/two.mov", 1)
		// The old name is free for something else.
		s.write("old/sub/one.mov", "1")
		s.settles("old/sub/one.mov", 2)
	})
}

func TestHostileNamesComeThroughByteExact(t *testing.T) {
	bothModes(t, func(t *testing.T, prepare func(*Options) *stand) {
		s := prepare(nil)
		names := []string{"-rf", "new\nline.mov", "\xff\xfe.mxf", "tab\t\"quote\"\\.mov", " ", "e\u0301.mov", "\u00e9.mov", strings.Repeat("n", 255)}
		s.write("-d\n\xff/before.mov", "x")
		s.start()
		for _, n := range names {
			s.write(n, "x")
			s.write("-d\n\xff/"+n, "x")
		}
		for _, n := range names {
			s.settles(n, 1)
			s.settles("-d\n\xff/"+n, 1)
		}
		s.settles("-d\n\xff/before.mov", 1)
	})
}

func TestWhatIsNoFileIsPassedOver(t *testing.T) {
	bothModes(t, func(t *testing.T, prepare func(*Options) *stand) {
		s := prepare(nil)
		s.write("clip.mov", "x")
		make := func(err error) {
			t.Helper()
			if err != nil {
				t.Fatal(err)
			}
		}
		make(syscall.Mkfifo(filepath.Join(s.root, "pipe.mov"), 0o644))
		make(os.Symlink("clip.mov", filepath.Join(s.root, "link.mov")))
		make(os.Symlink(".", filepath.Join(s.root, "loop")))
		s.start().settles("clip.mov", 1)
		make(syscall.Mkfifo(filepath.Join(s.root, "pipe2.mov"), 0o644))
		make(os.Symlink("/etc", filepath.Join(s.root, "etc")))
		s.until("all five reasons", func() bool { s.mu.Lock(); defer s.mu.Unlock(); return len(s.passed) == 5 })
		s.quiet()
		s.quiet()
		s.locked(func() {
			for p, want := range map[string]string{"pipe.mov": "a named pipe", "pipe2.mov": "a named pipe", "link.mov": "a symbolic link: links are not followed", "loop": "a symbolic link: links are not followed", "etc": "a symbolic link: links are not followed"} {
				if s.passed[p] != want {
					t.Errorf("%s: %q, want %q, once", p, s.passed[p], want)
				}
			}
		})
	})
}

func TestARefusedFileIsOfferedAgain(t *testing.T) {
	s := prepare(t, nil)
	refusals := 0
	s.refuse = func(f File) error {
		if f.Path == "clip.mov" && refusals < 3 {
			refusals++
			return errors.New("the journal is full")
		}
		return nil
	}
	s.write("clip.mov", "x")
	s.write("other.mov", "x")
	s.start().settles("clip.mov", 1)
	s.settles("other.mov", 1)
	if refusals != 3 {
		t.Errorf("%d refusals", refusals)
	}
}

func TestASlowCallerDoesNotStopTheWatch(t *testing.T) {
	s := prepare(t, nil)
	entered, leave := make(chan struct{}), make(chan struct{})
	s.refuse = func(f File) error {
		if f.Path == "slow.mov" {
			close(entered)
			<-leave
		}
		return nil
	}
	s.write("slow.mov", "x")
	s.start()
	<-entered
	for i := range 100 {
		s.write(fmt.Sprintf("new/%d/clip.mov", i), "x")
	}
	s.until("the other files are seen", func() bool { return len(s.w.Growing()) == 101 })
	close(leave)
	s.until("all settle", func() bool { return len(s.w.Growing()) == 0 })
	if n := s.times("slow.mov"); n != 1 {
		t.Errorf("settled %d times", n)
	}
}

func TestStopWaitsForTheCallUnderWay(t *testing.T) {
	s := prepare(t, nil)
	entered := make(chan struct{})
	var left bool
	s.refuse = func(File) error {
		close(entered)
		time.Sleep(50 * time.Millisecond)
		left = true
		return nil
	}
	s.write("clip.mov", "x")
	s.start()
	<-entered
	s.stop()
	if !left {
		t.Error("Run returned before the callback did")
	}
	if g := s.w.Growing(); len(g) != 0 || s.w.Mode() != "not running" {
		t.Errorf("growing %v, mode %q", g, s.w.Mode())
	}
}

func TestTheNextRunGoesOn(t *testing.T) {
	s := prepare(t, nil)
	entered := make(chan struct{}, 100)
	s.refuse = func(File) error {
		entered <- struct{}{}
		return nil
	}
	for i := range 50 {
		s.write(fmt.Sprintf("%d.mov", i), "x")
	}
	s.start()
	<-entered
	s.stop()
	s.start()
	s.until("all of them", func() bool { s.mu.Lock(); defer s.mu.Unlock(); return len(s.all) == 50 })
	for i := range 50 {
		if n := s.times(fmt.Sprintf("%d.mov", i)); n != 1 {
			t.Errorf("%d.mov settled %d times", i, n)
		}
	}
}

func TestOneRunAtATime(t *testing.T) {
	s := prepare(t, nil).start().mode("events")
	if err := s.w.Run(context.Background(), s.settled); err == nil {
		t.Error("a second Run was let in")
	}
}

func TestARootThatVanishesIsAnAlarm(t *testing.T) {
	bothModes(t, func(t *testing.T, prepare func(*Options) *stand) {
		volume := filepath.Join(t.TempDir(), "volume")
		s := prepare(&Options{Root: volume}).start().mode("away: ")
		s.write("clip.mov", "x")
		s.settles("clip.mov", 1)

		if err := os.Rename(volume, volume+".unmounted"); err != nil {
			t.Fatal(err)
		}
		s.mode("away: ")
		if err := os.Rename(volume+".unmounted", volume); err != nil {
			t.Fatal(err)
		}
		s.quiet()
		if n := s.times("clip.mov"); n != 1 {
			t.Errorf("settled %d times: it was taken as deleted while the root was away", n)
		}
		s.locked(func() {
			var got []bool
			for _, a := range s.alarms {
				got = append(got, a.Cleared)
			}
			if fmt.Sprint(got) != "[false true false true]" {
				t.Errorf("alarms cleared: %v, want raised and cleared twice; %+v", got, s.alarms)
			}
		})
	})
}

func TestAFolderThatCannotBeReadHidesNothing(t *testing.T) {
	if os.Getuid() == 0 {
		t.Skip("root may read every folder")
	}
	s := prepare(t, func(o *Options) { o.Rescan = 50 * time.Millisecond })
	s.write("closed/clip.mov", "x")
	s.start().settles("closed/clip.mov", 1)
	dir := filepath.Join(s.root, "closed")
	t.Cleanup(func() { _ = os.Chmod(dir, 0o755) })
	_ = os.Chmod(dir, 0)
	s.quiet()
	_ = os.Chmod(dir, 0o755)
	s.quiet()
	if n := s.times("closed/clip.mov"); n != 1 {
		t.Errorf("settled %d times", n)
	}
}

// faulty stands between the watcher and the real event queue.
type faulty struct {
	notifier
	limit int
}

func (f *faulty) Add(dir string) error {
	if f.limit--; f.limit < 0 {
		return syscall.ENOSPC
	}
	return f.notifier.Add(dir)
}

func TestWatchLimitMeansPolling(t *testing.T) {
	s := prepare(t, nil)
	s.w.newNotifier = func() (notifier, error) {
		n, err := newKernelNotifier()
		return &faulty{notifier: n, limit: 3}, err
	}
	for i := range 5 {
		s.write(fmt.Sprintf("d%d/before.mov", i), "x")
	}
	s.start()
	s.mode("polling (degraded): the limit on watches is reached")
	for i := range 5 {
		s.write(fmt.Sprintf("d%d/after.mov", i), "x")
		s.settles(fmt.Sprintf("d%d/before.mov", i), 1)
		s.settles(fmt.Sprintf("d%d/after.mov", i), 1)
	}
}

func TestEventsComeBackWhenTheLimitIsRaised(t *testing.T) {
	s := prepare(t, func(o *Options) { o.Rescan = 300 * time.Millisecond })
	var mu sync.Mutex
	limit := 0
	s.w.newNotifier = func() (notifier, error) {
		mu.Lock()
		defer mu.Unlock()
		n, err := newKernelNotifier()
		return &faulty{notifier: n, limit: limit}, err
	}
	s.start().mode("polling")
	mu.Lock()
	limit = 100
	mu.Unlock()
	s.mode("events")
}

// deaf loses all events after the first overflow, as the kernel does until the queue has been read.
type deaf struct {
	notifier
	events chan fsnotify.Event
	errs   chan error
}

func (d *deaf) Events() <-chan fsnotify.Event { return d.events }
func (d *deaf) Errors() <-chan error          { return d.errs }

func (d *deaf) Close() error {
	close(d.events)
	close(d.errs)
	return d.notifier.Close()
}

func TestOverflowMeansAFullScan(t *testing.T) {
	s := prepare(t, func(o *Options) { o.Rescan = -1 })
	first := &deaf{events: make(chan fsnotify.Event), errs: make(chan error)}
	s.w.newNotifier = func() (notifier, error) {
		n, err := newKernelNotifier()
		if first.notifier == nil {
			first.notifier = n
			return first, err
		}
		return n, err
	}
	s.start().mode("events")
	s.write("lost/in/the overflow.mov", "x")
	first.errs <- fsnotify.ErrEventOverflow
	s.settles("lost/in/the overflow.mov", 1)
	s.write("lost/in/after.mov", "x")
	s.settles("lost/in/after.mov", 1)
}
