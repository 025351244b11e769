package agent

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"gantry/connectors"
	"gantry/transfer/agent/wire"
	"gantry/transfer/watch"
)

func TestAnArrivalIDIsOfOneVersionOnOneRoute(t *testing.T) {
	t.Parallel()
	base := watch.File{Path: "a.mov", Size: 1, ModTime: time.Unix(5, 6), Inode: 7}
	same := base
	same.FirstSeen, same.LastChange, same.ModTime = time.Unix(9, 9), time.Unix(9, 9), base.ModTime.UTC()
	id := arrivalID("s", "r", base)
	if id != arrivalID("s", "r", same) || len(id) != 16 {
		t.Errorf("%s and %s: when a file was seen does not matter", id, arrivalID("s", "r", same))
	}
	seen := map[string]string{id: "base"}
	add := func(what, id string) {
		if other, taken := seen[id]; taken {
			t.Errorf("%s has the ID of %s", what, other)
		}
		seen[id] = what
	}
	add("site", arrivalID("sr", "", base))
	add("route", arrivalID("s", "r2", base))
	for what, change := range map[string]func(*watch.File){
		"path": func(f *watch.File) { f.Path = "b.mov" }, "size": func(f *watch.File) { f.Size = 2 },
		"time": func(f *watch.File) { f.ModTime = f.ModTime.Add(1) }, "inode": func(f *watch.File) { f.Inode = 8 },
	} {
		other := base
		change(&other)
		add(what, arrivalID("s", "r", other))
	}
}

func TestPausesGrowAndAreSpread(t *testing.T) {
	t.Parallel()
	p := &pauses{first: time.Second, most: 10 * time.Second, jitter: func() float64 { return 0 }}
	var got []time.Duration
	for range 6 {
		got = append(got, p.next())
	}
	if fmt.Sprint(got) != "[1s 2s 4s 8s 10s 10s]" {
		t.Errorf("pauses %v", got)
	}
	p.failures = 1 << 40
	if p.jitter = func() float64 { return 0.999 }; p.next() < 5*time.Second {
		t.Error("more than half was cut off")
	}
}

func TestPlacesAreSharedUntilTheyBreakOrIdle(t *testing.T) {
	t.Parallel()
	opened, now := 0, time.Unix(0, 0)
	dir := t.TempDir()
	p := newPlaces(func(ctx context.Context, l connectors.Location) (connectors.Place, error) {
		opened++
		return openLocal(ctx, l)
	}, func() time.Time { return now })
	borrow := func(l connectors.Location) func(error) {
		_, back, err := p.borrow(t.Context(), l)
		if err != nil {
			t.Fatal(err)
		}
		return back
	}
	one, two := borrow(connectors.Location{Name: "a", URL: "file://" + dir}), borrow(connectors.Location{Name: "b", URL: "file://" + dir})
	if opened != 1 {
		t.Errorf("opened %d times", opened)
	}
	one(connectors.Errorf(connectors.KindNotFound, "open", "x", "not there"))
	borrow(folder(dir))(nil)
	two(connectors.Errorf(connectors.KindUnavailable, "open", "x", "connection lost"))
	borrow(folder(dir))(nil)
	if opened != 2 {
		t.Errorf("opened %d times: a lost connection is made anew, a missing file is none", opened)
	}
	now = now.Add(time.Hour)
	if err := errors.Join(p.sweep(), p.close()); err != nil {
		t.Error(err)
	}
	borrow(folder(dir))(nil)
	if opened != 3 {
		t.Errorf("opened %d times: what was idle is closed", opened)
	}
}

func TestPlacesAreFoundByTheNameTheyWereLastBorrowedUnder(t *testing.T) {
	t.Parallel()
	p := newPlaces(openLocal, time.Now)
	defer p.close()
	if _, err := p.byName(t.Context(), "a"); connectors.KindOf(err) != connectors.KindNotFound {
		t.Errorf("got %v", err)
	}
	_, back, err := p.borrow(t.Context(), connectors.Location{Name: "a", URL: "file://" + t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	back(nil)
	ctx, cancel := context.WithCancel(t.Context())
	if place, err := p.byName(ctx, "a"); err != nil || place == nil {
		t.Fatal(err)
	}
	cancel()
	for users := 1; users > 0; {
		p.mu.Lock()
		users = 0
		for _, s := range p.shared {
			users += s.users
		}
		p.mu.Unlock()
	}
}

func TestAnAlarmIsToldOnceAndEndsOnce(t *testing.T) {
	t.Parallel()
	now := time.Unix(0, 0)
	var told []string
	var broken error
	a := &alarms{now: func() time.Time { return now }, set: map[alarmKey]*alarm{}, tell: func(_, message string, cleared bool) error {
		if broken == nil {
			told = append(told, fmt.Sprint(message, cleared))
		}
		return broken
	}}
	a.clear("r", "c", "nothing")
	broken = errors.New("the journal is full")
	a.raise("r", "c", "0")
	broken = nil
	a.raise("r", "c", "1")
	a.raise("r", "c", "2")
	a.clear("r", "c", "3")
	a.clear("r", "c", "4")
	a.raise("r", "c", "5") // so soon after: quiet
	now = now.Add(alarmQuiet)
	a.raise("r", "c", "6")
	if got := strings.Join(told, " "); got != "1false 3true 6false" {
		t.Errorf("told %s", got)
	}
}

func TestTheKeptConfigurationSurvives(t *testing.T) {
	t.Parallel()
	file := configFile(filepath.Join(t.TempDir(), "config.json"))
	if _, ok, err := file.load(); ok || err != nil {
		t.Errorf("none yet: %v, %v", ok, err)
	}
	want := wire.Config{Site: "s", Version: "7", Routes: []wire.Route{{Name: "r", Settle: wire.Settle{Ignore: []string{"*.x"}}}}}
	if err := file.save(want); err != nil {
		t.Fatal(err)
	}
	got, ok, err := file.load()
	if err != nil || !ok || fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("%+v, %v, %v", got, ok, err)
	}
	writeFile(t, string(file), []byte("{"))
	if _, ok, err := file.load(); ok || err == nil {
		t.Error("a broken file was taken")
	}
}
