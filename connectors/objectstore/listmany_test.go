package objectstore

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"gantry/connectors"
)

// A shop lists its keys in pages. It may do so badly.
type shop struct {
	keys      []string // ascending
	size      int      // of a page
	deaf      bool     // start-after is ignored
	inclusive bool     // start-after is taken for the first key
	delay     func()
	fail      func(request int, after, token string) error

	asked, atOnce, most atomic.Int32
}

func (s *shop) page(ctx context.Context, after, token string) (listPage, error) {
	request := int(s.asked.Add(1))
	s.most.Store(max(s.most.Load(), s.atOnce.Add(1)))
	defer s.atOnce.Add(-1)
	if s.delay != nil {
		s.delay()
	}
	if err := ctx.Err(); err != nil {
		return listPage{}, err
	}
	if s.fail != nil {
		if err := s.fail(request, after, token); err != nil {
			return listPage{}, err
		}
	}
	inclusive := s.inclusive
	switch {
	case token != "":
		after, inclusive = token[1:], false
	case s.deaf:
		after = ""
	}
	from, found := slices.BinarySearch(s.keys, after)
	if found && !inclusive {
		from++
	}
	keys := s.keys[from:]
	keys = keys[:min(len(keys), s.size)]
	page := listPage{more: from+len(keys) < len(s.keys)}
	for _, key := range keys {
		page.objects = append(page.objects, Object{Key: key})
	}
	if page.more {
		page.token = ">" + keys[len(keys)-1]
	}
	return page, nil
}

func (s *shop) list(ctx context.Context, most int) (keys []string, err error) {
	err = newLister("", most, s.page).run(ctx, func(o Object) bool {
		keys = append(keys, o.Key)
		return true
	})
	return keys, err
}

// keySets have the shapes of real buckets, and some that none should have.
func keySets() *rapid.Generator[[]string] {
	awkward := rapid.SampledFrom([]string{
		"a", "a/", "a/b", "b", "~", "\x7f", "\u0080", "é", "日", "\uffff", "\U0010ffff", "\U0010ffff\U0010ffff", "\xff", "\xff\xff", " ", "9", ":", "Z", "0",
	})
	free := rapid.Custom(func(t *rapid.T) string { return strings.Join(rapid.SliceOfN(awkward, 1, 5).Draw(t, "pieces"), "") })
	frame := rapid.Custom(func(t *rapid.T) string {
		return fmt.Sprintf("reel/f_%06d.dpx", rapid.IntRange(0, 5000).Draw(t, "frame"))
	})
	tree := rapid.Custom(func(t *rapid.T) string {
		return fmt.Sprintf("day%02d/clip%d/%c.mxf", rapid.IntRange(1, 12).Draw(t, "day"), rapid.IntRange(0, 30).Draw(t, "clip"), 'a'+rune(rapid.IntRange(0, 20).Draw(t, "file")))
	})
	hash := rapid.Custom(func(t *rapid.T) string { return fmt.Sprintf("%08x", rapid.Uint32().Draw(t, "hash")) })
	return rapid.Custom(func(t *rapid.T) []string {
		one := rapid.SampledFrom([]*rapid.Generator[string]{free, frame, tree, hash, rapid.OneOf(free, frame, tree, hash), rapid.StringN(1, 8, -1)}).Draw(t, "shape")
		keys := rapid.SliceOfN(one, 0, 300).Draw(t, "keys")
		slices.Sort(keys)
		return slices.Compact(keys)
	})
}

func drawShop(t *rapid.T) *shop {
	s := &shop{keys: keySets().Draw(t, "keys"), size: rapid.IntRange(1, 20).Draw(t, "page")}
	random := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0))
	pauses := make([]time.Duration, 64)
	for i := range pauses {
		pauses[i] = time.Duration(random.IntN(20)) * time.Microsecond
	}
	s.delay = func() { time.Sleep(pauses[int(s.asked.Load())%len(pauses)]) }
	return s
}

func TestNoKeyIsLostOrDoubled(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := drawShop(t)
		switch rapid.IntRange(0, 3).Draw(t, "manners") {
		case 0:
			s.deaf = true
		case 1:
			s.inclusive = true
		}
		most := rapid.IntRange(1, 9).Draw(t, "listers")
		got, err := s.list(t.Context(), most)
		if err != nil || !slices.Equal(got, s.keys) {
			t.Fatalf("listed %d of %d keys, %v:\n%q\n%q", len(got), len(s.keys), err, got, s.keys)
		}
		plain := max(1, (len(s.keys)+s.size-1)/s.size)
		if asked := int(s.asked.Load()); asked > 6*plain+64 || (plain == 1 || most == 1) && asked != plain {
			t.Fatalf("%d requests for %d pages", asked, plain)
		}
		if int(s.most.Load()) > most || s.atOnce.Load() != 0 {
			t.Fatalf("%d requests at once of %d, %d are left behind", s.most.Load(), most, s.atOnce.Load())
		}
	})
}

