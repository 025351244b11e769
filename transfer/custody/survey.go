package custody

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"gantry/connectors"
	"gantry/transfer/manifest/mhl"
)

// survey is what lies below a root, with paths from there.
type survey struct {
	files   []connectors.Entry            // without those of histories
	folders map[string]time.Time          // nil where the place does not tell folders
	ledgers map[string][]connectors.Entry // the files of each ascmhl folder by the path of its history's root, "." for the root
	odd     []Odd
}

// Odd is a name that a listing passed over.
type Odd struct {
	Name   string `json:"name"`
	Reason string `json:"reason"`
	kind   connectors.Kind
}

func look(ctx context.Context, place connectors.Place, root string) (*survey, error) {
	s := &survey{ledgers: map[string][]connectors.Entry{}}
	listen := connectors.WithPassedOver(ctx, func(name string, reason error) {
		connectors.PassOver(ctx, name, reason)
		s.odd = append(s.odd, Odd{name, reason.Error(), connectors.KindOf(reason)})
	})
	for e, err := range place.List(listen, root) {
		if err != nil {
			return nil, err
		}
		if e.Path == root {
			return nil, connectors.Errorf(connectors.KindInvalid, "read history", root, "it is a file: name the folder that it lies in")
		}
		if root != "" {
			e.Path = strings.TrimPrefix(e.Path, root+"/")
		}
		if home, inner := historyOf(e.Path); !inner {
			s.files = append(s.files, e)
		} else if path.Dir(e.Path) == path.Join(home, mhl.Folder) {
			s.ledgers[home] = append(s.ledgers[home], e)
		}
	}
	return s, s.lookForFolders(place, root)
}

// historyOf tells whether a path is below an ascmhl folder, and that folder's place.
func historyOf(p string) (home string, inner bool) {
	parts := strings.Split(p, "/")
	i := slices.Index(parts[:len(parts)-1], mhl.Folder)
	if i < 0 {
		return "", false
	}
	return path.Join(append([]string{"."}, parts[:i]...)...), true
}

// lookForFolders finds folders, which places do not list, on this machine's disks. It follows no links.
func (s *survey) lookForFolders(place connectors.Place, root string) error {
	dir, ok := onDisk(place, root)
	if !ok {
		return nil
	}
	s.folders = map[string]time.Time{}
	err := filepath.WalkDir(dir, func(p string, d fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) && p != dir {
			return nil
		}
		if err != nil || !d.IsDir() || p == dir {
			return err
		}
		rel, err := filepath.Rel(dir, p)
		if err != nil {
			return err
		}
		rel = filepath.ToSlash(rel)
		if strings.HasPrefix(d.Name(), ".gantry-") {
			return fs.SkipDir
		}
		if d.Name() == mhl.Folder {
			home := path.Dir(rel)
			s.ledgers[home] = append(s.ledgers[home], []connectors.Entry{}...)
			return fs.SkipDir
		}
		info, err := d.Info()
		if err == nil {
			s.folders[rel] = info.ModTime()
		}
		return err
	})
	if errors.Is(err, fs.ErrNotExist) {
		return &connectors.Error{Kind: connectors.KindNotFound, Op: "read history", Path: dir, Err: err, Remedy: "name a folder that is there"}
	}
	return err
}

// onDisk gives the path of a folder on this machine.
func onDisk(place connectors.Place, folder string) (string, bool) {
	disk, ok := connectors.As[connectors.OnDisk](place)
	if !ok {
		return "", false
	}
	if folder == "" {
		p, err := disk.FilePath("x")
		return filepath.Dir(p), err == nil
	}
	p, err := disk.FilePath(folder)
	return p, err == nil
}

// homes lists the roots of the histories, outer ones first.
func (s *survey) homes() []string {
	var homes []string
	for home := range s.ledgers {
		homes = append(homes, home)
	}
	slices.SortFunc(homes, func(a, b string) int { return strings.Compare(order(a), order(b)) })
	return homes
}

// order sorts folders before what is in them.
func order(home string) string {
	if home == "." {
		return ""
	}
	return strings.ReplaceAll(home, "/", "\x00") + "\x00"
}

// exists tells whether there is such a folder on this machine.
func exists(dir string) bool {
	info, err := os.Stat(dir)
	return err == nil && info.IsDir()
}
