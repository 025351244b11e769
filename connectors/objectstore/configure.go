package objectstore

import (
	"strings"
	"time"

	"gantry/connectors"
)

// Configure reads what both connectors have to know of a location before anybody is
// asked: its bucket, the elements of the path below it, and its options. secure
// tells whether the store is asked over TLS.
func Configure(l connectors.Location, bucket string, below []string, option func(name string) string, secure bool) (c Config, limits Limits, err error) {
	c = Config{URL: l.URL, Bucket: bucket, Account: account(option)}
	if err := CheckBucket(l, bucket); err != nil {
		return c, limits, err
	}
	if c.Root, err = CleanRoot(strings.Join(below, "/")); err != nil {
		return c, limits, err
	}
	if c.Checksum, err = ParseChecksum(option("checksum")); err != nil {
		return c, limits, err
	}
	if c.Terms, err = ReadTerms(option, secure, time.Now); err != nil {
		return c, limits, err
	}
	limits, err = ReadLimits(option)
	limits.Met = &Distance{}
	c.Connections, c.Distance = limits.Connections, limits.Met
	return c, limits, err
}
