package connectortest

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sync/errgroup"

	"gantry/connectors"
)

func testPrefix(_ *testing.T, s *stand) {
	for _, name := range []string{"day/1.mxf", "day/2/a.mxf", "day/2.mxf", "day/20/b.mxf", "day.txt", "days/3.mxf", "eve"} {
		s.put(name, []byte(name))
	}
	s.lists("", "day.txt", "day/1.mxf", "day/2.mxf", "day/2/a.mxf", "day/20/b.mxf", "days/3.mxf", "eve")
	s.lists("day", "day/1.mxf", "day/2.mxf", "day/2/a.mxf", "day/20/b.mxf")
	s.lists("day/2", "day/2/a.mxf")
	s.lists("day/2.mxf", "day/2.mxf")
	s.lists("eve", "eve")
	s.lists("da")
	s.lists("none")
	s.lists("none/at/all")
	s.lists("eve/below")
}

// testMany lists more than any page holds, in folders whose names sort otherwise
// than a walk goes through them, stops early, and is cancelled.
func testMany(t *testing.T, s *stand) {
	want := s.fill()
	slices.Sort(want)
	s.listsMany("", want)
	for _, folder := range []string{"reel", "reel-1"} {
		below := slices.DeleteFunc(slices.Clone(want), func(path string) bool { return !strings.HasPrefix(path, folder+"/") })
		s.listsMany(folder, below)
	}

	seen := 0
	for _, err := range s.place.List(s.ctx, "") {
		if err != nil {
			t.Fatal(err)
		}
		if seen++; seen == 3 {
			break
		}
	}

	ctx, cancel := context.WithCancel(s.ctx)
	defer cancel()
	err := s.promptly("list", func() error {
		for _, err := range s.place.List(ctx, "") {
			if err != nil {
				return err
			}
			cancel()
		}
		return nil
	})
	s.fails("list, cancelled in the middle", err, connectors.KindCanceled)
}

// fill makes 20,000 files, or fewer where each has to go through the place.
func (s *stand) fill() (paths []string) {
	s.t.Helper()
	count := 20_000
	through := s.site.Dir == ""
	if through || s.site.Slow {
		count = 1200
	}
	folders := []string{"reel", "reel-1", "reel.b", "reel0", "reel/a", "reel/a.b/c", "reel/a-b", "r"}
	for i := range count {
		paths = append(paths, fmt.Sprintf("%s/%d.dpx", folders[i%8], i/8))
	}
	if !through {
		for i, path := range paths {
			if i < len(folders) {
				s.onDisk(path, nil)
			} else if f, err := os.Create(filepath.Join(s.site.Dir, path)); err != nil {
				s.t.Fatal(err)
			} else if err := f.Close(); err != nil {
				s.t.Fatal(err)
			}
		}
		return paths
	}
	s.t.Logf("%d files only, since each goes through the place (no Site.Dir)", count)
	group, ctx := errgroup.WithContext(s.ctx)
	group.SetLimit(16)
	for _, path := range paths {
		group.Go(func() error {
			_, err := upload(ctx, s.place, path, nil, s.part, connectors.UploadOptions{})
			return err
		})
	}
	if err := group.Wait(); err != nil {
		s.t.Fatal(err)
	}
	return paths
}

// listsMany is lists, with the first difference only.
func (s *stand) listsMany(prefix string, want []string) {
	s.t.Helper()
	_, got := s.list(prefix)
	for i := range min(len(got), len(want)) {
		if got[i] != want[i] {
			s.t.Fatalf("list %q: number %d is %q; want %q", prefix, i, got[i], want[i])
		}
	}
	if len(got) != len(want) {
		s.t.Fatalf("list %q: %d files; want %d", prefix, len(got), len(want))
	}
}
