package connectors

import (
	"errors"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"strings"
)

// ServerURL reads the URL of a location that names a server, a path and nothing
// else, after Check. remedy shows how one is written.
func (c Connector) ServerURL(l Location, remedy string) (*url.URL, error) {
	if err := c.Check(l); err != nil {
		return nil, err
	}
	u, err := url.Parse(l.URL)
	if err != nil {
		return nil, err // Check parsed it
	}
	if u.Hostname() == "" || u.Opaque != "" || u.RawQuery != "" || u.ForceQuery || u.Fragment != "" {
		return nil, BadLocation(l.URL, "it does not name a server and a path", remedy+", with ? as %3F and # as %23")
	}
	return u, nil
}

// BadLocation is the error of a place that cannot be opened as it is written. url
// has no secrets in it.
func BadLocation(url, why, remedy string) error {
	return &Error{Kind: KindInvalid, Op: "open", Path: url, Err: errors.New(why), Remedy: remedy}
}

// LoginRoot cleans the path of a URL whose server has a folder for each login:
// absolute, or relative to that folder where it begins with /~/.
func LoginRoot(p string) string {
	if below, ok := strings.CutPrefix(p+"/", "/~/"); ok {
		return path.Clean("./" + below)
	}
	return path.Clean("/" + p)
}

// FromHome puts the home folder of this process's user in the place of a leading ~/.
func FromHome(p string) string {
	below, ok := strings.CutPrefix(p, "~/")
	if !ok {
		return p
	}
	dir, err := os.UserHomeDir()
	if err != nil {
		return p
	}
	return filepath.Join(dir, below)
}
