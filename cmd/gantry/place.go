package main

import (
	"context"
	"fmt"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"gantry/connectors"
	"gantry/connectors/all"
	"gantry/connectors/wrap/retry"
	"gantry/orchestrator/resources"
)

var locationName = regexp.MustCompile(`^([a-z0-9][a-z0-9.-]*):([^/].*|)$`)

// A spot is a path in an open place: what a person typed as a URL, as a path of
// this machine, or as LOCATION:PATH.
type spot struct {
	connectors.Place                  // for the engine, which tries again by itself
	patient          connectors.Place // the same place, for single calls
	location         connectors.Location
	typed            string
	path             string
}

// open opens what was typed, with options as they were typed: NAME=VALUE.
func (a *app) open(ctx context.Context, typed string, options ...string) (*spot, error) {
	l, path, err := a.find(typed, options...)
	if err != nil {
		return nil, err
	}
	place, err := all.Open(ctx, l)
	if err != nil {
		return nil, err
	}
	typed = redacted(typed)
	patient := retry.Wrap(place, retry.Options{Tries: 4, Time: 20 * time.Second})
	return &spot{Place: place, patient: patient, location: l, typed: typed, path: path}, nil
}

// asFolder makes what was typed a folder's name for certain.
func asFolder(typed string) string {
	if locationName.FindString(typed) == "" && !strings.HasSuffix(typed, "/") {
		return typed + "/"
	}
	return typed
}

// redacted takes a secret out of what is shown to people.
func redacted(typed string) string {
	u, err := url.Parse(typed)
	if err != nil || u.User == nil && u.RawQuery == "" || u.Host == "" {
		return typed
	}
	u.RawQuery = ""
	return u.Redacted()
}

func (a *app) find(typed string, options ...string) (l connectors.Location, path string, err error) {
	if m := locationName.FindStringSubmatch(typed); m != nil {
		l, path, err = a.findLocation(m[1], m[2])
	} else if l, path, err = all.Parse(typed); err == nil {
		l, err = all.TakeSecrets(l, keepSecretOf(l))
	}
	if err == nil {
		l, err = withOptions(l, options)
	}
	return l, path, err
}

func (a *app) findLocation(name, path string) (connectors.Location, string, error) {
	set, err := a.documents()
	if err != nil {
		return connectors.Location{}, "", err
	}
	l, ok := set.Locations[name]
	if !ok {
		return connectors.Location{}, "", coded(exitNotFound, fmt.Errorf("there is no location %q in %s: name the data folder with --data, or write ./%s for a file of that name", name, a.settings.Data, name+":"+path))
	}
	return l.Location, strings.TrimSuffix(path, "/"), nil
}

// documents reads what the data folder knows, whether a hub runs or not.
func (a *app) documents() (*resources.Set, error) {
	dir := filepath.Join(a.settings.Data, "resources")
	if _, err := os.Stat(dir); os.IsNotExist(err) {
		return &resources.Set{}, nil
	}
	return resources.ReadDir(dir, a.settings.Data)
}

// label names the place in receipts.
func (s *spot) label() string {
	if s.location.Name != "" {
		return s.location.Name
	}
	return s.location.URL
}

// local gives the path on this machine of a path in the place.
func (s *spot) local(p string) (string, bool) {
	u, err := url.Parse(s.location.URL)
	if err != nil || u.Scheme != "file" {
		return "", false
	}
	return filepath.Join(u.Path, filepath.FromSlash(p)), true
}

// address names a path in the place in such a way that two names of the same file
// are equal, as far as can be told.
func (s *spot) address(p string) string {
	if file, ok := s.local(p); ok {
		return resolve(file)
	}
	u, err := url.Parse(s.location.URL)
	if err != nil {
		return s.location.URL + "/" + p
	}
	return u.Scheme + "://" + u.User.Username() + "@" + u.Host + path.Join("/", u.Path, p)
}

// resolve follows the links of as much of a path as is there.
func resolve(file string) string {
	rest := ""
	for dir := file; ; dir = filepath.Dir(dir) {
		if real, err := filepath.EvalSymlinks(dir); err == nil {
			return filepath.Join(real, rest)
		}
		if dir == filepath.Dir(dir) {
			return file
		}
		rest = filepath.Join(filepath.Base(dir), rest)
	}
}

// isFolder tells whether the spot means a folder: it says so by its slash, or it
// is one.
func (s *spot) isFolder(ctx context.Context) (bool, error) {
	if s.path == "" || strings.HasSuffix(s.typed, "/") {
		return true, nil
	}
	if file, ok := s.local(s.path); ok {
		info, err := os.Stat(file)
		return err == nil && info.IsDir(), nil // any other trouble shows when it is used
	}
	for e, err := range s.patient.List(ctx, s.path) {
		switch connectors.KindOf(err) {
		case connectors.KindNotFound, connectors.KindUnsupported: // what cannot be listed is named as a file
			return false, nil
		}
		return e.Path != s.path, err
	}
	return false, nil
}
