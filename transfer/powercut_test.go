package transfer

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"gantry/connectors"
	"gantry/connectors/local"
	"gantry/connectors/servers/volume"
	"gantry/transfer/journal"
)

// A powered process copies and moves files of all sizes into a volume, with its journal
// on it, until it is killed. It tells each job whose Run has returned.
type powered struct {
	Source, Volume string
	Careless       bool // the destination is one that need not be durable
}

const poweredSpec = "GANTRY_TEST_POWERED"

// The sizes are of files that are copied at once, synced by their commit alone, and in
// several parts.
var poweredSizes = []int{0, 700, 90 << 10, 600 << 10, 2<<20 + 17, 3 << 20}

func poweredData(n int) []byte { return content(uint64(n), poweredSizes[n%len(poweredSizes)]) }

// poweredMoves tells how a file is moved: not at all, by a copy, or by a rename.
func poweredMoves(n int) string { return []string{"copy", "move", "rename"}[n/len(poweredSizes)%3] }

func (p powered) job(n int, source, inside, to connectors.Place) Job {
	job := Job{
		ID: fmt.Sprint(n), Source: Source{Place: source, Location: "source", Path: fmt.Sprint(n)},
		Destinations: []Destination{{Place: to, Location: "to", Path: fmt.Sprintf("day-%d/%d", n%3, n)}},
	}
	switch poweredMoves(n) {
	case "move":
		job.Move = MoveProved
	case "rename":
		job.Move, job.Source.Place, job.Source.Location = MoveProved, inside, "inside"
	}
	return job
}

func (p powered) run() error {
	j, err := journal.Open(filepath.Join(p.Volume, "journal"), journal.Options{})
	if err != nil {
		return err
	}
	open := func(dir string, options map[string]string) connectors.Place {
		place, opened := local.Connector().Open(context.Background(), connectors.Location{URL: "file://" + dir, Options: options})
		if opened != nil {
			err = opened
		}
		return place
	}
	options := map[string]string{}
	if p.Careless {
		options["durable"] = "false"
	}
	source, inside, to := open(p.Source, nil), open(filepath.Join(p.Volume, "inside"), options), open(filepath.Join(p.Volume, "to"), options)
	if err != nil {
		return err
	}
	engine := New(Options{Journal: j, PartSize: 1 << 20, Scratch: filepath.Join(p.Source, "scratch")})
	for n := 0; ; n++ {
		job := p.job(n, source, inside, to)
		where := p.Source
		if poweredMoves(n) == "rename" {
			where = filepath.Join(p.Volume, "inside") // nobody syncs it: the recorder does not
		}
		if err := os.WriteFile(filepath.Join(where, fmt.Sprint(n)), poweredData(n), 0o644); err != nil {
			return err
		}
		if _, err := engine.Run(context.Background(), job); err != nil {
			return err
		}
		tell("done %d", n)
	}
}

// A powerCut is a disk as it was, and what had been told by then.
type powerCut struct {
	look func() string
	done int
}

// GANTRY_CUTS sets how often the power is cut.
func TestNoReceiptOutlivesItsFileInAPowerCut(t *testing.T) {
	t.Parallel()
	lost := 0
	for _, cut := range cutPower(t, powered{}, int(number(t, "GANTRY_CUTS", 4))) {
		receipts, wrong := cut.examine(t)
		t.Logf("after %d jobs: %d receipts", cut.done, receipts)
		for _, w := range wrong {
			t.Error(w)
		}
		lost += len(wrong)
	}
	if lost == 0 {
		return
	}
	t.Errorf("%d files were lost", lost)
}

// The test can fail: a destination that does not wait for its disk loses files.
func TestAPowerCutLosesWhatNobodyWaitedFor(t *testing.T) {
	t.Parallel()
	for _, cut := range cutPower(t, powered{Careless: true}, 2) {
		if _, wrong := cut.examine(t); len(wrong) > 0 {
			return
		}
	}
	t.Error("nothing was lost, though nothing was synced: the power is not cut")
}

func cutPower(t *testing.T, p powered, cuts int) (list []powerCut) {
	t.Helper()
	v := volume.NewCuttable(t, 512<<20)
	p.Volume, p.Source = v.Dir, t.TempDir()
	must(t, os.Mkdir(filepath.Join(v.Dir, "inside"), 0o755))
	must(t, os.Mkdir(filepath.Join(v.Dir, "to"), 0o755))
	spec, err := json.Marshal(p)
	must(t, err)
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), poweredSpec+"="+string(spec))
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	must(t, err)
	must(t, cmd.Start())
	defer func() { _ = cmd.Wait() }()
	defer func() { _ = cmd.Process.Kill() }()
	done := make(chan int, 1000)
	go func() {
		defer close(done)
		for lines := bufio.NewScanner(out); lines.Scan(); {
			n := 0
			if _, err := fmt.Sscanf(lines.Text(), "done %d", &n); err != nil {
				t.Errorf("the process says %q", lines.Text())
				return
			}
			done <- n
		}
	}()
	told := 0
	for len(list) < cuts {
		for range 5 + rand.IntN(14) {
			n, ok := <-done
			if !ok {
				t.Fatal("the process has ended")
			}
			told = n + 1
		}
		time.Sleep(time.Duration(rand.IntN(30)) * time.Millisecond) // anywhere in a job
		list = append(list, powerCut{v.Cut(t), told})
	}
	return list
}

// examine opens what a cut has left. It tells how many receipts there are, and what they
// say that is not so.
func (c powerCut) examine(t *testing.T) (receipts int, wrong []string) {
	t.Helper()
	dir := c.look()
	j, err := journal.Open(filepath.Join(dir, "journal"), journal.Options{})
	if err != nil {
		return 0, []string{fmt.Sprintf("the journal does not open: %v", err)}
	}
	defer j.Close()
	whole := func(n int) bool {
		got, err := os.ReadFile(filepath.Join(dir, "to", fmt.Sprintf("day-%d", n%3), fmt.Sprint(n)))
		return err == nil && bytes.Equal(got, poweredData(n))
	}
	has := map[int]bool{}
	for data, err := range j.Receipts() {
		must(t, err)
		var r Receipt
		must(t, json.Unmarshal(data, &r))
		n := 0
		_, err := fmt.Sscan(r.Job, &n)
		must(t, err)
		has[n] = true
		receipts++
		if !whole(n) {
			wrong = append(wrong, fmt.Sprintf("%s %d of %d bytes has a receipt and is not there", poweredMoves(n), n, len(poweredData(n))))
		}
	}
	for n := range c.done {
		if !has[n] {
			wrong = append(wrong, fmt.Sprintf("the receipt of job %d was given out and is lost", n))
		}
	}
	visible, err := filepath.Glob(filepath.Join(dir, "to", "day-*", "*"))
	must(t, err)
	for _, file := range visible {
		n := 0
		if _, err := fmt.Sscan(filepath.Base(file), &n); err != nil || !whole(n) {
			wrong = append(wrong, strings.TrimPrefix(file, dir)+" is visible and not whole")
		}
	}
	return receipts, wrong
}
