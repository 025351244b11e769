package flow

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"sync"
	"testing"
)

func TestDefinition(t *testing.T) {
	def := everything(t)
	if got, want := def.Calls(), []string{"ask", "probe", "transfer"}; !reflect.DeepEqual(got, want) {
		t.Errorf("calls %v, not %v", got, want)
	}
	if got, want := def.Workflows(), []WorkflowRef{{"test", "rework", "latest"}, {"test", "tell", "1.0.0"}}; !reflect.DeepEqual(got, want) {
		t.Errorf("runs %v, not %v", got, want)
	}
	var tasks strings.Builder
	for _, i := range def.Tasks() {
		fmt.Fprintf(&tasks, "%s%s %s\n", strings.Repeat("  ", i.Depth), i.Kind, i.Pointer)
	}
	golden(t, "testdata/everything.tasks.txt", tasks.String())
	if def.Document.Name != "everything" || def.Document.DSL != "1.0.3" {
		t.Errorf("%+v", def.Document)
	}
}

// A state of another document makes the run fault and takes back what it waited for.
func TestStateOfAnotherDocument(t *testing.T) {
	st, _ := Advance(everything(t), State{}, Event{Type: Start, At: epoch})
	other := parse(t, []byte("do:\n  - prepare: { set: { a: 1 } }\n  - other: { call: x }\n"))
	waiting := st.Waiting()
	next, commands := Advance(other, st, Event{Type: CallDone, Key: waiting[len(waiting)-1].Key, At: epoch})
	if next.Status != StatusFaulted || next.Error.Type != TypeConfiguration {
		t.Errorf("%s %v", next.Status, next.Error)
	}
	if len(commands) != len(waiting)+1 || commands[len(commands)-1].Type != Fail {
		t.Errorf("%v", commands)
	}
	next, commands = Advance(other, st, Event{Type: Cancel, At: epoch})
	if next.Status != StatusCancelled || len(commands) != len(waiting)+1 {
		t.Errorf("%s %v", next.Status, commands)
	}
}

// One definition serves many runs at once.
func TestDefinitionIsSharedByGoroutines(t *testing.T) {
	src := "input: { schema: { document: { properties: { n: { type: integer }, s: { pattern: \"^(?!x)\" } } } } }\n" +
		"do: [ a: { set: { n: \"${ [range(.n)] | map(. * 2) | add }\", s: \"s${ .s }\" } } ]\n"
	def := parse(t, []byte(src))
	var wg sync.WaitGroup
	for i := range 20 {
		wg.Go(func() {
			st, _ := Advance(def, State{}, Event{Type: Start, At: epoch, Data: json.RawMessage(fmt.Sprintf(`{"n":%d,"s":"a"}`, i+1))})
			if got, want := string(encode(st.Output.data)), fmt.Sprintf(`{"n":%d,"s":"sa"}`, i*(i+1)); got != want {
				t.Errorf("%s, not %s", got, want)
			}
		})
	}
	wg.Wait()
}
