package listing

import "strings"

// unix reads what follows the mode of a line like those of ls. Between the mode
// and the size there may be any number of columns, with spaces in them.
func (r *Reader) unix(style Style, fields []string) (Entry, string) {
	kind := unixKinds[fields[0]]
	columns := splitColumns(fields[1])
	for i := range columns {
		when, used, ok := r.date(columns[i:])
		if !ok {
			continue
		}
		e := Entry{Kind: kind, Size: -1, ModTime: when.t, Precision: when.precision}
		if kind == File || kind == Link {
			if e.Size, ok = sizeBefore(columns, i); !ok {
				return e, "there is no size before the date"
			}
		}
		end := columns[i+used-1].end
		if end >= len(fields[1]) {
			return e, "there is no name after the date"
		}
		e.Name = fields[1][end+1:] // one space; further ones belong to the name
		if style == NetWare {
			e.Name = strings.TrimLeft(e.Name, " ")
		}
		if kind == Link {
			return e.splitTarget()
		}
		return e, ""
	}
	return Entry{}, "there is no date"
}

var unixKinds = map[string]Kind{"-": File, "d": Folder, "D": Folder, "l": Link, "b": Other, "c": Other, "p": Other, "s": Other}

// sizeBefore reads the column before the date. NetPresenz for the Mac counts both
// forks of a file there, only one of which it sends.
func sizeBefore(columns []column, date int) (int64, bool) {
	if date == 0 {
		return 0, false
	}
	size, ok := decimal(columns[date-1].text)
	if date == 3 {
		first, numeric := decimal(columns[0].text)
		second, alike := decimal(columns[1].text)
		if numeric && alike && first+second == size && first > 0 {
			return 0, false
		}
	}
	return size, ok
}

// splitTarget parts the name of a link from where it leads. If both may be in more
// than one way, the size tells: it is the length of the target.
func (e Entry) splitTarget() (Entry, string) {
	const arrow = " -> "
	text, size := e.Name, e.Size
	e.Size = -1
	switch strings.Count(text, arrow) {
	case 0:
		return e, ""
	case 1:
		e.Name, e.Target, _ = strings.Cut(text, arrow)
		return e, ""
	}
	at := int64(len(text)) - size - int64(len(arrow))
	if at < 1 || !strings.HasPrefix(text[at:], arrow) {
		return e, "the name of the link cannot be told from its target"
	}
	e.Name, e.Target = text[:at], text[at+int64(len(arrow)):]
	return e, ""
}

// A column is a word of a line, and where it ends.
type column struct {
	text string
	end  int
}

func splitColumns(text string) []column {
	var columns []column
	begin := -1
	for i := 0; i <= len(text); i++ {
		switch space := i == len(text) || text[i] == ' '; {
		case space && begin >= 0:
			columns = append(columns, column{text[begin:i], i})
			begin = -1
		case !space && begin < 0:
			begin = i
		}
	}
	return columns
}
