package main

import (
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"unicode/utf8"

	"golang.org/x/term"
)

// columns writes rows in columns under a heading, all as far to the right as the
// heading is. On a terminal, names and reasons that are too long for a line are shortened
// in their middle.
func columns(w io.Writer, heading string, rows [][]string) error {
	return columnsBelow(w, heading, true, rows)
}

// columnsBelow is columns for a heading that may have been shown before.
func columnsBelow(w io.Writer, heading string, show bool, rows [][]string) error {
	names, indent := strings.Fields(heading), heading[:len(heading)-len(strings.TrimLeft(heading, " "))]
	for _, row := range rows {
		for i := range row {
			row[i] = printable(row[i])
		}
	}
	if show {
		rows = slices.Concat([][]string{names}, rows)
	}
	widths := widthsOf(rows)
	if most := width(w); most > 0 {
		shrink(widths, most-len(indent), func(i int) bool { return i < len(names) && texts[names[i]] })
	}
	var line strings.Builder
	for _, row := range rows {
		line.Reset()
		line.WriteString(indent)
		for i, cell := range row {
			cell = middle(cell, widths[i])
			line.WriteString(cell)
			if i < len(row)-1 {
				line.WriteString(strings.Repeat(" ", widths[i]-utf8.RuneCountInString(cell)+len(gap)))
			}
		}
		if _, err := fmt.Fprintln(w, line.String()); err != nil {
			return err
		}
	}
	return nil
}

// gap is what is between two columns.
const gap = "  "

func widthsOf(rows [][]string) (widths []int) {
	for _, row := range rows {
		for i, cell := range row {
			if i == len(widths) {
				widths = append(widths, 0)
			}
			widths[i] = max(widths[i], utf8.RuneCountInString(cell))
		}
	}
	return widths
}

// narrow is what a column is not shortened below.
const narrow = 16

// texts are the columns that may be shortened: IDs and digests are of no use then.
var texts = map[string]bool{
	"ABOUT": true, "DESTINATION": true, "ERROR": true, "FILE": true, "FOLDER": true, "NAME": true, "PATH": true, "PLACE": true, "SOURCE": true,
	"WAITS-FOR": true, "WHAT": true, "WHY": true,
}

// shrink takes from the widest columns that may be shortened until all fit.
func shrink(widths []int, most int, may func(column int) bool) {
	total := len(gap) * (len(widths) - 1)
	for _, w := range widths {
		total += w
	}
	for ; total > most; total-- {
		widest := -1
		for i, w := range widths {
			if may(i) && w > narrow && (widest < 0 || w >= widths[widest]) {
				widest = i
			}
		}
		if widest < 0 {
			return
		}
		widths[widest]--
	}
}

// width is how many letters a line of a terminal has, 0 if w is none or does not tell.
func width(w io.Writer) int {
	f, ok := w.(*os.File)
	if !ok {
		return 0
	}
	columns, _, err := term.GetSize(int(f.Fd()))
	if err != nil {
		return 0
	}
	return columns
}

// middle shortens a text to n letters in its middle: takes differ at their ends.
func middle(s string, n int) string {
	letters := []rune(s)
	if len(letters) <= n || n < 1 {
		return s
	}
	behind := (n - 1) / 2
	return string(letters[:n-1-behind]) + "…" + string(letters[len(letters)-behind:])
}
