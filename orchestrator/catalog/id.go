package catalog

import (
	"crypto/rand"
	"strings"
	"time"

	"github.com/oklog/ulid/v2"
)

// The prefixes of IDs.
const (
	PrefixAsset     = "as"
	PrefixRendition = "rn"
	PrefixCopy      = "cp"
	PrefixRun       = "run"
	PrefixTransfer  = "tr"
	PrefixDelivery  = "dl"
	PrefixEvent     = "ev"
)

// NewID makes an ID such as as_01J9ZC5D8Q3V7K2M4N6P8R0T2W. IDs of one prefix sort
// by their time, to the millisecond.
func NewID(prefix string, now time.Time) string {
	return prefix + "_" + ulid.MustNew(ulid.Timestamp(now), rand.Reader).String()
}

// FirstID sorts before all IDs that are made at a time or later, and behind those that
// were made before.
func FirstID(prefix string, at time.Time) string {
	var first ulid.ULID
	_ = first.SetTime(ulid.Timestamp(at)) // only times after the year 10889 are refused
	return prefix + "_" + first.String()
}

// TimeOf tells when an ID was made, to the millisecond.
func TimeOf(id string) (at time.Time, ok bool) {
	_, text, ok := strings.Cut(id, "_")
	if !ok {
		return at, false
	}
	made, err := ulid.ParseStrict(text)
	return ulid.Time(made.Time()).UTC(), err == nil
}
