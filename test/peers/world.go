package main

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"time"
)

// A world is what the scenarios share: folders, sources, servers.
type world struct {
	dir      string
	gantry   string // the program
	self     string
	sizes    sizes
	stops    []func()
	made     map[string]bool // sources that are there
	takePart *regexp.Regexp  // clients beside Gantry
	servers  []int           // processes of a scenario
	run      int             // numbers the runs, so that each has a target of its own
}

type sizes struct {
	Large int64 `json:"large"` // bytes of the large file
	Small int   `json:"small"` // files of 64 KiB
	Tiny  int   `json:"tiny"`  // files of 4 KiB
	Few   int   `json:"few"`   // files of 16 KiB
	Runs  int   `json:"runs"`
}

func newWorld(ctx context.Context, gantry string, bare bool) (*world, error) {
	w := &world{gantry: gantry, made: map[string]bool{}, sizes: sizes{
		Large: int64(number("GANTRY_BENCH_MIB", 512)) << 20, Small: number("GANTRY_BENCH_SMALL", 10_000),
		Tiny: number("GANTRY_BENCH_TINY", 20_000), Few: number("GANTRY_BENCH_FEW", 5_000), Runs: number("GANTRY_BENCH_RUNS", 3),
	}}
	parent := os.Getenv("GANTRY_BENCH_DIR")
	if _, err := os.Stat("/dev/shm"); parent == "" && err == nil {
		parent = "/dev/shm"
	}
	var err error
	if w.dir, err = os.MkdirTemp(parent, "gantry-peers-"); err != nil {
		return nil, err
	}
	w.stops = append(w.stops, func() { _ = os.RemoveAll(w.dir) })
	if w.self, err = os.Executable(); err != nil || bare || gantry != "" {
		return w, err
	}
	w.gantry = filepath.Join(w.dir, "gantry")
	build := exec.CommandContext(ctx, "go", "build", "-trimpath", "-o", w.gantry, "gantry/cmd/gantry")
	if out, err := build.CombinedOutput(); err != nil {
		w.close()
		return nil, fmt.Errorf("build gantry: %w: %s", err, out)
	}
	return w, nil
}

func number(name string, otherwise int) int {
	if n, err := strconv.Atoi(os.Getenv(name)); err == nil && n > 0 {
		return n
	}
	return otherwise
}

func (w *world) close() { w.end(0) }

// end stops what was started since there were so many.
func (w *world) end(before int) {
	for i := len(w.stops) - 1; i >= before; i-- {
		w.stops[i]()
	}
	w.stops = w.stops[:before]
}

// A load is what a scenario moves: one file, or a folder of equal files.
type load struct {
	name  string // of the file or the folder
	files int
	size  int64 // of each
}

func (l load) bytes() int64 { return int64(l.files) * l.size }

func (w *world) large() load { return load{"large.mxf", 1, w.sizes.Large} }
func (w *world) small() load { return load{"small", w.sizes.Small, 64 << 10} }
func (w *world) tiny() load  { return load{"tiny", w.sizes.Tiny, 4 << 10} }
func (w *world) few() load   { return load{"few", w.sizes.Few, 16 << 10} }

// source makes a load below dir, if it is not there, and gives its path.
func (w *world) source(dir string, l load) (string, error) {
	name := filepath.Join(dir, l.name)
	if w.made[name] {
		return name, nil
	}
	random := rand.NewChaCha8([32]byte{1})
	if l.files == 1 {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return "", err
		}
		w.made[name] = true
		return name, fill(name, random, l.size)
	}
	if err := os.MkdirAll(name, 0o755); err != nil {
		return "", err
	}
	for n := range l.files {
		if err := fill(filepath.Join(name, fmt.Sprintf("%06d.bin", n)), random, l.size); err != nil {
			return "", err
		}
	}
	w.made[name] = true
	return name, nil
}

// fill writes content that no link compresses.
func fill(name string, random io.Reader, size int64) error {
	f, err := os.Create(name)
	if err != nil {
		return err
	}
	_, err = io.CopyN(f, random, size)
	// As the sources of real work, they are older than what looks at them.
	if closed := f.Close(); err == nil {
		err = closed
	}
	if err == nil {
		then := time.Now().Add(-time.Hour)
		err = os.Chtimes(name, then, then)
	}
	return err
}
