package test

import (
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"
)

// TestCopiesKilledAtAnyMoment copies and moves between every two protocols, and kills
// the program, or the server's side of the session, again and again. A file is never
// seen at its destination but whole; nothing but the parts in flight is sent twice;
// the source stays, or goes when the destination has it; and what is left behind is
// what `gantry sweep` lists. Now and then a killed program's journal is deleted, too,
// which changes nothing of that: what was sent is found. A store that was killed while
// it joined the parts may have lost them, and say that the upload is complete all the
// same: then the file may be sent again.
//
// GANTRY_KILLS sets how many kills there are in all, GANTRY_SEED repeats a run, and
// GANTRY_PAIR ("sftp>s3") keeps to one pair.
func TestCopiesKilledAtAnyMoment(t *testing.T) {
	t.Parallel()
	kills, seed := number(t, "GANTRY_KILLS", 12), number(t, "GANTRY_SEED", int(time.Now().UnixNano()%1e6))
	t.Logf("GANTRY_KILLS=%d GANTRY_SEED=%d", kills, seed)
	random := rand.New(rand.NewPCG(uint64(seed), 4))
	h := newHarbour(t)
	pairs := h.pairs(t)
	random.Shuffle(len(pairs), func(i, j int) { pairs[i], pairs[j] = pairs[j], pairs[i] })
	total := tally{}
	for n := 0; total.kills < kills && !t.Failed(); n++ {
		from, to := pairs[n%len(pairs)][0], pairs[n%len(pairs)][1]
		v := newVoyage(t, h, from, to, n, random)
		t.Logf("voyage %d: %s to %s", n, from.name, to.name)
		v.sail(min(1+random.IntN(4), kills-total.kills))
		total.add(v.tally)
	}
	t.Logf("%d kills of the program and %d of a server in %d runs, %d journals deleted, %d uploads lost by a store; %.1f MiB of files, %.1f MiB sent",
		total.kills-total.servers, total.servers, total.runs, total.lost, total.unjoined, mibs(total.size), mibs(total.written))
}

func mibs(n int64) float64 { return float64(n) / (1 << 20) }

// A tally counts what happened.
type tally struct {
	kills, servers, runs int
	lost                 int   // journals that were deleted
	unjoined             int   // uploads whose parts a killed store has lost
	size, written        int64 // bytes
}

func (t *tally) add(o tally) {
	t.kills += o.kills
	t.servers += o.servers
	t.runs += o.runs
	t.lost += o.lost
	t.unjoined += o.unjoined
	t.size += o.size
	t.written += o.written
}

// A voyage is one file from one port to another.
type voyage struct {
	tally
	t        *testing.T
	h        *harbour
	random   *rand.Rand
	from, to *port
	name     string
	part     int64 // bytes
	parallel int
	moves    bool
	old, new []byte // what is at the destination before and after; nil is nothing
	state    string // XDG_STATE_HOME
	last     copyReport
}

// copyReport is what the test reads of `gantry copy -o json`.
type copyReport struct {
	Copied, Resumed, AlreadyThere, Failed int
	SentBytes                             int64
	Results                               []struct{ Error string }
}

func newVoyage(t *testing.T, h *harbour, from, to *port, n int, random *rand.Rand) *voyage {
	v := &voyage{t: t, h: h, random: random, from: from, to: to, name: fmt.Sprintf("clip-%d.mxf", n), part: 1 << 20, parallel: 1 + random.IntN(3), moves: random.IntN(3) == 0, state: t.TempDir()}
	if to.object {
		v.part = 5 << 20 // the least that a multipart upload takes
	}
	v.new = noise(random, 6*v.part+random.Int64N(4*v.part))
	v.size = int64(len(v.new))
	h.must(os.MkdirAll(from.file("out"), 0o755)) // stores remove folders with their last file
	h.must(os.MkdirAll(to.file("in"), 0o755))
	written(t, from.file("out/"+v.name), v.new)
	// Versions of files are told by their times, and a file that is just being
	// written has none to rely on.
	past := time.Now().Add(-time.Hour)
	h.must(os.Chtimes(from.file("out/"+v.name), past, past))
	if random.IntN(2) == 0 {
		v.old = noise(random, 1+random.Int64N(2*v.part))
		written(t, to.file("in/"+v.name), v.old)
	}
	return v
}

