package watch

import (
	"errors"
	"io/fs"
	"strings"
	"testing"
	"time"
)

func TestIgnore(t *testing.T) {
	cases := []struct {
		globs   []string
		ignored []string
		taken   []string
	}{
		{
			DefaultIgnore(),
			[]string{".DS_Store", "a/.hidden", "clip.mov.part", "CLIP.TMP", "~lock", "x.filepart", "x.crdownload", "clip.gantry-01J", "lost+found", "Thumbs.db", "d/.x\n\xff"},
			[]string{"clip.mov", "-rf", "part", "tmp.mov", "a~", "\xff\xfe.mxf", "new\nline.mxf", "ascmhl"},
		},
		{[]string{"*.XML", "proxies/*"}, []string{"a.xml", "b/c.Xml", "proxies/a.mov", "PROXIES/b"}, []string{"proxies", "a/proxies/b", "xml"}},
		{[]string{}, nil, []string{".hidden", "clip.part"}},
	}
	for _, c := range cases {
		i, err := newIgnorer(c.globs)
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range c.ignored {
			if !i.match(name) {
				t.Errorf("%q is not ignored by %q", name, c.globs)
			}
		}
		for _, name := range c.taken {
			if i.match(name) {
				t.Errorf("%q is ignored by %q", name, c.globs)
			}
		}
	}
}

func TestOptionsAreRefused(t *testing.T) {
	for want, o := range map[string]Options{
		"no root":       {},
		"not a glob":    {Root: "x", Ignore: []string{"[a"}},
		`pattern ""`:    {Root: "x", Ignore: []string{""}},
		"not be negati": {Root: "x", Stable: -time.Second},
	} {
		if _, err := New(o); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%+v: error %v, want one with %q", o, err, want)
		}
	}
}

func TestJudgeRoot(t *testing.T) {
	disk, other := rootID{1, 10}, rootID{2, 20}
	cases := []struct {
		name    string
		was     rootID
		known   int
		now     rootSight
		gone    string
		changed bool
	}{
		{"never seen before", rootID{}, 0, rootSight{id: disk, empty: true}, "", true},
		{"as before", disk, 9, rootSight{id: disk}, "", false},
		{"missing", disk, 9, rootSight{err: fs.ErrNotExist}, "does not exist", false},
		{"unreadable", disk, 9, rootSight{err: errors.New("stale file handle")}, "stale file handle", false},
		{"unmounted: the mount point shines through", disk, 9, rootSight{id: other, empty: true}, "unmounted", false},
		{"another volume with files is mounted", disk, 9, rootSight{id: other}, "", true},
		{"nothing was known, so nothing is missed", disk, 0, rootSight{id: other, empty: true}, "", true},
		{"removed and made again in place", disk, 9, rootSight{id: rootID{1, 11}, empty: true}, "", true},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			gone, changed := judgeRoot(c.was, c.known, c.now)
			if !strings.Contains(gone, c.gone) || (gone == "") != (c.gone == "") || changed != c.changed {
				t.Errorf("gone %q, changed %v; want %q, %v", gone, changed, c.gone, c.changed)
			}
		})
	}
}
