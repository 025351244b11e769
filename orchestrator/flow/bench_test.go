package flow

import (
	"encoding/json"
	"testing"
)

// A small run: the answer of one call leads to the next one.
func BenchmarkAdvance(b *testing.B) {
	def := parse(b, []byte(`
do:
  - probe: { call: probe, with: { file: "${ .file }" } }
  - move: { call: transfer, with: { to: "${ .container }", size: "${ .size }" } }
`))
	st, _ := Advance(def, State{}, Event{Type: Start, At: epoch, Data: json.RawMessage(`{"file":"a.mxf"}`)})
	ev := Event{Type: CallDone, Key: "/do/0/probe#1", At: epoch, Data: json.RawMessage(`{"container":"mxf","size":12345}`)}
	b.ReportAllocs()
	for b.Loop() {
		if _, commands := Advance(def, st, ev); len(commands) != 3 {
			b.Fatal(commands)
		}
	}
}

// The same with the state read from its stored form and written back.
func BenchmarkAdvanceStored(b *testing.B) {
	def := everything(b)
	st, _ := Advance(def, State{}, Event{Type: Start, At: epoch})
	text := []byte(mustJSON(b, st))
	ev := Event{Type: CallDone, Key: "/do/1/loop/for/0/do/0/guarded/try/0/first#1", At: epoch, Data: json.RawMessage(`{"container":"mxf"}`)}
	b.ReportAllocs()
	for b.Loop() {
		var st State
		if err := json.Unmarshal(text, &st); err != nil {
			b.Fatal(err)
		}
		next, commands := Advance(def, st, ev)
		if len(commands) == 0 {
			b.Fatal("nothing happened")
		}
		if _, err := json.Marshal(next); err != nil {
			b.Fatal(err)
		}
	}
}
