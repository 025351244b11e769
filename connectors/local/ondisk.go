package local

import (
	"path/filepath"

	"gantry/connectors"
	"gantry/connectors/promise"
)

var _ connectors.OnDisk = (*place)(nil)

// FilePath implements connectors.OnDisk. Whoever opens the file by this path
// follows links that [os.Root] would not.
func (p *place) FilePath(path string) (string, error) {
	path, err := promise.CleanPath(path)
	if err != nil {
		return "", err
	}
	return filepath.Join(p.root, filepath.FromSlash(path)), nil
}
