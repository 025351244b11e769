//go:build !unix

package sftp

import (
	"os"
	"path/filepath"
	"sync"
)

var learning sync.Mutex

// lockFile keeps out this process's other logins only: the system has no lock
// that all programs know.
func lockFile(name string) (unlock func(), err error) {
	if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
		return nil, err
	}
	learning.Lock()
	return learning.Unlock, nil
}
