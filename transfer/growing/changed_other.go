//go:build !linux

package growing

import (
	"os"
	"time"
)

func changedAt(os.FileInfo) (time.Time, bool) { return time.Time{}, false }
