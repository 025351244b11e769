package web

import (
	"errors"
	"strconv"
	"strings"
)

// A span is what the header Content-Range says: bytes first to last of total.
type span struct {
	first, last int64 // -1, -1 if no range is satisfied
	total       int64 // -1 if not told
}

var errRange = errors.New("it makes no sense")

// parseContentRange reads "bytes 0-9/100", "bytes 0-9/*" and "bytes */100".
func parseContentRange(text string) (span, error) {
	unit, rest, _ := strings.Cut(strings.TrimSpace(text), " ")
	piece, whole, found := strings.Cut(rest, "/")
	if !found || !strings.EqualFold(unit, "bytes") {
		return span{}, errRange
	}
	s := span{first: -1, last: -1, total: -1}
	var err error
	if whole = strings.TrimSpace(whole); whole != "*" {
		if s.total, err = digits(whole); err != nil {
			return span{}, err
		}
	}
	if piece = strings.TrimSpace(piece); piece == "*" {
		return s, nil
	}
	first, last, found := strings.Cut(piece, "-")
	if !found {
		return span{}, errRange
	}
	if s.first, err = digits(first); err != nil {
		return span{}, err
	}
	if s.last, err = digits(last); err != nil {
		return span{}, err
	}
	if s.last < s.first || (s.total >= 0 && s.last >= s.total) {
		return span{}, errRange
	}
	return s, nil
}

func digits(text string) (int64, error) {
	n, err := strconv.ParseUint(text, 10, 63)
	if err != nil {
		return 0, errRange
	}
	return int64(n), nil
}
