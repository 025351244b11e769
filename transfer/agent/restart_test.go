package agent

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"gantry/connectors/connectortest"
	"gantry/transfer/agent/wire"
)

const childHub, childHome = "GANTRY_TEST_AGENT_HUB", "GANTRY_TEST_AGENT_HOME"

// TestMain is an agent where the environment asks for one, so that a test can kill it.
func TestMain(m *testing.M) {
	if home := os.Getenv(childHome); home != "" {
		a, err := New(venueOptions(os.Getenv(childHub), home))
		if err == nil {
			err = a.Run(context.Background())
		}
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	connectortest.SideBySide(6)
	os.Exit(m.Run())
}

func (v *venue) spawn() *exec.Cmd {
	v.t.Helper()
	c := exec.Command(os.Args[0])
	c.Env = append(os.Environ(), childHub+"="+v.hub.URL, childHome+"="+v.home)
	c.Stderr = testWriter{v.t}
	if err := c.Start(); err != nil {
		v.t.Fatal(err)
	}
	return c
}

func TestKilledAtAnyTimeEachFileArrivesOnce(t *testing.T) {
	t.Parallel()
	v := newVenue(t)
	const count = 12
	content := map[string]string{}
	for i := range count {
		name := fmt.Sprintf("clip-%02d.mxf", i)
		content[name] = string(noise(1<<20+i*300_000, uint64(i)))
		v.put(name, []byte(content[name]))
	}
	order, partner := v.delivery(t)
	o := v.hub.order(order)
	kills := 8
	if testing.Short() {
		kills = 3
	}
	random := rand.New(rand.NewPCG(1, 2))
	for range kills {
		c := v.spawn()
		time.Sleep(time.Duration(100+random.IntN(400)) * time.Millisecond) // the instant is the point, not a wait for anything
		_ = c.Process.Kill()
		_ = c.Wait()
		v.hub.with(func() { // the lease of the dead runs out
			if o.result == nil && o.Fence > 0 && len(v.hub.waiting) == 0 {
				v.hub.waiting = append(v.hub.waiting, o)
			}
		})
	}
	c := v.spawn()
	defer func() { _ = c.Process.Kill(); _ = c.Wait() }()
	v.hub.eventually("all arrivals and the order", func() bool { return len(v.hub.arrivals()) >= count && o.result != nil })

	if n := len(v.hub.arrivals()); n != count || len(v.hub.failures()) != 0 {
		t.Errorf("%d arrivals, failures %+v", n, v.hub.failures())
	}
	got := map[string]string{}
	for p, data := range files(t, v.out) {
		if !strings.HasPrefix(filepath.Base(p), ".") {
			got[filepath.Base(p)] += data
		}
	}
	for name, want := range content {
		if got[name] != want {
			t.Errorf("%s: %d bytes at the destination, want %d", name, len(got[name]), len(want))
		}
	}
	delivered := files(t, partner)
	if f := o.result.Failure; f != nil {
		t.Errorf("order: %+v", f)
	}
	manifests := 0
	for p := range delivered {
		if strings.HasSuffix(p, ".mhl") {
			manifests++
		}
	}
	if manifests != 1 || len(delivered) != 5 {
		t.Errorf("%d manifests among %d delivered files", manifests, len(delivered))
	}
}

func TestADamagedJournalCostsTimeAndNoFile(t *testing.T) {
	t.Parallel()
	v := newVenue(t)
	v.put("clip.mxf", noise(1<<20, 3))
	_, stop := v.start()
	v.hub.eventually("the arrival", func() bool { return len(v.hub.arrivals()) == 1 })
	stop()
	damageJournal(t, v.home)

	a, _ := v.start()
	v.hub.eventually("the alarm", func() bool { return len(v.hub.alarms()) == 1 })
	if s := a.Status(); s.Journal == "" || !strings.Contains(s.Journal, "damaged") {
		t.Errorf("status %+v", s)
	}
	v.put("next.mxf", []byte("next"))
	v.hub.eventually("the next arrival", func() bool { return len(v.hub.arrivals()) == 2 })
	eventually(t, "nothing is left to do", func() bool { s := a.Status(); return s.Waiting == 0 && len(s.Moves) == 0 && s.Outbox == 0 })
	if n := len(v.hub.arrivals()); n != 2 {
		t.Errorf("%d arrivals: the first was to be known by its ID", n)
	}
	if n := len(files(t, v.out)); n != 2 {
		t.Errorf("%d files at the destination", n)
	}
}

func TestALostJournalFindsWhatItHasMoved(t *testing.T) {
	t.Parallel()
	for _, path := range []string{"", "{{.Name}}"} {
		v := newVenue(t)
		v.hub.setConfig(v.config(wire.Route{Name: "ingest", From: "in", To: "out", Path: path, Settle: wire.Settle{Stable: 0.2}}))
		v.put("clip.mxf", noise(1<<20, 3))
		_, stop := v.start()
		v.hub.eventually("the arrival", func() bool { return len(v.hub.arrivals()) == 1 })
		stop()
		if err := os.RemoveAll(filepath.Join(v.home, "journal")); err != nil {
			t.Fatal(err)
		}
		v.hub.with(func() { v.hub.events = nil }) // to see the same event once more
		v.start()
		v.hub.eventually("the same arrival", func() bool { return len(v.hub.events) == 1 })
		if len(v.hub.arrivals()) != 1 || len(files(t, v.out)) != 1 {
			t.Errorf("%q: failures %+v, %d files at the destination", path, v.hub.failures(), len(files(t, v.out)))
		}
	}
}

// damageJournal overwrites the middle of every table and log of the store.
func damageJournal(t *testing.T, home string) {
	t.Helper()
	hit := 0
	for _, pattern := range []string{"*.sst", "*.mem", "MANIFEST"} {
		found, _ := filepath.Glob(filepath.Join(home, "journal/store", pattern))
		for _, path := range found {
			f, err := os.OpenFile(path, os.O_RDWR, 0)
			if err != nil {
				t.Fatal(err)
			}
			for at := int64(8); at < 600; at += 16 {
				_, _ = f.WriteAt([]byte("damaged!"), at)
			}
			_ = f.Close()
			hit++
		}
	}
	if hit == 0 {
		t.Fatal("found nothing to damage in " + home)
	}
}

func TestASecondAgentOnTheSameFolderIsRefused(t *testing.T) {
	t.Parallel()
	v := newVenue(t)
	v.start()
	if a, err := New(v.options); err == nil {
		t.Errorf("got %v", a)
	} else if !strings.Contains(err.Error(), "in use") {
		t.Errorf("error %v", err)
	}
}

func TestOptionsThatCannotWorkAreRefused(t *testing.T) {
	t.Parallel()
	good := venueOptions("http://127.0.0.1:1", t.TempDir())
	for name, change := range map[string]func(*Options){
		"name": func(o *Options) { o.Name = "" }, "site": func(o *Options) { o.Site = "" }, "dir": func(o *Options) { o.Dir = "" },
		"open": func(o *Options) { o.Open = nil }, "hub": func(o *Options) { o.Hub = "hub.example:8420" },
	} {
		o := good
		if change(&o); o.check() == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

func (o Options) check() error {
	a, err := New(o)
	if err == nil {
		return a.Close()
	}
	return err
}
