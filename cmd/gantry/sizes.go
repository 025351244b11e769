package main

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// smallestPart is that of the parts of a file: smaller ones cost more than they save.
const smallestPart = 64 << 10

// readPartSize reads --part-size; "" is 0.
func readPartSize(text string) (int64, error) {
	n, err := readSize(text)
	switch {
	case err != nil:
		return 0, fmt.Errorf("--part-size is %q: write a number with its unit, as 8M", text)
	case n > 0 && n < smallestPart:
		return 0, fmt.Errorf("--part-size is %q: write 64K or more (stores of the S3 kind take parts of 5M or more)", text)
	}
	return n, nil
}

// readSize reads a number of bytes as people write it, with its unit: 8M, 512K, 1G, in
// powers of 1,024; "" is 0.
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
	if shift == 0 {
		return 0, errors.New("it has no unit")
	}
	n, err := strconv.ParseInt(upper, 10, 64)
	if err != nil || n < 1 || n > 1<<30>>shift {
		return 0, errors.New("it is no size")
	}
	return n << shift, nil
}
