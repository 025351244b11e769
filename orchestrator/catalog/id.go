package catalog

import (
	"crypto/rand"
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
