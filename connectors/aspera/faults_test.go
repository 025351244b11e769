package aspera

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"gantry/connectors"
	"gantry/connectors/aspera/ascp"
	"gantry/connectors/aspera/asperatest"
)

// retryable are the codes that a binding list of facts names.
var retryable = []int{12, 13, 14, 15, 16, 17, 18, 23, 32, 33, 35, 36, 37, 39, 40, 44, 45, 61}

func TestCodesAreRetriedOrNotAsTheListSays(t *testing.T) {
	for code := range 70 {
		want := slices.Contains(retryable, code)
		if got := ascp.Retryable(fmt.Errorf("x: %w", &ascp.Failure{Code: code})); got != want {
			t.Errorf("code %d: retried %v", code, got)
		}
	}
	if ascp.Retryable(&ascp.Failure{Code: 14, Description: "Target address not available"}) {
		t.Error("no attempt gives a target an address")
	}
}

// One of each class: what it becomes, and how often ascp is started.
func TestFailuresHaveKinds(t *testing.T) {
	for name, test := range map[string]struct {
		act    asperatest.Act
		kind   connectors.Kind
		starts int
		says   string
	}{
		"authentication":       {asperatest.Act{Code: 19, Description: "Authentication failure"}, connectors.KindAuth, 1, "check the user"},
		"no such file":         {asperatest.Act{Code: 4, Description: "No such file"}, connectors.KindNotFound, 1, "code 4"},
		"no such file, alone":  {asperatest.Act{Code: 4, Description: "No such file", FileError: true}, connectors.KindNotFound, 1, "code 4"},
		"no permission":        {asperatest.Act{Code: 5, AfterBytes: 1000}, connectors.KindPermission, 1, "operator"},
		"no room":              {asperatest.Act{Code: 25, AfterBytes: 1000}, connectors.KindNoSpace, 1, "make room"},
		"license":              {asperatest.Act{Code: 30}, connectors.KindPermission, 1, "license"},
		"document root":        {asperatest.Act{Code: 41}, connectors.KindPermission, 1, "document root"},
		"host key":             {asperatest.Act{Code: 51}, connectors.KindHostKey, 1, "hostKey"},
		"no address":           {asperatest.Act{Code: 14, Description: "Target address not available"}, connectors.KindInvalid, 1, "address"},
		"unknown code":         {asperatest.Act{Code: 4711, Description: "Weather"}, connectors.KindOther, 1, "Weather"},
		"UDP":                  {asperatest.Act{Code: 15}, connectors.KindTimeout, 3, "UDP port"},
		"UDP at last":          {asperatest.Act{Code: 14, Description: "Error"}, connectors.KindUnavailable, 3, "UDP port"},
		"connection lost":      {asperatest.Act{Code: 16}, connectors.KindUnavailable, 3, "code 16"},
		"authorization":        {asperatest.Act{Code: 37}, connectors.KindAuth, 3, "token"},
		"it never dials in":    {asperatest.Act{Silent: true}, connectors.KindUnavailable, 3, "never dials in"},
		"it fails after DONE":  {asperatest.Act{ExitCode: 3}, connectors.KindOther, 1, "exit status 3"},
		"it is no ascp at all": {asperatest.Act{Raw: "SSH-2.0-OpenSSH_9.2\r\n\r\n"}, connectors.KindUnsupported, 1, "really ascp"},
		"a giant frame":        {asperatest.Act{Raw: "FASPMGR 2\nType: STATS\nFile: " + strings.Repeat("x", 1<<20) + "\n"}, connectors.KindUnsupported, 1, "longer than"},
	} {
		t.Run(name, func(t *testing.T) {
			s := withSSH(t, slices.Repeat([]asperatest.Act{test.act}, 5)...)
			file, _ := s.file("clip.mov", size)
			_, err := s.send(s.open("attempts", "3"), file, size)
			s.kind(err, test.kind)
			if err == nil || !strings.Contains(err.Error(), test.says) || strings.Contains(err.Error(), asperatest.Password) {
				t.Errorf("%v: want it to say %q, and no secret", err, test.says)
			}
			if runs := s.ascp.Runs(); len(runs) != test.starts {
				t.Errorf("ascp was started %d times, want %d", len(runs), test.starts)
			}
			if files := s.ascp.Files(); slices.Contains(files, "media/day1/clip.mov") && test.act.ExitCode == 0 {
				t.Errorf("the server has %q", files)
			}
		})
	}
}

// A program that says that it is done, and has moved nothing, is not believed where
// the Node API can be asked, or the file is on this machine.
func TestLiesAreFoundOut(t *testing.T) {
	s := withNode(t, asperatest.Act{Lie: true}, asperatest.Act{Lie: true})
	file, _ := s.file("clip.mov", size)
	_, err := s.send(s.open(), file, size)
	s.kind(err, connectors.KindIntegrity)
	s.ascp.Put("media/clip.mov", content(size))
	_, err = s.move(s.open(), connectors.Movement{Receive: true, Path: "clip.mov", File: filepath.Join(s.dir, "back"), Size: size})
	s.kind(err, connectors.KindIncomplete)
}

