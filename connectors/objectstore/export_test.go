package objectstore

import "gantry/connectors"

// CopyInParts has a place copy objects above most bytes in parts of a size.
func CopyInParts(p connectors.Place, most, part int64) {
	habits := &p.(*Place).config.Habits
	habits.MaxCopy, habits.CopyPart = most, part
}
