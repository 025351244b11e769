package flow

import (
	"encoding/json"
	"strings"
	"testing"
)

// Branches may each give as much as a value may be; together they may not, and the run still stores.
func TestOutputsOfBranchesAreLimitedTogether(t *testing.T) {
	def := parse(t, []byte("do: [ both: { fork: { branches: [ left: { call: a }, right: { call: b }, third: { call: c } ] } } ]\n"))
	large := json.RawMessage(`"` + strings.Repeat("x", 3<<20) + `"`)
	st, _ := advanceChecked(t, def, State{}, Event{Type: Start, At: epoch})
	st, _ = advanceChecked(t, def, st, Event{Type: CallDone, Key: "/do/0/both/fork/branches/0/left#1", At: epoch, Data: large})
	st, _ = advanceChecked(t, def, st, Event{Type: CallDone, Key: "/do/0/both/fork/branches/1/right#1", At: epoch, Data: large})
	if st.Status != StatusRunning {
		t.Fatalf("%s %v", st.Status, st.Error)
	}
	st, _ = advanceChecked(t, def, st, Event{Type: CallDone, Key: "/do/0/both/fork/branches/2/third#1", At: epoch})
	if st.Status != StatusFaulted || !strings.Contains(st.Error.Detail, "the outputs of the branches: the value is larger than the limit") || st.Error.Instance != "/do/0/both" {
		t.Errorf("%s %v", st.Status, st.Error)
	}
}

// A value that doubles with each iteration comes to an end before it fills the memory.
func TestObjectsThatAreSetAreLimited(t *testing.T) {
	def := parse(t, []byte("do: [ grow: { for: { in: '${ [range(100)] }' }, do: [ double: { set: { a: '${ . }', b: [ '${ . }' ] } } ] } ]\n"))
	st, _ := advanceChecked(t, def, State{}, Event{Type: Start, At: epoch, Data: json.RawMessage(`"some text"`)})
	if st.Status != StatusFaulted || st.Error.Type != TypeExpression || !strings.Contains(st.Error.Detail, "the value is larger than the limit") {
		t.Errorf("%s %v", st.Status, st.Error)
	}
}