func TestPausesGrowAndProgressForgivesFailures(t *testing.T) {
	lost := asperatest.Act{Code: 16}
	moved := asperatest.Act{Code: 16, AfterBytes: 50_000}
	s := withSSH(t, lost, lost, moved, lost)
	file, data := s.file("clip.mov", size)
	_, err := s.send(s.open("attempts", "3"), file, size)
	s.must(err)
	s.serves("media/day1/clip.mov", data)
	if got, want := s.clock.slept(), []time.Duration{1e9, 2e9, 1e9, 2e9}; !slices.Equal(got, want) {
		t.Errorf("it paused %v, want %v", got, want)
	}
}

func TestBackoff(t *testing.T) {
	b := backoff{attempts: 100}
	var pauses []time.Duration
	for range 9 {
		pause, _ := b.next(false, 0.5)
		pauses = append(pauses, pause/time.Second)
	}
	if want := []time.Duration{1, 2, 4, 8, 16, 32, 60, 60, 60}; !slices.Equal(pauses, want) {
		t.Errorf("got %v", pauses)
	}
	if low, _ := (&backoff{attempts: 9}).next(false, 0); low != firstPause/2 {
		t.Errorf("the least pause is %s", low)
	}
	if _, ok := (&backoff{attempts: 1}).next(true, 0); ok {
		t.Error("one attempt is one attempt")
	}
}

func TestOneThatHangsIsStartedAgain(t *testing.T) {
	s := withSSH(t, asperatest.Act{Hang: true, AfterBytes: 100_000})
	file, data := s.file("clip.mov", size)
	_, err := s.send(s.open("timeout", "400ms"), file, size)
	s.must(err)
	s.serves("media/day1/clip.mov", data)
	runs := s.ascp.Runs()
	if len(runs) != 2 || runs[1].Offset != 100_000 || alive(runs[0].PID) {
		t.Errorf("got %+v", runs)
	}

	s = &stage{t: t, ascp: asperatest.NewAscp(t, asperatest.Act{Hang: true}), dir: s.dir, clock: s.clock}
	_, err = s.send(s.open("timeout", "300ms", "attempts", "1"), file, size)
	s.kind(err, connectors.KindTimeout)
}

func alive(pid int) bool { return syscall.Kill(pid, 0) == nil }

// gone waits until a process has ended; a killed one may be there for a moment.
func gone(pid int) bool {
	for range 200 {
		if !alive(pid) || zombie(pid) {
			return true
		}
		time.Sleep(10 * time.Millisecond)
	}
	return false
}

func zombie(pid int) bool {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	return err == nil && strings.Contains(string(stat), ") Z ")
}

func TestAMovementEndsWithinASecondOfItsContext(t *testing.T) {
	for name, act := range map[string]asperatest.Act{
		"one that heeds":       {Hold: true, AfterBytes: 100_000},
		"one that is stubborn": {Hold: true, Stubborn: true, AfterBytes: 100_000},
		"one that hangs":       {Hang: true, AfterBytes: 100_000},
	} {
		t.Run(name, func(t *testing.T) {
			s := withSSH(t, act)
			file, data := s.file("clip.mov", size)
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			mover, _ := connectors.As[connectors.Mover](s.open())
			moving, err := mover.Start(ctx, connectors.Movement{Path: "day1/clip.mov", File: file, Size: size})
			s.must(err)
			s.until(func() bool { return len(s.ascp.Runs()) == 1 && s.ascp.Runs()[0].Sent >= 100_000 })
			began := time.Now()
			cancel()
			_, err = moving.Wait()
			s.kind(err, connectors.KindCanceled)
			if took := time.Since(began); took > 5*time.Second {
				t.Errorf("it took %s", took)
			}
			run := s.ascp.Runs()[0]
			if !gone(run.PID) || run.Child != 0 && !gone(run.Child) {
				t.Errorf("%+v is still there", run)
			}
			if !act.Hang && !run.Canceled {
				t.Error("it was not told")
			}
			// The next one goes on.
			_, err = s.send(s.open(), file, size)
			s.must(err)
			s.serves("media/day1/clip.mov", data)
			if runs := s.ascp.Runs(); runs[1].Offset != 100_000 {
				t.Errorf("it went on from %d", runs[1].Offset)
			}
		})
	}
}

// until waits for what another process does.
func (s *stage) until(happened func() bool) {
	s.t.Helper()
	for deadline := time.Now().Add(10 * time.Second); !happened(); {
		if time.Now().After(deadline) {
			s.t.Fatal("it never happened")
		}
		time.Sleep(5 * time.Millisecond)
	}
}