func noise(random *rand.Rand, size int64) []byte {
	data := make([]byte, size)
	var key [32]byte
	for i := range key {
		key[i] = byte(random.Uint32())
	}
	_, _ = rand.NewChaCha8(key).Read(data) // it does not fail
	return data
}

// sail runs the command until it ends by itself, killing it so often on the way.
func (v *voyage) sail(kills int) {
	look := v.watch()
	defer look()
	for ended := false; !ended && !v.t.Failed(); {
		if v.runs > kills+5 {
			v.t.Fatalf("%s: it does not come to its end: %+v", v.title(), v.last)
		}
		ended = v.run(v.kills < kills)
		if !ended && v.random.IntN(4) == 0 {
			v.lose()
		}
	}
	look()
	if !v.t.Failed() {
		v.arrived()
	}
}

// lose deletes the journal. Of a move whose source is gone nobody would know then
// where it went.
func (v *voyage) lose() {
	if _, err := os.Stat(v.from.file("out/" + v.name)); err == nil {
		v.lost++
		v.h.must(os.RemoveAll(filepath.Join(v.state, "gantry", "copy")))
	}
}

func (v *voyage) title() string {
	return fmt.Sprintf("%s from %s to %s (move: %v)", v.name, v.from.name, v.to.name, v.moves)
}

const bandwidth = 24 << 20 // bytes per second to the destination

// run starts the command once. It tells whether the command succeeded.
func (v *voyage) run(kill bool) bool {
	v.runs++
	command := "copy"
	if v.moves {
		command = "move"
	}
	args := []string{
		command, v.from.url + "/out/" + v.name, v.to.url + "/in/" + v.name, "-o", "json",
		"--part-size", fmt.Sprintf("%dK", v.part>>10), "--parallel", strconv.Itoa(v.parallel), "--dst-option", fmt.Sprintf("bandwidth=%dM:off", bandwidth>>20),
	}
	for _, o := range v.from.options {
		args = append(args, "--src-option", o)
	}
	for _, o := range v.to.options {
		args = append(args, "--dst-option", o)
	}
	cmd := exec.Command(program, args...)
	var out, problems strings.Builder
	cmd.Stdout, cmd.Stderr = &out, &problems
	cmd.Env = append(os.Environ(), "XDG_STATE_HOME="+v.state, "XDG_CACHE_HOME="+filepath.Join(v.state, "cache"))
	v.h.must(cmd.Start())
	gone := make(chan struct{})
	go func() {
		awaitEnd(cmd.Process.Pid)
		close(gone)
	}()
	sunk := false // a login that is cut off ends the command before it has anything to report
	for kill {
		usual := time.Duration(float64(v.size)/bandwidth*float64(time.Second)) + 300*time.Millisecond
		select {
		case <-gone:
			kill = false
			continue
		case <-time.After(time.Duration(v.random.Int64N(int64(usual)))):
		}
		v.kills++
		if end := [...]*port{v.from, v.to}[v.random.IntN(2)]; v.random.IntN(3) == 0 && end.sink(v.t, v.random) {
			v.servers++
			sunk, kill = true, false
			continue
		}
		_ = cmd.Process.Kill()
		break
	}
	select {
	case <-gone:
	case <-time.After(2 * time.Minute):
		_ = cmd.Process.Kill()
		v.t.Errorf("%s: a run did not end in two minutes\n%s", v.title(), problems.String())
		<-gone
	}
	v.written += bytesWritten(v.t, cmd.Process.Pid)
	err := cmd.Wait()
	if v.to.object && v.servers > 0 && len(unjoined.FindAllString(problems.String(), -1)) >= 3 {
		v.unjoined++
	}
	v.last = copyReport{}
	if strings.Contains(problems.String(), "damaged") {
		v.t.Errorf("%s: a kill has done damage:\n%s", v.title(), problems.String())
	}
	if cmd.ProcessState.ExitCode() >= 0 && !sunk && json.Unmarshal([]byte(out.String()), &v.last) != nil {
		v.t.Errorf("%s: %v\n%s%s", v.title(), err, out.String(), problems.String())
	}
	return err == nil
}

