package custody

import (
	"errors"
	"fmt"
)

// A Fault is why a history cannot be used.
type Fault string

// The faults.
const (
	NoHistory  Fault = "there is no history"
	NoChain    Fault = "the chain is missing"
	NoManifest Fault = "a manifest is missing"
	Altered    Fault = "it was altered"
	Unreadable Fault = "it cannot be read"
)

// Broken is the error of a history that cannot be used.
type Broken struct {
	Fault Fault
	Path  string // of the file or folder that is at fault
	Err   error  // may be nil
}

// Error says what is wrong, and what to do about it.
func (b *Broken) Error() string {
	text := fmt.Sprintf("history at %q: %s", b.Path, b.Fault)
	if b.Path == "" {
		text = "history at the top of the place: " + string(b.Fault)
	}
	if b.Err != nil {
		text += ": " + b.Err.Error()
	}
	return text + " (" + b.remedy() + ")"
}

// Unwrap gives the cause.
func (b *Broken) Unwrap() error { return b.Err }

func (b *Broken) remedy() string {
	switch b.Fault {
	case NoHistory:
		return "name the folder that its ascmhl folder lies in, or begin a history with `gantry manifest create`"
	case NoChain:
		return "bring the whole ascmhl folder back from another copy; a first generation that was cut off is taken up by `gantry manifest create`"
	case NoManifest:
		return "bring the whole ascmhl folder back from another copy"
	}
	return "bring the ascmhl folder back from another copy, or move it away to begin a new history"
}

// FaultOf tells what is wrong with a history; "" if err is about something else.
func FaultOf(err error) Fault {
	var b *Broken
	if errors.As(err, &b) {
		return b.Fault
	}
	return ""
}