func TestAClosedPlaceMovesNothing(t *testing.T) {
	s := withSSH(t, asperatest.Act{Hold: true})
	file, _ := s.file("clip.mov", size)
	p := s.open()
	mover, _ := connectors.As[connectors.Mover](p)
	moving, err := mover.Start(t.Context(), connectors.Movement{Path: "clip.mov", File: file, Size: size})
	s.must(err)
	s.must(p.Close())
	if _, err := moving.Wait(); !errors.Is(err, errClosed) {
		t.Errorf("got %v", err)
	}
	_, err = s.send(p, file, size)
	s.kind(err, connectors.KindOther)
}

func TestTheRateChangesWhileItRuns(t *testing.T) {
	s := withSSH(t, asperatest.Act{Hold: true, AfterBytes: 100_000}, asperatest.Act{})
	file, data := s.file("clip.mov", size)
	mover, _ := connectors.As[connectors.Mover](s.open("rate", "100M"))
	moving, err := mover.Start(t.Context(), connectors.Movement{Path: "day1/clip.mov", File: file, Size: size})
	s.must(err)
	s.must(moving.SetRate(1_250_000))
	_, err = moving.Wait()
	s.must(err)
	s.serves("media/day1/clip.mov", data)
	if run := s.ascp.Runs()[0]; !slices.Equal(run.Rates, []string{"10000"}) {
		t.Errorf("it was given the rates %v", run.Rates)
	}
}

// A rate also holds for the sessions to come, and never above the location's.
func TestTheRateOutlivesASession(t *testing.T) {
	p := &place{}
	p.base.TargetRate = 100_000
	w := &moving{place: p, movement: connectors.Movement{Rate: 1_250_000}}
	if w.target() != 10_000 {
		t.Errorf("the movement's own: %d", w.target())
	}
	if err := w.SetRate(2_500_000); err != nil || w.target() != 20_000 {
		t.Errorf("changed: %d, %v", w.target(), err)
	}
	if err := w.SetRate(1 << 40); err != nil || w.target() != 100_000 {
		t.Errorf("too high: %d, %v", w.target(), err)
	}
	if err := w.SetRate(0); err != nil || w.target() != 100_000 {
		t.Errorf("lifted: %d, %v", w.target(), err)
	}
}

func TestAnotherProgramThatDialsInIsNotHeard(t *testing.T) {
	s := withSSH(t, asperatest.Act{Stranger: true})
	file, data := s.file("clip.mov", size)
	_, err := s.send(s.open(), file, size)
	s.must(err)
	s.serves("media/day1/clip.mov", data)
}

func TestWithoutAscpThePlaceSaysWhereToGetIt(t *testing.T) {
	s := withSSH(t)
	file, _ := s.file("clip.mov", size)
	for _, program := range []string{filepath.Join(s.dir, "none"), s.ascp.Key} {
		_, err := s.send(s.open("ascp", program), file, size)
		s.kind(err, connectors.KindUnsupported)
		if err == nil || !strings.Contains(err.Error(), "ascli config ascp install") {
			t.Errorf("got %v", err)
		}
	}
}

func TestWrongSecretsAreToldApart(t *testing.T) {
	s := withSSH(t)
	file, _ := s.file("clip.mov", size)
	_, err := s.send(s.open("password", s.secret("wrong-one")), file, size)
	s.kind(err, connectors.KindAuth)
	if err == nil || strings.Contains(err.Error(), "wrong-one") || !strings.Contains(err.Error(), "***") {
		t.Errorf("got %v", err)
	}
	_, err = s.send(s.open("password", "", "token", s.secret("ATM3_forged")), file, size)
	s.kind(err, connectors.KindAuth)
	_, err = s.send(s.open("password", "env:GANTRY_NO_SUCH_VARIABLE"), file, size)
	s.kind(err, connectors.KindAuth)
	s.must(os.Remove(filepath.Join(filepath.Dir(s.ascp.Program), "aspera_bypass_rsa.pem")))
	_, err = s.send(s.open("password", "", "token", s.secret("ATM3_forged")), file, size)
	s.kind(err, connectors.KindAuth)
	if err == nil || !strings.Contains(err.Error(), "identityFile") {
		t.Errorf("got %v", err)
	}
}

// A thousand movements at once would be a thousand programs.
func TestMovementsWaitForTheirTurn(t *testing.T) {
	s := withSSH(t, asperatest.Act{Hold: true})
	file, _ := s.file("clip.mov", size)
	mover, _ := connectors.As[connectors.Mover](s.open("connections", "1"))
	first, err := mover.Start(t.Context(), connectors.Movement{Path: "a", File: file, Size: size})
	s.must(err)
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	_, err = mover.Start(ctx, connectors.Movement{Path: "b", File: file, Size: size})
	s.kind(err, connectors.KindTimeout)
	s.must(first.SetRate(1000))
	_, err = first.Wait()
	s.must(err)
	second, err := mover.Start(t.Context(), connectors.Movement{Path: "b", File: file, Size: size})
	s.must(err)
	_, err = second.Wait()
	s.must(err)
}
