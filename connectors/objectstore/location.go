package objectstore

import (
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"strings"

	"gantry/connectors"
)

// ParseURL takes a location's URL apart into what stands for the host, and the
// elements of the path. It refuses a query and a fragment: they are meant to be
// part of a name, and have to be escaped.
func ParseURL(l connectors.Location) (host string, elements []string, err error) {
	u, err := url.Parse(l.URL)
	switch {
	case err != nil:
		return "", nil, invalidURL(l.Name, errors.New("its URL does not parse"))
	case u.Host == "":
		return "", nil, invalidURL(u.Redacted(), errors.New("it names nothing after the //"))
	case u.RawQuery != "" || u.ForceQuery || u.Fragment != "":
		return "", nil, invalidURL(u.Redacted(), errors.New("it has a query or a fragment: write ? as %3F and # as %23"))
	case u.User != nil:
		return "", nil, invalidURL(u.Redacted(), errors.New("it names a user: give the options accessKey and secretKey instead"))
	}
	if path := strings.Trim(u.Path, "/"); path != "" {
		elements = strings.Split(path, "/")
	}
	return u.Host, elements, nil
}

// CheckBucket refuses what no store takes as a bucket's name, before anybody is asked.
func CheckBucket(l connectors.Location, bucket string) error {
	if !bucketName.MatchString(bucket) {
		return invalidURL(l.URL, fmt.Errorf("%q is no bucket's name: it has 3 to 63 letters, digits, dots and dashes", bucket))
	}
	return nil
}

var bucketName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{1,61}[A-Za-z0-9]$`)

func invalidURL(path string, err error) error {
	return &connectors.Error{
		Kind: connectors.KindInvalid, Op: "read location", Path: path, Err: err,
		Remedy: "write s3://bucket/prefix or s3+https://host:port/bucket/prefix",
	}
}

// Keys are a pair of keys and, for temporary ones, their token.
type Keys struct{ Access, Secret, Token string }

// ReadKeys resolves the options accessKey, secretKey and sessionToken. None at
// all is no error.
func ReadKeys(option func(name string) string) (k Keys, err error) {
	for _, part := range []struct {
		name string
		into *string
	}{{"accessKey", &k.Access}, {"secretKey", &k.Secret}, {"sessionToken", &k.Token}} {
		value := option(part.name)
		if part.name == "accessKey" && !strings.HasPrefix(value, "env:") && !strings.HasPrefix(value, "file:") {
			*part.into = value // it is a name, and no secret
			continue
		}
		if *part.into, err = connectors.Secret(value); err != nil {
			return Keys{}, err
		}
	}
	if (k.Access == "") != (k.Secret == "") {
		return Keys{}, &connectors.Error{
			Kind: connectors.KindInvalid, Op: "read option", Path: "accessKey", Err: errors.New("one of accessKey and secretKey is missing"),
			Remedy: "give both; the secret key as env:NAME or file:PATH",
		}
	}
	return k, nil
}

// KeyOptions declare what ReadKeys reads.
func KeyOptions() []connectors.Option {
	return []connectors.Option{
		{Name: "accessKey", Help: "access key: its ID, or a reference as for secretKey", Example: "env:S3_ACCESS_KEY", InURL: "user"},
		{Name: "secretKey", Help: "secret key", Example: "env:S3_SECRET_KEY", Secret: true, InURL: "password"},
		{Name: "sessionToken", Help: "session token of temporary keys", Example: "env:S3_SESSION_TOKEN", Secret: true},
	}
}
