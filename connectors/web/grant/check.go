package grant

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"path"
	"regexp"
	"strings"

	"gantry/connectors"
)

// Parse reads a document and checks it. The errors are KindInvalid and show no URL.
func Parse(data []byte) (Grant, error) {
	var g Grant
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	if err := d.Decode(&g); err != nil {
		return Grant{}, refused(errors.New("it is no JSON document of the right form" + where(err)))
	}
	if d.More() {
		return Grant{}, refused(errors.New("something follows the document"))
	}
	if g.Path == "" {
		g.Path = g.named()
	}
	return g, g.Check()
}

// where tells what is wrong without what is there.
func where(err error) string {
	var syntax *json.SyntaxError
	var kind *json.UnmarshalTypeError
	switch {
	case errors.As(err, &syntax):
		return fmt.Sprintf(": mistake at byte %d", syntax.Offset)
	case errors.As(err, &kind):
		return fmt.Sprintf(": %s is no %s", kind.Field, kind.Type)
	case strings.HasPrefix(err.Error(), "json: unknown field"):
		return ": it has a field that is not known"
	}
	return ""
}

func (g Grant) named() string {
	for _, address := range []string{g.Complete, g.Put, g.Get} {
		if u, err := url.Parse(address); err == nil && address != "" {
			return path.Base(u.Path)
		}
	}
	return ""
}

// Check tells with KindInvalid what is wrong with a grant.
func (g Grant) Check() error {
	if _, err := connectors.CleanPath(g.Path); err != nil {
		return refused(errors.New("its path is no file's name"))
	}
	for name, value := range g.Headers {
		if !headerName.MatchString(name) || strings.ContainsAny(value, "\r\n\x00") {
			return refused(fmt.Errorf("the header %q cannot be sent", name))
		}
	}
	for what, address := range map[string]string{"complete": g.Complete, "abort": g.Abort, "put": g.Put, "get": g.Get} {
		if address != "" && !signed(address) {
			return refused(fmt.Errorf("%s is no http or https URL", what))
		}
	}
	switch {
	case g.Multipart() && g.Put != "":
		return refused(errors.New("it names both parts and put"))
	case g.Multipart():
		return g.checkParts()
	case g.Put == "" && g.Get == "":
		return refused(errors.New("it allows nothing: no parts, no put, no get"))
	case g.Complete != "" || g.Abort != "" || g.PartSize != 0 || g.Body != "":
		return refused(errors.New("it names no parts, but what to do with them"))
	}
	return nil
}

func (g Grant) checkParts() error {
	switch {
	case g.Complete == "":
		return refused(errors.New("it does not say how to complete the upload"))
	case g.Body != S3:
		return refused(fmt.Errorf("completeBody is %q; only %q is known", g.Body, S3))
	case g.PartSize <= 0:
		return refused(errors.New("partSize is not above zero"))
	case len(g.Parts) > MaxParts:
		return refused(fmt.Errorf("it has %d parts; an upload has %d at most", len(g.Parts), MaxParts))
	}
	seen := make(map[string]bool, len(g.Parts))
	for i, p := range g.Parts {
		switch {
		case p.Number != i+1:
			return refused(fmt.Errorf("part %d stands where part %d should", p.Number, i+1))
		case !signed(p.URL):
			return refused(fmt.Errorf("the url of part %d is no http or https URL", p.Number))
		case seen[p.URL]:
			return refused(fmt.Errorf("part %d has the URL of another part", p.Number))
		}
		seen[p.URL] = true
	}
	return nil
}

var headerName = regexp.MustCompile("^[-!#$%&'*+.^_`|~0-9A-Za-z]+$")

func signed(address string) bool {
	u, err := url.Parse(address)
	return err == nil && u.Host != "" && u.User == nil && (u.Scheme == "https" || u.Scheme == "http")
}

func refused(why error) error {
	return &connectors.Error{Kind: connectors.KindInvalid, Op: "read grant", Path: "***", Err: why, Remedy: "ask the hub for another one"}
}
