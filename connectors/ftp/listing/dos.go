package listing

import (
	"strings"
	"time"
)

var dosLayouts = []string{
	"01-02-06 03:04PM", "01-02-2006 03:04PM", "2006-01-02 03:04PM",
	"01-02-06 15:04", "01-02-2006 15:04", "2006-01-02 15:04",
}

// dos reads a line like those of DIR. The month is first, as IIS has it.
func (r *Reader) dos(fields []string) (Entry, string) {
	at := strings.ToUpper(fields[1])
	if strings.HasSuffix(at, "A") || strings.HasSuffix(at, "P") {
		at += "M"
	}
	e := Entry{Kind: File, Size: -1, Precision: time.Minute}
	for _, layout := range dosLayouts {
		if t, err := time.ParseInLocation(layout, fields[0]+" "+at, r.zone()); err == nil {
			e.ModTime = t.UTC()
			break
		}
	}
	if e.ModTime.IsZero() {
		return e, "there is no such time"
	}
	e.Name = fields[3]
	switch fields[2] {
	case "<DIR>":
		e.Kind, e.Name = Folder, strings.TrimLeft(e.Name, " ")
	case "<SYMLINK>", "<SYMLINKD>", "<JUNCTION>":
		e.Kind, e.Name = Link, strings.TrimLeft(e.Name, " ")
		if name, target, found := strings.Cut(strings.TrimSuffix(e.Name, "]"), " ["); found {
			e.Name, e.Target = name, target
		}
	default:
		size, ok := decimal(strings.ReplaceAll(fields[2], ",", ""))
		if !ok {
			return e, "the size is no number"
		}
		e.Size = size
	}
	return e, ""
}
