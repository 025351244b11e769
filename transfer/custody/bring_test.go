package custody

import (
	"fmt"
	"path"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"gantry/connectors"
	"gantry/transfer/manifest/mhl"
)

// branches are stands that have gone on from the same generations, each with one of its
// own, and one that stopped there.
func branches(t *testing.T, generations, n int) (to *stand, from []*stand) {
	t.Helper()
	first := newStand(t, "a=1")
	for range generations {
		first.create()
	}
	same := func() *stand {
		s := newStand(t)
		for name, content := range first.tree() {
			s.write(name + "=" + content)
		}
		s.open()
		return s
	}
	for i := range n {
		s := same()
		for range i {
			s.now() // so that their manifests have other names
		}
		s.create(func(o *CreateOptions) { o.Comment = fmt.Sprint("branch ", i) })
		from = append(from, s)
	}
	return same(), from
}

func bring(t *testing.T, from *stand, to connectors.Place) error {
	t.Helper()
	return Bring(t.Context(), from.Place, "", to, "", time.Now)
}

func linksOf(t *testing.T, s *stand) []mhl.Link {
	t.Helper()
	list, _, err := links(t.Context(), s.Place, "")
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// Whoever brings a history while another one does gives way: what was brought stays, be
// it the first generation there, one that has parted, or a longer one of the same history.
func TestNoGenerationGetsLostWhereTwoBringAtOnce(t *testing.T) {
	t.Parallel()
	for _, at := range []string{"0", mhl.ChainFile} { // before its manifest is written, before its chain
		for _, c := range []string{"the first", "parted", "longer"} {
			to, from := branches(t, map[string]int{"the first": 0, "parted": 1, "longer": 1}[c], 2)
			one, other := from[0], from[1]
			if c == "longer" {
				other = newStand(t)
				for name, content := range one.tree() {
					other.write(name + "=" + content)
				}
				other.open()
				other.create()
			}
			var once sync.Once
			var second error
			first := bring(t, one, bare{to.Place, func(p string) error {
				if path.Dir(p) == mhl.Folder && strings.HasPrefix(path.Base(p), at) {
					once.Do(func() { second = bring(t, other, bare{Place: to.Place}) })
				}
				return nil
			}})
			told := 0
			for i, err := range []error{first, second} {
				source := linksOf(t, []*stand{one, other}[i])
				switch there := linksOf(t, to); {
				case err == nil:
					told++
					if len(there) < len(source) || !slices.Equal(there[:len(source)], source) {
						t.Errorf("%s, at %s: number %d was told that its history is there: %v of %v", c, at, i, there, source)
					}
				case connectors.KindOf(err) != connectors.KindBusy:
					t.Errorf("%s, at %s: number %d: %v", c, at, i, err)
				}
			}
			if told == 0 {
				t.Errorf("%s, at %s: both gave way", c, at)
			}
			if says(to.verify()) != "" {
				t.Errorf("%s, at %s: %s", c, at, says(to.verify()))
			}
		}
	}
}

// On this machine's disks they take turns, and all but the first find another history.
func TestThoseWhoBringAtOnceTakeTurns(t *testing.T) {
	t.Parallel()
	to, from := branches(t, 1, 5)
	var all sync.WaitGroup
	errs := make([]error, len(from))
	for i, s := range from {
		all.Go(func() { errs[i] = bring(t, s, to.Place) })
	}
	all.Wait()
	won := slices.IndexFunc(errs, func(err error) bool { return err == nil })
	for i, err := range errs {
		if i != won && connectors.KindOf(err) != connectors.KindExists {
			t.Errorf("number %d: %v", i, err)
		}
	}
	if won < 0 || !slices.Equal(linksOf(t, to), linksOf(t, from[won])) {
		t.Errorf("number %d has won, and there is %v", won, linksOf(t, to))
	}
}

// What a crash has left on its way is taken up, on this machine's disks at once, and
// elsewhere when its writer can be taken for dead.
func TestABringThatCrashedIsRepeated(t *testing.T) {
	t.Parallel()
	to, from := branches(t, 1, 1)
	s := from[0]
	manifest := name(s, "ascmhl/0002_*")
	to.write(manifest + "=" + s.tree()[manifest])
	away := bare{Place: to.Place}
	if err := bring(t, s, away); connectors.KindOf(err) != connectors.KindBusy {
		t.Errorf("at once: %v", err)
	}
	if err := Bring(t.Context(), s.Place, "", away, "", func() time.Time { return time.Now().Add(time.Hour) }); err != nil {
		t.Errorf("after an hour: %v", err)
	}
	if !slices.Equal(linksOf(t, to), linksOf(t, s)) || says(to.verify()) != "" {
		t.Errorf("there is %v: %s", linksOf(t, to), says(to.verify()))
	}
	to, from = branches(t, 1, 1)
	manifest = name(from[0], "ascmhl/0002_*")
	to.write(manifest + "=" + from[0].tree()[manifest])
	if err := bring(t, from[0], to.Place); err != nil {
		t.Errorf("on a disk: %v", err)
	}
}
