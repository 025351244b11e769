package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
)

// checkReceiptFile refuses what --receipt must not add to: the media, and files that hold
// something else than receipts. It comes before anything is copied.
func (c *copier) checkReceiptFile(pairs []pair) error {
	name := c.receiptFile
	if name == "" || len(pairs) == 0 {
		return nil
	}
	if os.IsPathSeparator(name[len(name)-1]) {
		return noReceipts(name, "is a folder's name")
	}
	file, err := filepath.Abs(name)
	if err != nil {
		return fmt.Errorf("write the receipts: %w", err)
	}
	file = resolve(file)
	target := c.to.path
	if pairs[0].Source == c.from.path {
		target = pairs[0].Destination // a file's own: another beside it harms nobody
	}
	if src, here := c.from.local(c.from.path); here && within(file, resolve(src)) {
		return noReceipts(name, "belongs to the source")
	}
	if dst, here := c.to.local(target); here && (within(file, resolve(dst)) || within(resolve(dst), file)) {
		return noReceipts(name, "belongs to the destination")
	}
	return holdsReceipts(name)
}

// holdsReceipts refuses a file that begins with anything else than a JSON document. Only
// ordinary files are looked into: to read from a pipe would take from it.
func holdsReceipts(name string) error {
	info, err := os.Stat(name)
	if err != nil || !info.Mode().IsRegular() || info.Size() == 0 {
		return nil // what is wrong with it shows when it is opened
	}
	f, err := os.Open(filepath.Clean(name))
	if err != nil {
		return fmt.Errorf("look whether %s has receipts: %w (name a file of your own that can be read)", printable(name), err)
	}
	defer f.Close()
	first := make([]byte, 1)
	if _, err := io.ReadFull(f, first); err != nil {
		return fmt.Errorf("look whether %s has receipts: %w", printable(name), err)
	}
	if first[0] != '{' {
		return noReceipts(name, "holds something else than receipts")
	}
	return nil
}

func noReceipts(name, why string) error {
	return coded(exitUsage, fmt.Errorf("the file for the receipts, %s, %s: name another with --receipt, outside of source and destination", printable(name), why))
}

// within tells whether a path is another, or lies below it.
func within(inner, outer string) bool {
	return inner == outer || strings.HasPrefix(inner, strings.TrimSuffix(outer, string(filepath.Separator))+string(filepath.Separator))
}