// unjoined is what a store says again and again that has lost the parts in its join.
var unjoined = regexp.MustCompile(`commit is retried in \S+: the store (has \d+ bytes, and not \d+|answers 404)`)

// arrived checks the end.
func (v *voyage) arrived() {
	if data, err := os.ReadFile(v.to.file("in/" + v.name)); err != nil || string(data) != string(v.new) {
		v.t.Errorf("%s: it is another file at its destination: %v", v.title(), err)
	}
	if data, err := os.ReadFile(v.from.file("out/" + v.name)); v.moves != errors.Is(err, os.ErrNotExist) || err == nil && string(data) != string(v.new) {
		v.t.Errorf("%s: what is at its source is wrong: %d bytes, %v", v.title(), len(data), err)
	}
	if most := v.most(); v.written > most {
		v.t.Errorf("%s: %.1f MiB were sent for a file of %.1f MiB and %d kills, parts of %.0f MiB, %d at once; %.1f MiB is the most: %+v",
			v.title(), mibs(v.written), mibs(v.size), v.kills, mibs(v.part), v.parallel, mibs(most), v.last)
	}
	if left, _ := filepath.Glob(filepath.Join(v.state, "gantry", "copy", "*")); len(left) > 0 {
		v.t.Errorf("%s: its state is left in %v", v.title(), left)
	}
	v.h.sweep(v.t, v.to, v.title(), v.servers > 0)
	v.h.must(os.RemoveAll(v.from.file("out/" + v.name)))
	v.h.must(os.Remove(v.to.file("in/" + v.name)))
}

// most is how many bytes may leave the program: the file, the parts in flight at
// each kill, the file again for each upload that a killed store has lost, and what the
// protocols and the journal add.
func (v *voyage) most() int64 {
	return int64(1+v.unjoined)*v.size + v.size/32 + int64(v.kills*v.parallel)*v.part + int64(v.runs)<<20
}

// watch looks at the destination all the time: there is nothing, the old file, or
// the new one, and once it is new it stays so. The function that it returns ends it.
func (v *voyage) watch() (end func()) {
	stop, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		var before os.FileInfo
		arrived := false
		for last := false; !last; {
			select {
			case <-stop:
				last = true
			case <-time.After(2 * time.Millisecond):
			}
			_, lost := os.Stat(v.from.file("out/" + v.name))
			info, err := os.Stat(v.to.file("in/" + v.name))
			if lost != nil && (!v.moves || err != nil || info.Size() != v.size) {
				v.t.Errorf("%s: the source is gone (%v), and the destination does not have it", v.title(), lost)
				return
			}
			if err != nil {
				if v.old != nil || arrived {
					v.t.Errorf("%s: the file at the destination was gone: %v", v.title(), err)
					return
				}
				continue
			}
			if before != nil && os.SameFile(before, info) && before.Size() == info.Size() && before.ModTime().Equal(info.ModTime()) {
				continue
			}
			before = info
			data, err := os.ReadFile(v.to.file("in/" + v.name))
			switch is := string(data); {
			case err == nil && is == string(v.new):
				arrived = true
			case err == nil && v.old != nil && is == string(v.old) && !arrived:
			case err == nil:
				v.t.Errorf("%s: %d wrong bytes were seen at the destination", v.title(), len(data))
				return
			}
		}
	}()
	ended := false
	return func() {
		if !ended {
			ended = true
			close(stop)
			<-done
		}
	}
}
