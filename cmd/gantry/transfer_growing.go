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
func share(p transfer.Progress) string {
	if p.Growing {
		return size(p.Sent)
	}
	return fmt.Sprintf("%d%%", percent(p))
}

// partsOf counts the parts of a file under way.
func partsOf(p transfer.Progress) string {
	if p.Growing {
		return fmt.Sprint(p.Parts)
	}
	return fmt.Sprintf("%d/%d", p.Parts, p.PartsTotal)
}

// shareOf is share of all files.
func shareOf(s steer.Status) string {
	if grows(s.Running) {
		return size(s.Done)
	}
	return fmt.Sprintf("%d%%", 100*s.Done/max(s.Bytes, 1))
}
