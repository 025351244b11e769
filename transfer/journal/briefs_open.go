package journal

import (
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

const pageEnd = ".briefs"

// openBriefs reads the pages in a folder, which need not be there.
func openBriefs(dir string, log *slog.Logger) (*briefs, error) {
	b := &briefs{dir: dir, by: map[uint64]brief{}}
	numbers, err := pagesIn(dir)
	if err != nil {
		return nil, fmt.Errorf("look at the journal's files: %w", err)
	}
	for _, n := range numbers {
		if err := b.take(n, log); err != nil {
			return nil, errors.Join(fmt.Errorf("read the journal's files: %w", err), b.close())
		}
	}
	return b, nil
}

// pagesIn are the numbers of the pages in a folder, the lowest first. Files with names that
// no page gets, such as another spelling of a page's number, are none.
func pagesIn(dir string) (numbers []uint32, err error) {
	files, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	for _, f := range files {
		name, ok := strings.CutSuffix(f.Name(), pageEnd)
		if n, bad := strconv.ParseUint(name, 10, 32); ok && bad == nil && n > 0 && f.Name() == pageName(uint32(n)) {
			numbers = append(numbers, uint32(n))
		}
	}
	slices.Sort(numbers)
	return numbers, err
}

// take reads a page, of which nothing counts from where it is damaged: a write that a
// kill has cut short, in most cases.
func (b *briefs) take(number uint32, log *slog.Logger) error {
	f, err := os.OpenFile(b.name(number), os.O_RDWR, 0o600)
	if err != nil {
		return err
	}
	p := &page{number: number, file: f}
	b.pages = append(b.pages, p)
	err = p.records(math.MaxInt64, func(r *record, at int64) bool {
		b.turn++
		b.put(r, brief{number, uint32(at), b.turn, r.kind})
		if r.kind != forgotten {
			p.live++
		}
		p.size = at + r.size()
		return true
	})
	if errors.Is(err, errNoRecord) {
		p.ended = true
		log.Warn("a file of the journal is cut short or damaged: what comes after is not known any more, and such files are looked at again", "file", f.Name(), "byte", p.size)
		return nil
	}
	return err
}

func (b *briefs) name(number uint32) string {
	return filepath.Join(b.dir, pageName(number))
}

func pageName(number uint32) string { return fmt.Sprintf("%08d%s", number, pageEnd) }

// current is the page to write to.
func (b *briefs) current() (*page, error) {
	number := uint32(1)
	if n := len(b.pages); n > 0 {
		last := b.pages[n-1]
		if last.size < pageSize && !last.ended {
			return last, nil
		}
		if last.number == math.MaxUint32 {
			return nil, fmt.Errorf("there is no number after that of %s, which the journal cannot have reached: move that file away", last.file.Name())
		}
		number = last.number + 1
	}
	if err := os.MkdirAll(b.dir, 0o700); err != nil {
		return nil, err
	}
	f, err := os.OpenFile(b.name(number), os.O_RDWR|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return nil, err
	}
	if err := errors.Join(syncFolder(b.dir), syncFolder(filepath.Dir(b.dir))); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	b.pages = append(b.pages, &page{number: number, file: f})
	return b.pages[len(b.pages)-1], nil
}
