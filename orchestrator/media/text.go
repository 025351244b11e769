package media

import (
	"math"
	"regexp"
	"strconv"
)

var languagePattern = regexp.MustCompile(`^[a-zA-Z]{2,3}(-[a-zA-Z0-9]{2,8})*$`)

func orElse(s, other string) string {
	if s == "" {
		return other
	}
	return s
}

// known drops ffprobe's ways to say that it does not know.
func known(s string) string {
	if s == "unknown" || s == "unspecified" || s == "reserved" {
		return ""
	}
	return s
}

func gcd(a, b int) int {
	for b != 0 {
		a, b = b, a%b
	}
	return a
}

func parseSigned(s string) (float64, bool) {
	f, err := strconv.ParseFloat(s, 64)
	if err != nil || math.IsNaN(f) || math.Abs(f) > 1e9 {
		return 0, false
	}
	return f, true
}

// startAfter is a stream's start counted from the start of the file.
func startAfter(s string, fileStart float64) float64 {
	f, ok := parseSigned(s)
	if !ok {
		return 0
	}
	return max(0, f-fileStart)
}
