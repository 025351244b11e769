package web

import (
	"net/http"
	"net/textproto"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"gantry/connectors"
	"gantry/connectors/guard"
	"gantry/connectors/link"
)

// An optionReader reads options and keeps the first error.
type optionReader struct {
	c     connectors.Connector
	l     connectors.Location
	shown string
	err   error
}

func (r *optionReader) text(name string) string { return r.c.Option(r.l, name) }

func (r *optionReader) refuse(name, why, remedy string) {
	if r.err == nil {
		r.err = invalid(r.shown, "the option "+strconv.Quote(name)+" "+why, remedy)
	}
}

func (r *optionReader) oneOf(name string, values ...string) string {
	value := r.text(name)
	if !slices.Contains(values, value) {
		r.refuse(name, "has another value", "write "+strings.Join(values, ", "))
	}
	return value
}

func (r *optionReader) bool(name string) bool {
	value, err := strconv.ParseBool(r.text(name))
	if err != nil {
		r.refuse(name, "is neither true nor false", "write true or false")
	}
	return value
}

func (r *optionReader) number(name string, least, most int) int {
	value, err := strconv.Atoi(r.text(name))
	if err != nil || value < least || value > most {
		r.refuse(name, "is no such number", "write one from "+strconv.Itoa(least)+" to "+strconv.Itoa(most))
	}
	return value
}

func (r *optionReader) duration(name string) time.Duration {
	value, err := time.ParseDuration(r.text(name))
	if err != nil || value <= 0 {
		r.refuse(name, "is no duration", "write it like 30s or 2m")
	}
	return value
}

func (r *optionReader) congestion() link.Congestion {
	value, err := link.ReadCongestion(r.text("congestion"))
	if r.err == nil {
		r.err = err
	}
	return value
}

func (r *optionReader) allowed(name string) guard.Allowed {
	value, err := guard.ParseAllowed(r.text(name))
	if err != nil {
		r.refuse(name, "cannot be read: "+err.Error(), "write addresses, networks or hosts, separated by commas")
	}
	return value
}

func (r *optionReader) headers(name string) http.Header {
	value, why := parseHeaders(r.text(name))
	if why != "" {
		r.refuse(name, why, "write one header a line, as Name: value")
	}
	for header := range value {
		if header == "Authorization" || header == "Cookie" || header == "Proxy-Authorization" {
			r.refuse(name, "holds a secret itself: "+header, "use token, password or secretHeaders, which take references")
		}
	}
	return value
}

// ours are headers that mean something to this connector.
var ours = []string{
	"Host", "Connection", "Content-Length", "Transfer-Encoding", "Trailer", "Te", "Upgrade", "Expect", "Keep-Alive", "Content-Encoding", "Accept-Encoding", "Range",
	"If-Range", "If-Match", "If-None-Match", "If-Modified-Since", "If-Unmodified-Since", "Depth", "Destination", "Overwrite", "Content-Range",
}

var headerName = regexp.MustCompile("^[-!#$%&'*+.^_`|~0-9A-Za-z]+$")

// parseHeaders reads one header a line. why is what is wrong, without values.
func parseHeaders(text string) (h http.Header, why string) {
	h = http.Header{}
	for i, line := range strings.Split(text, "\n") {
		if line = strings.TrimSpace(line); line == "" {
			continue
		}
		name, value, found := strings.Cut(line, ":")
		name, value = strings.TrimSpace(name), strings.TrimSpace(value)
		if !found || !headerName.MatchString(name) || strings.ContainsFunc(value, unicode.IsControl) {
			return h, "has no header in line " + strconv.Itoa(i+1)
		}
		if slices.Contains(ours, textproto.CanonicalMIMEHeaderKey(name)) {
			return h, "names a header that cannot be chosen: " + name
		}
		h.Add(name, value)
	}
	return h, ""
}
