package flow

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/txtar"
)

var update = flag.Bool("update", false, "write what was given as what is expected")

// epoch is when every scenario begins.
var epoch = time.Date(2030, 1, 1, 12, 0, 0, 0, time.UTC)

const header = "document: { dsl: 1.0.3, namespace: test, name: scenario, version: 1.0.0 }\n"

// A scenario is a txtar file: workflow.yaml (without the document section) and run. In
// run, a line with > is an event: an optional time that passes before it, its type, its key and
// its data. The lines below are the commands that it gives, and after = the run's phase.
func TestScenarios(t *testing.T) {
	files, err := filepath.Glob("testdata/scenarios/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatal("no scenarios in testdata/scenarios", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) { runScenario(t, file) })
	}
}

func runScenario(t *testing.T, file string) {
	archive, err := txtar.ParseFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var def *Definition
	for i, f := range archive.Files {
		switch f.Name {
		case "workflow.yaml":
			def = parse(t, f.Data)
		case "run":
			got := play(t, def, f.Data)
			if *update {
				archive.Files[i].Data = got
			} else if !bytes.Equal(got, f.Data) {
				t.Errorf("gave\n%s\nexpected\n%s", got, f.Data)
			}
		}
	}
	if *update {
		if err := os.WriteFile(file, txtar.Format(archive), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

func parse(t testing.TB, src []byte) *Definition {
	t.Helper()
	def, err := Parse(append([]byte(header), src...))
	if err != nil {
		t.Fatalf("the workflow does not parse:\n%s", err)
	}
	return def
}

// play plays the events of a script and gives the script with what they gave.
func play(t *testing.T, def *Definition, script []byte) []byte {
	var out strings.Builder
	var st State
	now := epoch
	for line := range strings.Lines(string(script)) {
		line = strings.TrimSuffix(line, "\n")
		if strings.HasPrefix(line, "#") {
			fmt.Fprintln(&out, line)
		}
		words, isEvent := strings.CutPrefix(line, "> ")
		if !isEvent {
			continue
		}
		if out.Len() > 0 && !strings.HasSuffix(out.String(), "\n\n") && !strings.HasPrefix(lastLine(out.String()), "#") {
			fmt.Fprintln(&out)
		}
		fmt.Fprintln(&out, line)
		var ev Event
		ev, now = readEvent(t, words, now)
		var commands []Command
		st, commands = advanceChecked(t, def, st, ev)
		for i, c := range commands {
			const few = 40
			if left := len(commands) - 2*few; left > 0 && i >= few && i < few+left {
				if i == few {
					fmt.Fprintf(&out, "  … %d more\n", left)
				}
				continue
			}
			fmt.Fprintln(&out, showCommand(c))
		}
		fmt.Fprintln(&out, "= "+showState(st))
	}
	return []byte(out.String())
}

func lastLine(s string) string {
	s = strings.TrimSuffix(s, "\n")
	return s[strings.LastIndexByte(s, '\n')+1:]
}

func readEvent(t *testing.T, words string, now time.Time) (Event, time.Time) {
	if after, rest, ok := strings.Cut(words, " "); ok && strings.HasPrefix(after, "+") {
		d, err := time.ParseDuration(after[1:])
		if err != nil {
			t.Fatal(err)
		}
		now, words = now.Add(d), rest
	}
	kind, rest, _ := strings.Cut(words, " ")
	ev := Event{Type: EventType(kind), At: now}
	if ev.Type == Start {
		ev.Run = "run-1"
	} else {
		ev.Key, rest, _ = strings.Cut(rest, " ")
	}
	if ev.Type == CallFailed || ev.Type == RunFailed {
		if rest != "" {
			ev.Error = &Error{}
			if err := json.Unmarshal([]byte(rest), ev.Error); err != nil {
				t.Fatalf("%s: %s", words, err)
			}
		}
	} else {
		ev.Data = json.RawMessage(rest)
	}
	return ev, now
}

// advanceChecked advances a run and checks what holds for every step: the state given is not
// modified, a stored state goes on in the same way, and a repeated event does nothing.
func advanceChecked(t testing.TB, def *Definition, st State, ev Event) (State, []Command) {
	t.Helper()
	before := mustJSON(t, st)
	next, commands := Advance(def, st, ev)
	if after := mustJSON(t, st); after != before {
		t.Fatalf("the state given was modified\nbefore %s\nafter  %s", before, after)
	}
	storedNext, storedCommands := Advance(def, stored(t, st), ev)
	if a, b := mustJSON(t, next), mustJSON(t, storedNext); a != b {
		t.Fatalf("a stored state goes on differently\n%s\n%s", a, b)
	}
	if a, b := mustJSON(t, commands), mustJSON(t, storedCommands); a != b {
		t.Fatalf("a stored state gives other commands\n%s\n%s", a, b)
	}
	if again, none := Advance(def, next, ev); len(none) > 0 || mustJSON(t, again) != mustJSON(t, next) {
		t.Fatalf("the event had an effect again: %s", mustJSON(t, none))
	}
	return next, commands
}

func stored(t testing.TB, st State) State {
	t.Helper()
	var out State
	text := mustJSON(t, st)
	if err := json.Unmarshal([]byte(text), &out); err != nil {
		t.Fatalf("the state cannot be read back: %s\n%s", err, text)
	}
	if again := mustJSON(t, out); again != text {
		t.Fatalf("the state was not stored without loss\n%s\n%s", text, again)
	}
	return out
}

func mustJSON(t testing.TB, v any) string {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func showCommand(c Command) string {
	words := []string{string(c.Type)}
	add := func(format string, args ...any) { words = append(words, fmt.Sprintf(format, args...)) }
	switch c.Type {
	case Report:
		words = []string{"  " + string(c.Status), strings.TrimSuffix(c.Key, "#1")}
		if c.Detail != "" {
			add("(%s)", c.Detail)
		}
		if !c.Due.IsZero() {
			add("at +%s", c.Due.Sub(epoch))
		}
	case Call:
		add("%s %s %s", c.Key, c.Function, c.Input)
		if c.Attempt > 1 {
			add("attempt %d", c.Attempt)
		}
	case StartTimer:
		add("%s +%s", c.Key, c.Due.Sub(epoch))
	case StartRun:
		add("%s %s/%s:%s %s", c.Key, c.Workflow.Namespace, c.Workflow.Name, c.Workflow.Version, c.Input)
		if !c.Await {
			add("and forget")
		}
	case Complete:
		add("%s", c.Output)
	case Fail, Cancelled:
	default:
		add("%s", c.Key)
	}
	if c.Error != nil {
		add("%s %d %q", strings.TrimPrefix(c.Error.Type, errorBase), c.Error.Status, c.Error.Error())
	}
	return strings.Join(words, " ")
}

func showState(st State) string {
	words := []string{string(st.Status)}
	for _, w := range st.Waiting() {
		words = append(words, fmt.Sprintf("%s %s", w.Kind, w.Key))
	}
	return strings.Join(words, ", ")
}
