package promise

import "strings"

// IsID tells whether a name in the staging folder can be an upload's ID, of
// whatever path.
func IsID(name string) bool {
	random, of, found := strings.Cut(name, "-")
	return found && random != "" && strings.Trim(random, "abcdefghijklmnopqrstuvwxyz234567") == "" &&
		len(of) == len(owner("")) && strings.Trim(of, "0123456789abcdef") == ""
}
