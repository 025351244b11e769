//go:build !unix

package ledger

import "os"

// lockKeep does nothing on this system: that [Ledger.Prune] leaves alone what is young
// and unfinished has to do.
func lockKeep(*os.File) error { return nil }

func lockPrune(*os.File) error { return nil }
