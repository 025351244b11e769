package journal

import (
	"errors"
	"fmt"

	"gantry/connectors"
)

// ErrDamaged says that the journal's files are not what was written.
var ErrDamaged = errors.New("the journal is damaged")

// InUse says that another process has the journal open.
type InUse struct {
	Dir string
	PID int // 0 if it is not known
}

// Error names the process.
func (e *InUse) Error() string {
	who := "another process"
	if e.PID > 0 {
		who = fmt.Sprintf("process %d", e.PID)
	}
	return fmt.Sprintf("the journal %s is in use by %s: stop it, or give this one a folder of its own", e.Dir, who)
}

func damaged(dir string, cause any) error {
	return &connectors.Error{
		Kind: connectors.KindIntegrity, Op: "open journal", Path: dir, Err: fmt.Errorf("%w: %v", ErrDamaged, cause),
		Remedy: "set it aside and go on with an empty one; files under way are hashed again",
	}
}

func full(dir string, free uint64) error {
	return &connectors.Error{
		Kind: connectors.KindNoSpace, Op: "write journal", Path: dir, Err: fmt.Errorf("only %d MiB are left on the volume", free>>20),
		Remedy: fmt.Sprintf("make room until %d MiB are free", lowWater>>20),
	}
}
