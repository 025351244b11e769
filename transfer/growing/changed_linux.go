package growing

import (
	"os"
	"syscall"
	"time"
)

// changedAt is when the inode was changed last: unlike the modification time, nobody
// can set it.
func changedAt(info os.FileInfo) (time.Time, bool) {
	stat, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return time.Time{}, false
	}
	return time.Unix(int64(stat.Ctim.Sec), int64(stat.Ctim.Nsec)), true
}
