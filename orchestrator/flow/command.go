package flow

import (
	"cmp"
	"encoding/json"
	"time"
)

// CommandType says what the host is to do.
type CommandType string

// The commands that Advance gives. Cancelling what has already happened is no error.
const (
	Call        CommandType = "call"        // Function with Input; answer CallDone or CallFailed
	CancelCall  CommandType = "cancelCall"  // no answer is waited for any more
	StartTimer  CommandType = "startTimer"  // answer TimerFired at Due
	CancelTimer CommandType = "cancelTimer" //
	StartRun    CommandType = "startRun"    // Workflow with Input; answer RunDone or RunFailed if Await
	CancelRun   CommandType = "cancelRun"   //
	Complete    CommandType = "complete"    // the run ended with Output
	Fail        CommandType = "fail"        // the run ended with Error
	Cancelled   CommandType = "cancelled"   // the run was cancelled
	Report      CommandType = "report"      // for display only: Status of a task
)

// TaskStatus is what a Report says of a task.
type TaskStatus string

// The statuses of a task.
const (
	TaskStarted   TaskStatus = "started"
	TaskCompleted TaskStatus = "completed"
	TaskFaulted   TaskStatus = "faulted"
	TaskSkipped   TaskStatus = "skipped"
	TaskRetrying  TaskStatus = "retrying"
	TaskCancelled TaskStatus = "cancelled"
)

// A WorkflowRef names another workflow; Version may be "latest".
type WorkflowRef struct {
	Namespace string `json:"namespace"`
	Name      string `json:"name"`
	Version   string `json:"version"`
}

// A Command is one thing for the host to do. Commands are in the order of their causes.
//
// Key is unique within the run and stable: the task's pointer with the iteration of each loop, the
// ordinal of each enclosing task that was started more than once, and the ordinal of the task
// itself, as in /do/3/deliver/for/1/do/0/send#2. Timers of a task add /timeout, /retry/N or /attempt/N.
type Command struct {
	Type     CommandType     `json:"type"`
	Key      string          `json:"key,omitempty"`
	Task     string          `json:"task,omitempty"` // the task's pointer in the document
	Name     string          `json:"name,omitempty"` // the task's name
	Function string          `json:"function,omitempty"`
	Input    json.RawMessage `json:"input,omitempty"`
	Attempt  int             `json:"attempt,omitempty"` // of the innermost try around a call, from 1
	Due      time.Time       `json:"due,omitzero"`
	Workflow *WorkflowRef    `json:"workflow,omitempty"`
	Await    bool            `json:"await,omitempty"`
	Output   json.RawMessage `json:"output,omitempty"`
	Error    *Error          `json:"error,omitempty"`
	Status   TaskStatus      `json:"status,omitempty"`
	At       time.Time       `json:"at,omitzero"`
	Detail   string          `json:"detail,omitempty"`
}

func (r WorkflowRef) compare(o WorkflowRef) int {
	return cmp.Or(cmp.Compare(r.Namespace, o.Namespace), cmp.Compare(r.Name, o.Name), cmp.Compare(r.Version, o.Version))
}