// What is listed before an error is right, and an error is never lost.
func TestAPageThatFails(t *testing.T) {
	broken := errors.New("broken")
	rapid.Check(t, func(t *rapid.T) {
		s := drawShop(t)
		from, for_ := rapid.IntRange(1, 40).Draw(t, "from"), rapid.IntRange(1, 40).Draw(t, "for")
		s.fail = func(request int, _, _ string) error {
			if from <= request && request < from+for_ {
				return broken
			}
			return nil
		}
		got, err := s.list(t.Context(), rapid.IntRange(1, 6).Draw(t, "listers"))
		switch {
		case err == nil && !slices.Equal(got, s.keys):
			t.Fatalf("no error, and %d of %d keys", len(got), len(s.keys))
		case err != nil && (!errors.Is(err, broken) || !slices.Equal(got, s.keys[:len(got)])):
			t.Fatalf("%v after %q of %q", err, got, s.keys)
		}
	})
}

func TestTokensThatLoop(t *testing.T) {
	for _, most := range []int{1, 4} {
		requests := 0
		err := newLister("", most, func(_ context.Context, _, token string) (listPage, error) {
			requests++
			return listPage{more: true, token: map[string]string{"": "a", "a": "b", "b": "c", "c": "a"}[token]}, nil
		}).run(t.Context(), func(Object) bool { return true })
		if connectors.KindOf(err) != connectors.KindIncomplete || requests > 20 {
			t.Errorf("%v after %d requests", err, requests)
		}
	}
}

func TestAListingThatIsCutShortLeavesNothingBehind(t *testing.T) {
	s := &shop{keys: reels(1, 1, 30_000), size: 1000, delay: func() { time.Sleep(time.Millisecond) }}
	n := 0
	err := newLister("", 8, s.page).run(t.Context(), func(Object) bool { n++; return n < 2500 })
	if err != nil || n != 2500 || s.atOnce.Load() != 0 {
		t.Errorf("%d keys, %v, %d requests left behind", n, err, s.atOnce.Load())
	}
	ctx, cancel := context.WithCancel(t.Context())
	err = newLister("", 8, s.page).run(ctx, func(Object) bool { cancel(); return true })
	if !errors.Is(err, context.Canceled) || s.atOnce.Load() != 0 {
		t.Errorf("%v, %d requests left behind", err, s.atOnce.Load())
	}
}

func reels(days, clips, frames int) []string {
	var keys []string
	for d := range days {
		for c := range clips {
			for f := range frames {
				keys = append(keys, fmt.Sprintf("events/2026-%02d-%02d/clip%04d/frame_%07d.dpx", d/28+1, d%28+1, c, f))
			}
		}
	}
	return keys
}

func hashes(n int) []string {
	random := rand.New(rand.NewPCG(1, 2))
	keys := make([]string, n)
	for i := range keys {
		keys[i] = fmt.Sprintf("objects/%016x", random.Uint64())
	}
	slices.Sort(keys)
	return slices.Compact(keys)
}

// projects have folders and files with names of words.
func projects(n int) []string {
	random := rand.New(rand.NewPCG(3, 4))
	word := func() string {
		b := make([]byte, 3+random.IntN(8))
		for i := range b {
			b[i] = "abcdefghijklmnoprstuvwz"[random.IntN(23)]
		}
		return string(b)
	}
	var keys []string
	for range n {
		project := word() + " " + word()
		for range 2 + random.IntN(20) {
			folder := project + "/" + word()
			for f := range random.IntN(600) {
				keys = append(keys, fmt.Sprintf("%s/%s_%d.mov", folder, word(), f))
			}
		}
	}
	slices.Sort(keys)
	return slices.Compact(keys)
}

// 200,000 keys, 50 ms a page, by a clock that only the pages move. Names of words
// tell little of what comes, so that less is won there.
func TestSeveralListersAreFaster(t *testing.T) {
	for name, keys := range map[string][]string{
		"one sequence":   reels(1, 1, 200_000),
		"days of clips":  reels(50, 40, 100),
		"a few folders":  reels(3, 1, 66_000),
		"hashes":         hashes(200_000),
		"names of words": projects(80),
	} {
		for _, most := range []int{4, 16} {
			t.Run(fmt.Sprintf("%s/%d", name, most), func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					s := &shop{keys: keys, size: 1000, delay: func() { time.Sleep(50 * time.Millisecond) }}
					began := time.Now()
					got, err := s.list(t.Context(), most)
					if err != nil || !slices.Equal(got, keys) {
						t.Fatal(len(got), err)
					}
					plain := time.Duration((len(keys)+999)/1000) * 50 * time.Millisecond
					took := time.Since(began)
					t.Logf("%v, one after the other %v; %d requests", took, plain, s.asked.Load())
					if took*8 > plain*5 && !strings.Contains(name, "words") || took > plain {
						t.Errorf("it took %v, one after the other %v", took, plain)
					}
					if asked, pages := int(s.asked.Load()), len(keys)/1000+1; asked > 4*pages+128 {
						t.Errorf("%d requests for %d pages", asked, pages)
					}
				})
			})
		}
	}
}
