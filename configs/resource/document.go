package resource

import "bytes"

// A Document is one YAML document of a stream.
type Document struct {
	Text  []byte
	Start int // where Text begins in the stream, in bytes
	Line  int // the line of the stream that it begins on, from 1
}

// Split cuts a stream at its "---" lines, so that each document keeps its text
// and its place. Parts of white space only are left out.
func Split(data []byte) []Document {
	var (
		documents []Document
		start     = 0
		startLine = 1
		line      = 1
	)
	flush := func(end int) {
		if len(bytes.TrimSpace(data[start:end])) > 0 {
			documents = append(documents, Document{Text: data[start:end], Start: start, Line: startLine})
		}
	}
	for at := 0; at < len(data); line++ {
		end := len(data)
		if i := bytes.IndexByte(data[at:], '\n'); i >= 0 {
			end = at + i + 1
		}
		if separates(data[at:end]) {
			flush(at)
			start, startLine = end, line+1
		}
		at = end
	}
	flush(len(data))
	return documents
}

// separates tells whether a line is "---", with nothing but a comment after it.
func separates(line []byte) bool {
	rest, ok := bytes.CutPrefix(line, []byte("---"))
	if !ok {
		return false
	}
	text := bytes.TrimLeft(rest, " \t\r\n")
	return len(text) == 0 || (len(text) < len(rest) && text[0] == '#')
}
