package flow

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/txtar"
)

// FuzzParse: no document makes Parse panic, and one that parses can be run.
func FuzzParse(f *testing.F) {
	for _, pattern := range []string{"testdata/spec/examples/*.yaml", "testdata/*.yaml"} {
		files, _ := filepath.Glob(pattern)
		for _, file := range files {
			src, err := os.ReadFile(file)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(src)
		}
	}
	for _, pattern := range []string{"testdata/problems/*.txt", "testdata/scenarios/*.txt"} {
		files, _ := filepath.Glob(pattern)
		for _, file := range files {
			archive, err := txtar.ParseFile(file)
			if err != nil {
				f.Fatal(err)
			}
			for _, part := range archive.Files {
				f.Add(append([]byte(header), part.Data...))
			}
		}
	}
	f.Fuzz(func(t *testing.T, src []byte) {
		def, err := Parse(src)
		if err != nil {
			if problems, ok := err.(Problems); !ok || len(problems) == 0 || problems.Error() == "" {
				t.Fatalf("%T %v", err, err)
			}
			return
		}
		def.Calls()
		def.Workflows()
		def.Tasks()
		st, _ := Advance(def, State{}, Event{Type: Start, At: epoch, Data: json.RawMessage(`{"a":[{"b":1}]}`)})
		for range 5 {
			for _, w := range st.Waiting() {
				for _, kind := range []EventType{TimerFired, CallDone, RunFailed} {
					st, _ = Advance(def, st, Event{Type: kind, Key: w.Key, At: epoch})
				}
			}
		}
	})
}

// FuzzAdvance: no event and no stored state makes Advance panic, and a state stays one that can
// be stored.
func FuzzAdvance(f *testing.F) {
	def := everything(f)
	for _, answer := range []EventType{CallFailed, CallDone} {
		st, _ := Advance(def, State{}, Event{Type: Start, At: epoch})
		for waiting := st.Waiting(); len(waiting) > 0; waiting = st.Waiting() {
			f.Add([]byte(mustJSON(f, st)), "callDone", `{"items":[1]}`, 7)
			f.Add([]byte(mustJSON(f, st)), "callFailed", "", len(waiting)-1)
			f.Add([]byte(mustJSON(f, st)), "timerFired", "", 0)
			last := waiting[len(waiting)-1]
			for _, kind := range []EventType{TimerFired, answer, RunDone} {
				st, _ = Advance(def, st, Event{Type: kind, Key: last.Key, At: epoch, Error: &Error{Status: 503}})
			}
		}
	}
	f.Fuzz(func(t *testing.T, state []byte, kind, data string, which int) {
		var st State
		if json.Unmarshal(state, &st) != nil {
			return
		}
		ev := Event{Type: EventType(kind), At: epoch.Add(time.Duration(which)), Data: json.RawMessage(data)}
		if waiting := st.Waiting(); len(waiting) > 0 {
			ev.Key = waiting[uint(which)%uint(len(waiting))].Key
		}
		next, _ := Advance(def, st, ev)
		stored(t, next)
		Advance(def, next, Event{Type: Cancel})
	})
}
