package main

import (
	"errors"
	"strconv"
	"strings"
)

// readSize reads a number of bytes as people write it: 8M, 512K, 1G, in powers of
// 1,024; "" is 0.
func readSize(text string) (int64, error) {
	if text == "" {
		return 0, nil
	}
	shift := 0
	upper := strings.TrimSuffix(strings.TrimSuffix(strings.ToUpper(text), "B"), "I")
	for i, unit := range []string{"K", "M", "G"} {
		if number, ok := strings.CutSuffix(upper, unit); ok {
			upper, shift = number, 10*(i+1)
		}
	}
	n, err := strconv.ParseInt(upper, 10, 64)
	if err != nil || n < 1 || n > 1<<30>>shift {
		return 0, errors.New("it is no size")
	}
	return n << shift, nil
}
