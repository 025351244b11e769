package wire

import (
	"fmt"
	"regexp"
	"strconv"
)

// A document may name digests that the hub does not know yet, as of a recording of
// which only the edges were compared: in their places stand words of ours, and whoever
// writes the document fills in what the copying has computed.

// pending are the words: nothing that a format escapes, and nothing that anybody writes.
var pending = regexp.MustCompile(`gantry-xxh128-of-file-(\d+)-when-it-is-copied`)

// PendingDigest stands for the xxh128 of file n of an order.
func PendingDigest(n int) string { return fmt.Sprintf("gantry-xxh128-of-file-%d-when-it-is-copied", n) }

// HasPending tells whether a text has such a word.
func HasPending(text string) bool { return pending.MatchString(text) }

// FillPending puts digests in the places of the words. of gives that of file n, "" if it
// is not known.
func FillPending(text string, of func(n int) string) (string, error) {
	var failure error
	filled := pending.ReplaceAllStringFunc(text, func(word string) string {
		n, err := strconv.Atoi(pending.FindStringSubmatch(word)[1])
		sum := ""
		if err == nil {
			sum = of(n)
		}
		if sum == "" && failure == nil {
			failure = fmt.Errorf("the document names the xxh128 of file %d, which is not known", n)
		}
		return sum
	})
	if failure != nil {
		return "", failure
	}
	return filled, nil
}
