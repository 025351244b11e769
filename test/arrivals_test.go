package test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"gantry/orchestrator/api"
	"gantry/orchestrator/catalog"
)

// TestNamesAndVersions drops files again, under other names, and under names that
// no tool expects.
func TestNamesAndVersions(t *testing.T) {
	t.Parallel()
	s := newStand(t)
	s.up()
	s.realPartners()
	partner := filepath.Join(s.partners(), "nordic-sport")
	watchNames(t, partner, filepath.Join(s.dir, "archive"), filepath.Join(s.dir, "hot"))

	t.Run("new content under a known name is another asset", func(t *testing.T) {
		s := s.within(t)
		clips := []string{
			goodClip(t, filepath.Join(t.TempDir(), "again.mp4"), "1", "first"),
			goodClip(t, filepath.Join(t.TempDir(), "again.mp4"), "2", "second"),
		}
		s.drop(clips[0])
		first := s.published("again.mp4")
		s.drop(clips[1])
		var second api.AssetView
		s.eventually("two assets of the name published", func() (err error) {
			versions, err := s.versions("again.mp4")
			if err != nil || len(versions) != 2 || versions[0].Asset.Status != catalog.AssetPublished {
				return fmt.Errorf("%d versions: %w", len(versions), err)
			}
			second = versions[0]
			return nil
		})
		for i, v := range []api.AssetView{first, second} {
			for _, c := range v.Copies {
				if c.Kind == catalog.CopyArchive && !same(t, clips[i], filepath.Join(s.dir, "archive", c.Path)) {
					t.Errorf("version %d has other bytes in the archive", i+1)
				}
			}
			checkTree(t, filepath.Join(partner, delivery(v, "nordic-sport").Path))
		}
	})

	t.Run("the same content under two names is two assets", func(t *testing.T) {
		s := s.within(t)
		clip := goodClip(t, filepath.Join(t.TempDir(), "left.mp4"), "1", "twins")
		s.drop(clip)
		data, err := os.ReadFile(clip)
		s.must(err)
		s.drop(written(t, filepath.Join(t.TempDir(), "right.mp4"), data))
		left, right := s.published("left.mp4"), s.published("right.mp4")
		if a, b := delivery(left, "nordic-sport").Path, delivery(right, "nordic-sport").Path; a == b {
			t.Errorf("both were delivered to %s", a)
		}
	})

	t.Run("hostile names", func(t *testing.T) {
		s := s.within(t)
		good := []string{
			`-rf it's "quoted" $(touch x) ` + "`id`" + ` & <b>.mp4`, "ключ 鍵 é 100%25 #1?.mp4", "back\\slash {{.Asset.ID}} [a-z]*.mp4",
			strings.Repeat("x", 196) + ".mp4", "file:x .mp4", "CON.mp4", " trailing..mp4",
		}
		for _, name := range good {
			s.drop(goodClip(t, filepath.Join(t.TempDir(), "clip.mp4"), "1", name), name)
		}
		bad := map[string]string{ // and how the name is shown
			"new\nline.mp4":   `new\nline.mp4`,
			"\xff\xfe.mp4":    `\xff\xfe.mp4`,
			"\x1b[31mred.mp4": `\x1b[31mred.mp4`,
		}
		clip := goodClip(t, filepath.Join(t.TempDir(), "clip.mp4"), "1", "bad name")
		for name := range bad {
			s.drop(clip, name)
		}
		for _, name := range good {
			v := s.published(name)
			if len(v.Deliveries) != 2 {
				t.Errorf("%q has %d deliveries", name, len(v.Deliveries))
			}
			checkTree(t, filepath.Join(partner, delivery(v, "nordic-sport").Path))
		}
		for _, shown := range bad {
			s.eventually(shown+" refused", func() error { return s.refused(shown, "rename the file") })
		}
	})
}

// versions gives the assets of a name, the newest first.
func (s *stand) versions(name string) (found []api.AssetView, err error) {
	all, err := s.assets()
	for _, a := range all {
		if a.Name != name || err != nil {
			continue
		}
		var v api.AssetView
		v, err = get[api.AssetView](s, "/assets/"+a.ID)
		found = append(found, v)
	}
	return found, err
}

// refused is nil if a file was not taken in, and its failed transfer says so with
// all of the words.
func (s *stand) refused(words ...string) error {
	page, err := get[api.Page[catalog.Transfer]](s, "/transfers?status=failed&limit=1000")
	if err != nil {
		return err
	}
next:
	for _, tr := range page.Items {
		for _, word := range words {
			if !strings.Contains(tr.Error, word) {
				continue next
			}
		}
		return nil
	}
	return fmt.Errorf("none of %d failed transfers says %q", len(page.Items), words)
}
