package web

import (
	"net/http"
	"strconv"
	"strings"
	"time"

	"gantry/connectors"
)

// entryOf describes a file by the header of an answer about it.
func entryOf(path string, size int64, h http.Header) connectors.Entry {
	e := connectors.Entry{Path: path, Size: size, ModTime: modified(h.Get("Last-Modified")), Digests: wholeDigests(h)}
	e.Version = version(h.Get("ETag"), e.ModTime, size)
	return e
}

// version is the strong entity tag. Without one it is the time and the size: two
// versions of one second and one size look the same then.
func version(etag string, modified time.Time, size int64) string {
	switch {
	case strong(etag):
		return etag
	case modified.IsZero():
		return ""
	}
	return strconv.FormatInt(modified.Unix(), 10) + "-" + strconv.FormatInt(size, 10)
}

// strong tells whether an entity tag changes with each byte of the file.
func strong(etag string) bool {
	return len(etag) > 2 && etag[0] == '"' && etag[len(etag)-1] == '"' && !strings.ContainsAny(etag[1:len(etag)-1], "\"\x00")
}

func modified(text string) time.Time {
	t, err := http.ParseTime(text)
	if err != nil {
		return time.Time{}
	}
	return t.UTC()
}
