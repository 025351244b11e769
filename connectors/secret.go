package connectors

import (
	"fmt"
	"io"
	"maps"
	"net/url"
	"os"
	"strings"
)

// TakeSecrets takes what is secret out of a location's URL, as people write it
// there: a password (scheme://user:password@host), with it the user where the
// connector has an option for that, and a signed query. keep stores each secret and
// returns a reference to it, which becomes the option's value.
//
// KindInvalid where the connector has no use for what the URL carries, or the
// option is given as well.
func (c Connector) TakeSecrets(l Location, keep func(option, secret string) (reference string, err error)) (Location, error) {
	u, err := url.Parse(l.URL)
	if err != nil {
		return l, c.Check(l)
	}
	secrets := secretsIn(u)
	if len(secrets) == 0 {
		return l, nil
	}
	l.Options = maps.Clone(l.Options)
	if l.Options == nil {
		l.Options = make(map[string]string, len(secrets))
	}
	for _, o := range c.Options {
		secret, ok := secrets[o.InURL]
		if !ok {
			continue
		}
		if l.Options[o.Name] != "" {
			return l, &Error{Kind: KindInvalid, Op: "read location", Path: u.Redacted(), Err: fmt.Errorf("both the URL and the option %s say the %s", o.Name, o.InURL), Remedy: "take it out of the URL"}
		}
		if l.Options[o.Name], err = keep(o.Name, secret); err != nil {
			return l, err
		}
		if o.InURL == "user" {
			u.User = nil
		}
		delete(secrets, o.InURL)
	}
	for _, what := range []string{"password", "query"} {
		if _, left := secrets[what]; left {
			return l, &Error{Kind: KindInvalid, Op: "read location", Path: u.Redacted(), Err: fmt.Errorf("the URL carries a %s, and %s has no use for one", what, c.Name), Remedy: "take it out"}
		}
	}
	l.URL = u.String()
	return l, nil
}

// secretsIn takes what is secret out of a URL.
func secretsIn(u *url.URL) map[string]string {
	secrets := make(map[string]string)
	if password, ok := u.User.Password(); ok {
		secrets["user"], secrets["password"] = u.User.Username(), password
		u.User = url.User(u.User.Username())
	}
	if u.RawQuery != "" {
		secrets["query"] = u.RawQuery
		u.RawQuery = ""
	}
	return secrets
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
