package promise

import "gantry/connectors"

// CheckWhole refuses parts that are not numbered from 1 without gaps, do not lie
// one after the other, or do not add up to the size.
func CheckWhole(path string, w connectors.Whole) error {
	end := int64(0)
	for i, p := range w.Parts {
		if p.Number != i+1 || p.Offset != end || p.Size < 0 {
			return connectors.Errorf(connectors.KindInvalid, "commit", path, "part %d of %d bytes at %d stands where part %d at %d should",
				p.Number, p.Size, p.Offset, i+1, end)
		}
		end += p.Size
	}
	if end != w.Size {
		return connectors.Errorf(connectors.KindInvalid, "commit", path, "the parts add up to %d bytes and not to %d", end, w.Size)
	}
	return nil
}

// CheckLength compares how long the staged file is with what it must be. A longer
// one is no error: a part may have been replaced by a shorter one.
func CheckLength(path string, size int64, w connectors.Whole) error {
	if size < w.Size {
		return connectors.Errorf(connectors.KindIncomplete, "commit", path, "%d of %d bytes are there; send the missing parts", size, w.Size)
	}
	return nil
}
