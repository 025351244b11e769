package connectors

import (
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"strings"
)

// TakeSecrets takes the password out of a location's URL, as people write it there
// (scheme://user:password@host), and with it the user where the connector has an
// option for that. keep stores each secret and returns a reference to it, which
// becomes the option's value; it is not called for a URL without a password.
//
// KindInvalid where the connector has no use for a password, or the option is given
// as well.
func (c Connector) TakeSecrets(l Location, keep func(option, secret string) (reference string, err error)) (Location, error) {
	u, err := url.Parse(l.URL)
	if err != nil {
		return l, c.Check(l)
	}
	password, set := u.User.Password()
	if !set {
		return l, nil
	}
	given := map[string]string{"user": u.User.Username(), "password": password}
	taken, options := l, make(map[string]string, len(l.Options)+2)
	u.User = url.User(given["user"])
	for name, value := range l.Options {
		options[name] = value
	}
	found := false
	for _, o := range c.Options {
		if o.InURL == "" {
			continue
		}
		if options[o.Name] != "" {
			return l, &Error{Kind: KindInvalid, Op: "read location", Path: u.Redacted(), Err: fmt.Errorf("both the URL and the option %s say the %s", o.Name, o.InURL), Remedy: "take it out of the URL"}
		}
		if options[o.Name], err = keep(o.Name, given[o.InURL]); err != nil {
			return l, err
		}
		found = found || o.InURL == "password"
		if o.InURL == "user" {
			u.User = nil
		}
	}
	if !found {
		return l, &Error{Kind: KindInvalid, Op: "read location", Path: u.Redacted(), Err: errors.New("the URL carries a password, and " + c.Name + " has no use for one"), Remedy: "take it out"}
	}
	taken.URL, taken.Options = u.String(), options
	return taken, nil
}

// Secret resolves a reference to a secret: env:NAME or file:PATH (whose trailing
// newline is cut). "" gives "". A literal value is refused, so that no document
// ever holds one.
func Secret(reference string) (string, error) {
	scheme, rest, _ := strings.Cut(reference, ":")
	switch {
	case reference == "":
		return "", nil
	case scheme == "env":
		value, ok := os.LookupEnv(rest)
		if !ok {
			return "", Errorf(KindAuth, "read secret", reference, "the environment variable is not set")
		}
		return value, nil
	case scheme == "file":
		data, err := readSecret(rest)
		if err != nil {
			return "", Errorf(KindAuth, "read secret", reference, "%w", err)
		}
		return strings.TrimRight(string(data), "\r\n"), nil
	default:
		return "", &Error{
			Kind: KindInvalid, Op: "read secret", Path: "***", Err: fmt.Errorf("it is not a reference"),
			Remedy: "write env:NAME or file:PATH",
		}
	}
}

// maxSecret bounds what is read of a file with a secret, in bytes.
const maxSecret = 64 << 10

func readSecret(name string) ([]byte, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxSecret+1))
	if err == nil && len(data) > maxSecret {
		err = fmt.Errorf("it is larger than %d bytes: is it the right file?", maxSecret)
	}
	return data, err
}
