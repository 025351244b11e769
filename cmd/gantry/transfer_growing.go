package main

import (
	"fmt"
	"slices"

	"gantry/transfer"
	"gantry/transfer/steer"
)

// What is shown otherwise of files that are still written: nobody knows yet how much of
// them there will be.

// grows tells whether one of the files under way is still written.
func grows(running []transfer.Progress) bool {
	return slices.ContainsFunc(running, func(p transfer.Progress) bool { return p.Growing })
}

// soFar is a size that is not the last one while a file grows.
func soFar(bytes int64, growing bool) string {
	if growing {
		return size(bytes) + " so far"
	}
	return size(bytes)
}

// share is how much of the bytes is done, for people.
func share(p transfer.Progress, done int64) string {
	if p.Growing {
		return size(done)
	}
	return fmt.Sprintf("%d%%", 100*done/max(p.Size, 1))
}

// partsOf counts the parts of a file under way.
func partsOf(p transfer.Progress) string {
	if p.Growing {
		return fmt.Sprint(p.Parts)
	}
	return fmt.Sprintf("%d/%d", p.Parts, p.PartsTotal)
}

// shareOf is share of all files.
func shareOf(s steer.Status, done int64) string {
	if grows(s.Running) {
		return size(done)
	}
	return fmt.Sprintf("%d%%", 100*done/max(s.Bytes, 1))
}
