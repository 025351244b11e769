package promise

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"strings"

	"gantry/connectors"
)

// Folder is where places with a file tree keep uploads that are not committed:
// below the location's root, hence on the same file system, so that the commit is
// one rename. No path may lead through a folder of this name, and no listing
// shows one.
const Folder = ".gantry-uploads"

// CleanPath is connectors.CleanPath for places with a staging folder.
func CleanPath(path string) (string, error) {
	path, err := connectors.CleanPath(path)
	if err != nil {
		return "", err
	}
	for element := range strings.SplitSeq(path, "/") {
		if element == Folder {
			return "", &connectors.Error{
				Kind: connectors.KindInvalid, Op: "use path", Path: path, Err: errors.New("the folder " + Folder + " holds uploads that are not finished"),
				Remedy: "take another name",
			}
		}
	}
	return path, nil
}

// NewID makes an upload's ID. It cannot be guessed and belongs to path.
func NewID(path string) string { return strings.ToLower(rand.Text()) + "-" + owner(path) }

// CheckID tells with KindNotFound that id cannot be an upload to path.
func CheckID(id, path string) error {
	random, of, _ := strings.Cut(id, "-")
	for _, r := range random {
		if !strings.ContainsRune("abcdefghijklmnopqrstuvwxyz234567", r) {
			of = ""
		}
	}
	if of != owner(path) {
		return connectors.Errorf(connectors.KindNotFound, "take up upload of", path, "there is no upload %q; begin again", id)
	}
	return nil
}

// StagedPath is where the upload with this ID keeps its bytes, relative to the
// root.
func StagedPath(id string) string { return Folder + "/" + id }

func owner(path string) string {
	sum := sha256.Sum256([]byte(path))
	return hex.EncodeToString(sum[:6])
}
