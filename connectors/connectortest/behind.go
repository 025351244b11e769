package connectortest

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"gantry/connectors"
)

// testFoundNames lists names that somebody else has made. Each is listed as it is
// and can be read and removed, or it is passed over with a reason.
func testFoundNames(t *testing.T, s *stand) {
	s.needDisk()
	names := slices.Clone(awkward)
	for _, pair := range twins {
		names = append(names, pair[1])
	}
	slices.Sort(names)
	names = slices.DeleteFunc(slices.Compact(names), func(name string) bool {
		return name == "line\n" && slices.Contains(names, "line") // one of a pair is enough
	})
	for _, name := range names {
		s.onDisk(name, []byte("of "+name))
	}
	listed, passed, err := s.listPassing()
	if connectors.KindOf(err) == connectors.KindIncomplete {
		// A protocol of lines cannot tell where such a name ends, and says so.
		t.Logf("the listing is incomplete while names hold line breaks: %v", err)
		names = slices.DeleteFunc(names, func(name string) bool {
			return strings.ContainsAny(name, "\r\n") && os.Remove(filepath.Join(s.site.Dir, name)) == nil
		})
		listed, passed, err = s.listPassing()
	}
	if err != nil {
		t.Fatalf("list: %v", err)
	}
	if !slices.IsSorted(listed) {
		t.Errorf("the listing is not in byte order: %q", listed)
	}
	for _, name := range listed {
		if !slices.Contains(names, name) {
			t.Errorf("it lists %q, which is not there", name)
			continue
		}
		s.holds(name, []byte("of "+name))
		if err := s.place.Remove(s.ctx, name); err != nil {
			t.Errorf("remove %q: %v", name, err)
		}
	}
	left := s.leftOnDisk()
	for _, name := range names {
		if slices.Contains(listed, name) == slices.Contains(left, name) {
			t.Errorf("%q: listed %t, still on the disk %t", name, slices.Contains(listed, name), slices.Contains(left, name))
		}
	}
	switch lost := len(names) - len(listed); {
	case lost > passed && !s.place.Traits().DoubtfulLists:
		t.Errorf("%d of %d names are missing in the listing, without a word: %q", lost, len(names), left)
	case lost > 0:
		t.Logf("%d of %d names are not listed; %d were passed over with a reason", lost, len(names), passed)
	}
}

// testFoundNoFiles lists what is no file. It is passed over, and blocks nothing.
func testFoundNoFiles(t *testing.T, s *stand) {
	s.needDisk()
	s.onDisk("day/clip", []byte("x"))
	at := func(name string) string { return filepath.Join(s.site.Dir, name) }
	for name, target := range map[string]string{"loop": ".", "day/up": "..", "day/dangling": "nothing", "day/self": "self", "out": "/etc/hostname"} {
		if err := os.Symlink(target, at(name)); err != nil {
			t.Skipf("no links here: %v", err)
		}
	}
	for name, socket := range map[string]bool{"day/fifo": false, "socket": true} {
		if err := makeSpecial(at(name), socket); err != nil {
			t.Logf("no %s: %v", name, err)
		}
	}
	if err := s.sparse("sparse"); err != nil {
		t.Logf("no sparse file: %v", err)
	}
	listed, _, err := s.listPassing()
	if err != nil {
		t.Fatalf("list: %v", err)
	}
	if !slices.Contains(listed, "day/clip") {
		t.Fatalf("it lists %q", listed)
	}
	for _, name := range []string{"loop", "day/up", "day/dangling", "day/self", "socket", "day/fifo"} {
		switch special := name == "socket" || name == "day/fifo"; {
		case slices.Contains(listed, name) && special:
			t.Logf("it lists %q, since the server calls it a file", name)
		case slices.Contains(listed, name):
			t.Errorf("it lists %q, which is no file", name)
		}
		err := s.promptly("open "+name, func() error { _, err := s.read(name, 0, 1); return err })
		s.fails("open "+name, err)
	}
	for _, name := range listed {
		if name == "socket" || name == "day/fifo" {
			continue
		}
		if entry, err := s.place.Stat(s.ctx, name); err != nil || entry.Path != name {
			t.Errorf("stat %q, which it lists: %+v, %v", name, entry, err)
		}
	}
	if slices.Contains(listed, "sparse") {
		if got, err := s.read("sparse", 1<<40-10, 10); err != nil || !bytes.Equal(got, make([]byte, 10)) {
			t.Errorf("read the end of a sparse file: %q, %v", got, err)
		}
	}
}

// sparse makes a file of 1 TB without data.
func (s *stand) sparse(name string) error {
	path := filepath.Join(s.site.Dir, name)
	s.onDisk(name, nil)
	return os.Truncate(path, 1<<40)
}

// listPassing lists everything, and counts what is passed over with a reason.
func (s *stand) listPassing() (paths []string, passed int, err error) {
	s.t.Helper()
	ctx := connectors.WithPassedOver(s.ctx, func(name string, reason error) {
		passed++
		if reason == nil {
			s.t.Errorf("%q is passed over without a reason", name)
		}
	})
	for entry, err := range s.place.List(ctx, "") {
		if err != nil {
			return paths, passed, err
		}
		paths = append(paths, entry.Path)
	}
	return paths, passed, nil
}
