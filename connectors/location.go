package connectors

import (
	"context"
	"fmt"
	"net/url"
	"slices"
	"strings"
)

// A Location names a place: the spec of a Location resource, or a URL that a
// person typed. Secrets stand in it only as references.
type Location struct {
	Name    string            `json:"name,omitempty" yaml:"-"`
	URL     string            `json:"url" yaml:"url"`
	Options map[string]string `json:"options,omitempty" yaml:"options"` // by the names of the connector's Options
	Profile *Profile          `json:"profile,omitempty" yaml:"profile"` // what a probe found out about the place
	Proof   string            `json:"proof,omitempty" yaml:"proof"`     // how a copy there is proved: ProofReadback, ProofSize, or "" for the strongest there is
}

// ProofSize lets a copy count that nothing but its size speaks for, as in a drop box.
const ProofSize = "size"

// ProofReadback has every copy read back, whatever digest the place has of it.
const ProofReadback = "readback"

// An Option is one setting of a connector, declared once: the manual, the
// validation and the help are made from it.
type Option struct {
	Name, Help, Default, Example string
	Secret                       bool   // the value is a reference: env:NAME or file:PATH
	InURL                        string // what people may write in the URL instead: "user", "password" or "query"; see TakeSecrets
}

// A Connector is one protocol.
type Connector struct {
	Name    string   // as in the manual: "sftp"
	Schemes []string // of URLs: "sftp"
	Summary string
	Options []Option
	Open    func(ctx context.Context, l Location) (Place, error)
}

// Option gives the value of a setting: the location's own, or the one of its
// profile, or the declared default.
func (c Connector) Option(l Location, name string) string {
	if value, ok := l.Options[name]; ok {
		return value
	}
	if l.Profile != nil {
		if value, ok := l.Profile.Options[name]; ok {
			return value
		}
	}
	for _, o := range c.Options {
		if o.Name == name {
			return o.Default
		}
	}
	return ""
}

// Check refuses a URL that does not parse or carries a secret, and options that
// the connector does not have.
func (c Connector) Check(l Location) error {
	u, err := url.Parse(l.URL)
	if err != nil {
		return &Error{Kind: KindInvalid, Op: "read location", Path: l.Name, Err: fmt.Errorf("its URL does not parse"), Remedy: "write it as scheme://host/path"}
	}
	if _, set := u.User.Password(); set {
		return &Error{
			Kind: KindInvalid, Op: "read location", Path: u.Redacted(), Err: fmt.Errorf("the URL carries a secret"),
			Remedy: "take it out and give a reference as an option: password: env:NAME or file:PATH",
		}
	}
	if l.Proof != "" && l.Proof != ProofSize && l.Proof != ProofReadback {
		return &Error{
			Kind: KindInvalid, Op: "read location", Path: u.Redacted(), Err: fmt.Errorf("there is no proof %q", l.Proof),
			Remedy: "write readback or size, or leave it out for the strongest that there is",
		}
	}
	for name, value := range l.Options {
		if c.secret(name) && !isReference(value) {
			return &Error{
				Kind: KindInvalid, Op: "read location", Path: u.Redacted(), Err: fmt.Errorf("the option %s holds a secret itself", name),
				Remedy: "write a reference, env:NAME or file:PATH, and change the secret: it has been written down",
			}
		}
		if !c.has(name) {
			return &Error{
				Kind: KindInvalid, Op: "read location", Path: u.Redacted(), Err: fmt.Errorf("%s has no option %q", c.Name, name),
				Remedy: "it has: " + strings.Join(c.names(), ", "),
			}
		}
	}
	return nil
}

func (c Connector) has(name string) bool {
	return slices.ContainsFunc(c.Options, func(o Option) bool { return o.Name == name })
}

func (c Connector) secret(name string) bool {
	return slices.ContainsFunc(c.Options, func(o Option) bool { return o.Name == name && o.Secret })
}

func isReference(value string) bool {
	return value == "" || strings.HasPrefix(value, "env:") || strings.HasPrefix(value, "file:")
}

func (c Connector) names() []string {
	names := make([]string, len(c.Options))
	for i, o := range c.Options {
		names[i] = o.Name
	}
	return names
}
