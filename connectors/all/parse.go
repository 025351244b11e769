package all

import (
	"errors"
	"net/url"
	"path"
	"path/filepath"
	"regexp"
	"strings"

	"gantry/connectors"
)

var schemed = regexp.MustCompile(`^([a-zA-Z][a-zA-Z0-9+.-]*)://`)

// Parse reads what a person types for a file or a folder: a URL, or a plain path
// of this machine. It gives the place to open and the path in it, which serves
// as a file's path and as the prefix of a listing alike:
//
//	s3://bucket/a/b.mov        s3://bucket             a/b.mov
//	s3+https://host/bucket/a   s3+https://host/bucket  a
//	sftp://u@host/abs/dir/file sftp://u@host/abs/dir   file
//	/abs/dir/file              file:///abs/dir         file
//	dir/file                   file:///cwd/dir         file
//	sftp://u@host/abs/dir/     sftp://u@host/abs/dir   (none)
//	. or dir/                  file:///cwd/…           (none)
//
// In a tree of folders the parent is the place, and not the top: unfinished
// uploads lie below the place's root, hence on the same file system as the
// target. In a bucket there are no folders, and the bucket is the place. What
// ends in a slash names a folder for certain, and is the place itself; the path
// is "" then, as it is for a whole bucket.
//
// Errors are KindInvalid: a scheme that no connector has, a URL that does not
// parse, and a path that [connectors.CleanPath] refuses.
func Parse(s string) (connectors.Location, string, error) {
	if s == "" {
		return connectors.Location{}, "", refused(s, "nothing is named", "write a path or a URL")
	}
	match := schemed.FindStringSubmatch(s)
	if match == nil {
		return parsePlain(s)
	}
	scheme := strings.ToLower(match[1])
	if _, err := byScheme(scheme); err != nil {
		return connectors.Location{}, "", err
	}
	u, err := url.Parse(s)
	if err != nil {
		return connectors.Location{}, "", refused(scheme+"://…", "it does not parse as a URL", "write % as %25 where it stands for itself")
	}
	web := scheme == "https" || scheme == "http" // where a query is often a signature; see TakeSecrets
	if (u.RawQuery != "" || u.ForceQuery) && !web || u.Fragment != "" {
		return connectors.Location{}, "", refused(u.Redacted(), "it has a query or a fragment", "write ? as %3F and # as %23")
	}
	switch scheme {
	case "s3":
		return split(u, 0)
	case "s3+https", "s3+http":
		return split(u, 1)
	default:
		return splitTree(u)
	}
}

func parsePlain(s string) (connectors.Location, string, error) {
	if strings.ContainsRune(s, 0) {
		return connectors.Location{}, "", refused(s, "the path contains NUL", "write another path")
	}
	absolute, err := filepath.Abs(s)
	if err != nil {
		return connectors.Location{}, "", &connectors.Error{Kind: connectors.KindInvalid, Op: "read path", Path: s, Err: err, Remedy: "write an absolute path"}
	}
	u := &url.URL{Scheme: "file", Path: filepath.ToSlash(absolute)}
	if _, last := filepath.Split(s); last == "" || last == "." || last == ".." {
		u.Path += "/"
	}
	return splitTree(u)
}

// splitTree takes the last element off as the path, unless a slash follows it.
// /~ is a login's home.
func splitTree(u *url.URL) (connectors.Location, string, error) {
	root := *u
	dir, name := path.Split(u.Path)
	if name == "" || name == "." || name == ".." || u.Path == "/~" {
		dir, name = u.Path, ""
	}
	root.Path = path.Clean("/" + dir)
	return place(&root, name)
}

// split leaves the first so many elements to the place.
func split(u *url.URL, elements int) (connectors.Location, string, error) {
	rest := strings.TrimPrefix(u.Path, "/")
	root := *u
	root.Path = ""
	for range elements {
		var first string
		first, rest, _ = strings.Cut(rest, "/")
		if first == "" {
			return connectors.Location{}, "", refused(u.Redacted(), "it names no bucket", "write "+u.Scheme+"://host/bucket/path")
		}
		root.Path += "/" + first
	}
	if folder, ok := strings.CutSuffix(rest, "/"); ok {
		root.Path += "/" + folder
		if _, err := connectors.CleanPath(folder); err != nil {
			return connectors.Location{}, "", err
		}
		rest = ""
	}
	if u.Host == "" {
		return connectors.Location{}, "", refused(u.Redacted(), "it names no host or bucket", "name one after the //")
	}
	return place(&root, rest)
}

func place(root *url.URL, rest string) (connectors.Location, string, error) {
	if rest == "" {
		return location(root), "", nil
	}
	clean, err := connectors.CleanPath(rest)
	if err != nil {
		return connectors.Location{}, "", err
	}
	return location(root), clean, nil
}

// location writes the URL anew, so that one place is always written the same.
func location(u *url.URL) connectors.Location {
	root := *u
	root.RawPath = ""
	return connectors.Location{URL: root.String()}
}

func refused(path, what, remedy string) error {
	return &connectors.Error{Kind: connectors.KindInvalid, Op: "read location", Path: path, Err: errors.New(what), Remedy: remedy}
}
