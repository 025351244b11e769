package connectortest

import (
	"flag"
	"strconv"
)

// SideBySide sets how many of a package's parallel tests run at once, unless the command line says it. Tests that wait for servers and processes most of
// the time are sooner done if there are more of them than processors. TestMain calls it.
func SideBySide(n int) {
	if err := flag.Set("test.parallel", strconv.Itoa(n)); err != nil {
		panic(err) // not in a test
	}
}
