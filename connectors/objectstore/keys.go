package objectstore

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"gantry/connectors"
)

// maxKey is the longest key that S3 takes, in bytes.
const maxKey = 1024

// CleanRoot checks the prefix of a location and gives it with its slash at the
// end, or "" for the whole bucket.
func CleanRoot(prefix string) (string, error) {
	prefix = strings.Trim(prefix, "/")
	if prefix == "" {
		return "", nil
	}
	clean, err := connectors.CleanPath(prefix)
	if err != nil {
		return "", err
	}
	return clean + "/", nil
}

// key maps a path to an object's key.
func (p *Place) key(path string) (string, error) {
	clean, err := connectors.CleanPath(path)
	if err != nil {
		return "", err
	}
	key := p.config.Root + clean
	switch {
	case !utf8.ValidString(key):
		err = fmt.Errorf("an object's key is UTF-8, and this is not")
	case len(key) > maxKey:
		err = fmt.Errorf("an object's key has at most %d bytes, and this has %d", maxKey, len(key))
	case strings.ContainsFunc(key, notInXML):
		err = fmt.Errorf("it has a character that listings, which are XML, cannot hold")
	case strings.TrimSpace(key) == "":
		err = fmt.Errorf("an object's key is more than white space")
	default:
		return key, nil
	}
	return "", &connectors.Error{Kind: connectors.KindInvalid, Op: "use path", Path: path, Err: err, Remedy: "rename the file"}
}

// notInXML tells of the characters that XML 1.0 cannot hold, not even escaped. Not
// every store escapes keys as S3 can be asked to: versitygw 1.8.0 lists others in
// their place.
func notInXML(r rune) bool {
	return (r < ' ' && r != '\t' && r != '\n' && r != '\r') || r == '\ufffe' || r == '\uffff'
}
