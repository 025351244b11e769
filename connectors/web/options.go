package web

import (
	"net/http"
	"net/textproto"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"gantry/connectors"
	"gantry/connectors/guard"
	"gantry/connectors/link"
)

// An optionReader reads a location's options, with those that only the web has.
type optionReader struct{ *connectors.OptionReader }

func (r optionReader) congestion() link.Congestion {
	value, err := link.ReadCongestion(r.Text("congestion"))
	r.Keep(err)
	return value
}

func (r optionReader) allowed(name string) guard.Allowed {
	value, err := guard.ParseAllowed(r.Text(name))
	if err != nil {
		r.Refuse(name, "cannot be read: "+err.Error(), "write addresses, networks or hosts, separated by commas")
	}
	return value
}

func (r optionReader) headers(name string) http.Header {
	value, why := parseHeaders(r.Text(name))
	if why != "" {
		r.Refuse(name, why, "write one header a line, as Name: value")
	}
	for header := range value {
		if header == "Authorization" || header == "Cookie" || header == "Proxy-Authorization" {
			r.Refuse(name, "holds a secret itself: "+header, "use token, password or secretHeaders, which take references")
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
