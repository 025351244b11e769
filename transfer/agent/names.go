package agent

import (
	"errors"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"gantry/connectors"
)

// checkName refuses names that a listing may hold but that cannot be told to a hub, a manifest or a person without
// changing them.
func checkName(p string) error {
	_, err := connectors.CleanPath(p)
	switch {
	case err != nil:
		return err
	case !utf8.ValidString(p):
		err = errors.New("the name is not UTF-8")
	case strings.IndexFunc(p, unicode.IsControl) >= 0:
		err = errors.New("the name has a control character")
	default:
		return nil
	}
	return &connectors.Error{Kind: connectors.KindInvalid, Op: "take in", Path: printable(p), Err: err, Remedy: "rename the file"}
}

// oneLine makes a message fit for a document and a log.
func oneLine(message string) string { return printable(strings.ReplaceAll(message, "\n", "; ")) }

// printable gives p as it is where JSON can carry it, and otherwise escaped so that the bytes can be told.
func printable(p string) string {
	if utf8.ValidString(p) && strings.IndexFunc(p, unicode.IsControl) < 0 {
		return p
	}
	quoted := strconv.Quote(p)
	return quoted[1 : len(quoted)-1]
}
