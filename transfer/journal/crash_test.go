package journal

import (
	"bufio"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

// The test binary is its own victim: with this variable it writes until killed.
const (
	victim  = "GANTRY_TEST_JOURNAL"
	holding = "hold:" // before the folder: never close
)

func TestMain(m *testing.M) {
	if dir := os.Getenv(victim); dir != "" {
		writeUntilKilled(dir)
	}
	os.Exit(m.Run())
}

// writeUntilKilled tells each sequence number once it is acknowledged. From time
// to time it closes the journal and opens it again, to be killed at that too.
func writeUntilKilled(dir string) {
	dir, hold := strings.CutPrefix(dir, holding)
	for {
		j, err := Open(dir, Options{})
		check(err)
		for n := 0; n < 10 || hold; n++ {
			sequence, err := j.Append("events", strings.Repeat("x", 500))
			check(err)
			fmt.Println(sequence)
		}
		check(j.Close())
	}
}

func check(err error) {
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
}

func startVictim(t *testing.T, dir string) (*exec.Cmd, *bufio.Scanner) {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), victim+"="+dir)
	out, err := cmd.StdoutPipe()
	must(t, err)
	must(t, cmd.Start())
	t.Cleanup(func() { cmd.Process.Kill(); cmd.Wait() })
	return cmd, bufio.NewScanner(out)
}

func TestKillKeepsWhatWasAcknowledged(t *testing.T) {
	dir := t.TempDir()
	acknowledged := 0
	for range 12 {
		cmd, lines := startVictim(t, dir)
		for range 1 + rand.IntN(40) {
			if !lines.Scan() {
				t.Fatal("the writer ended by itself")
			}
			n, err := strconv.Atoi(lines.Text())
			if err != nil {
				t.Fatalf("the writer says %q", lines.Text())
			}
			acknowledged = n
		}
		time.Sleep(time.Duration(rand.IntN(20_000)) * time.Microsecond) // to die at any point of the next round
		must(t, cmd.Process.Kill())
		for lines.Scan() {
			if acknowledged, _ = strconv.Atoi(lines.Text()); acknowledged == 0 {
				t.Fatalf("the writer says %q", lines.Text())
			}
		}
		cmd.Wait()
		j := open(t, dir)
		items, err := j.Peek("events", 1, 1<<20)
		must(t, err)
		if len(items) < acknowledged {
			t.Fatalf("%d were acknowledged, %d are there", acknowledged, len(items))
		}
		for i, item := range items {
			if item.Sequence != uint64(i+1) {
				t.Fatalf("item %d has number %d", i, item.Sequence)
			}
		}
		acknowledged = len(items)
		must(t, j.Close())
	}
}

func TestASecondProcessIsRefused(t *testing.T) {
	dir := t.TempDir()
	cmd, lines := startVictim(t, holding+dir)
	if !lines.Scan() {
		t.Fatal("the first process wrote nothing")
	}
	_, err := Open(dir, Options{})
	var inUse *InUse
	if !errors.As(err, &inUse) || inUse.PID != cmd.Process.Pid || !strings.Contains(err.Error(), fmt.Sprintf("process %d", cmd.Process.Pid)) {
		t.Fatalf("got %v", err)
	}
}

// Whatever happens to the files, the process that opens them lives on: it gets a
// journal, or learns that it is damaged and sets it aside.
func TestAnyDamageLeavesAWayOn(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 0))
	original := filepath.Join(t.TempDir(), "journal")
	j := open(t, original)
	for n := range 60 {
		must(t, j.Put("seen", fmt.Sprint("file-", n), strings.Repeat("x", 400)))
		if n%20 == 19 {
			j = reopen(t, j) // each close leaves a table
		}
	}
	// j stays open, so that the copies have a log that was never closed.
	must(t, j.Put("seen", "in the log", 1))

	for round := range 12 {
		dir := filepath.Join(t.TempDir(), "journal")
		must(t, os.CopyFS(dir, os.DirFS(original)))
		what := damage(t, r, filepath.Join(dir, "store"))
		j, err := Open(dir, Options{})
		if errors.Is(err, ErrDamaged) {
			_, err = SetAside(dir, time.Now())
			must(t, err)
			j, err = Open(dir, Options{})
		}
		if err != nil {
			t.Fatalf("round %d, %s: %v", round, what, err)
		}
		for e, err := range j.Scan("seen", "") {
			if err != nil && !errors.Is(err, ErrDamaged) {
				t.Fatalf("round %d, %s: %s: %v", round, what, e.Key, err)
			}
		}
		must(t, j.Close())
	}
}

// damage flips a bit of a file, cuts it short or removes it.
func damage(t *testing.T, r *rand.Rand, store string) string {
	t.Helper()
	files, err := os.ReadDir(store)
	must(t, err)
	name := files[r.IntN(len(files))].Name()
	path := filepath.Join(store, name)
	data, err := os.ReadFile(path)
	must(t, err)
	switch r.IntN(3) {
	case 0:
		must(t, os.Remove(path))
		return "removed " + name
	case 1:
		n := r.IntN(len(data) + 1)
		must(t, os.Truncate(path, int64(n)))
		return fmt.Sprintf("cut %s to %d of %d bytes", name, n, len(data))
	default:
		at := r.IntN(min(len(data), 4096) + 1)
		if at < len(data) {
			data[at] ^= 1 << r.IntN(8)
		}
		must(t, os.WriteFile(path, data, 0o600))
		return fmt.Sprintf("flipped a bit of %s at %d", name, at)
	}
}

// A process that is killed while it makes its journal leaves none that is damaged.
func TestKillWhileAJournalIsMade(t *testing.T) {
	for range 25 {
		dir := filepath.Join(t.TempDir(), "journal")
		cmd, _ := startVictim(t, dir)
		for deadline := time.Now().Add(10 * time.Second); time.Now().Before(deadline); {
			if _, err := os.Stat(dir); err == nil {
				break
			}
		}
		time.Sleep(time.Duration(rand.IntN(60_000)) * time.Microsecond)
		must(t, cmd.Process.Kill())
		cmd.Wait()
		j, err := Open(dir, Options{})
		must(t, err)
		must(t, j.Put("seen", "a file", 1))
		must(t, j.Close())
	}
}
