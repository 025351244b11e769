package ledger

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// errBusy says that others keep a run at the moment, or prune.
var errBusy = errors.New("the receipts are in use")

// hold locks the ledger, whose folder it makes, among all processes, by lockKeep or
// lockPrune, until release is called.
func (l Ledger) hold(lock func(*os.File) error) (release func(), err error) {
	if err := os.MkdirAll(string(l), 0o700); err != nil {
		return nil, err
	}
	f, err := os.OpenFile(filepath.Join(string(l), ".lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	if err := lock(f); err != nil {
		return nil, errors.Join(fmt.Errorf("lock %s: %w", l, err), f.Close())
	}
	return func() { _ = f.Close() }, nil
}
