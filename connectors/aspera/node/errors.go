package node

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"gantry/connectors"
)

// A Fault is an error in the words of the Node API.
type Fault struct {
	Code     int    `json:"code"`
	Reason   string `json:"reason"`
	User     string `json:"user_message"`
	Internal string `json:"internal_message"`
}

// Error implements error.
func (f *Fault) Error() string {
	text := f.User
	if text == "" {
		text = f.Reason
	}
	if text == "" {
		text = f.Internal
	}
	return fmt.Sprintf("the Node API says: %s (%d)", oneLine(text), f.Code)
}

// oneLine makes another program's text fit for one of our messages.
func oneLine(text string) string {
	text = strings.Join(strings.Fields(text), " ")
	if len(text) > 300 {
		text = strings.ToValidUTF8(text[:300], "") + "…"
	}
	return text
}

// kind tells what a fault with a path means. Its code is an HTTP status or an error
// number of the server's system. A status between 400 and 499 decides, except for 404;
// otherwise its words do where they are known, the path's own left out.
func (f *Fault) kind(path string) connectors.Kind {
	if byStatus := kindOfStatus(f.Code); f.Code >= 400 && f.Code < 500 && f.Code != http.StatusNotFound && byStatus != connectors.KindOther {
		return byStatus
	}
	text := strings.ToLower(f.User + " " + f.Reason + " " + f.Internal)
	if len(path) > 1 {
		text = strings.ReplaceAll(text, strings.ToLower(path), "")
	}
	for _, known := range []struct {
		words string
		kind  connectors.Kind
	}{
		{"no such file", connectors.KindNotFound},
		{"not found", connectors.KindNotFound},
		{"does not exist", connectors.KindNotFound},
		{"not a directory", connectors.KindInvalid},
		{"name too long", connectors.KindInvalid},
		{"already exists", connectors.KindExists},
		{"file exists", connectors.KindExists},
		{"no space", connectors.KindNoSpace},
		{"quota", connectors.KindNoSpace},
		{"permission", connectors.KindPermission},
		{"denied", connectors.KindPermission},
		{"not allowed", connectors.KindPermission},
		{"forbidden", connectors.KindPermission},
		{"token", connectors.KindAuth},
		{"unauthorized", connectors.KindAuth},
		{"authenticat", connectors.KindAuth},
		{"not empty", connectors.KindExists},
	} {
		if strings.Contains(text, known.words) {
			return known.kind
		}
	}
	return kindOfStatus(f.Code)
}

func kindOfStatus(status int) connectors.Kind {
	switch {
	case status == http.StatusUnauthorized:
		return connectors.KindAuth
	case status == http.StatusForbidden:
		return connectors.KindPermission
	case status == http.StatusNotFound:
		return connectors.KindNotFound
	case status == http.StatusConflict:
		return connectors.KindExists
	case status == http.StatusTooManyRequests || status == http.StatusServiceUnavailable:
		return connectors.KindBusy
	case status == http.StatusRequestTimeout || status == http.StatusGatewayTimeout:
		return connectors.KindTimeout
	case status == http.StatusNotImplemented || status == http.StatusMethodNotAllowed:
		return connectors.KindUnsupported
	case status == http.StatusInsufficientStorage:
		return connectors.KindNoSpace
	case status == http.StatusBadRequest || status == http.StatusUnprocessableEntity:
		return connectors.KindInvalid
	case status >= 500 && status < 600:
		return connectors.KindUnavailable
	default:
		return connectors.KindOther
	}
}

var remedies = map[connectors.Kind]string{
	connectors.KindAuth:       "check the Node API's user and password, or the token",
	connectors.KindPermission: "ask the server's operator for the right to it",
	connectors.KindNoSpace:    "make room on the server",
}

// fault makes an Error of what the API says of a path.
func (c *Client) fault(k call, f *Fault) error {
	f.redact(c.secrets())
	kind := f.kind(k.path)
	return &connectors.Error{Kind: kind, Op: k.op, Path: k.path, Err: f, Remedy: remedies[kind]}
}

// refused makes an Error of an answer that is no success.
func (c *Client) refused(k call, r *http.Response, data []byte) error {
	f := &Fault{}
	if json.Unmarshal(data, &struct {
		Error *Fault `json:"error"`
	}{f}) != nil || f.User+f.Reason+f.Internal == "" {
		f = &Fault{Reason: http.StatusText(r.StatusCode)}
	}
	f.Code = r.StatusCode
	f.redact(c.secrets())
	kind := f.kind(k.path)
	switch byStatus := kindOfStatus(r.StatusCode); byStatus {
	case connectors.KindAuth, connectors.KindBusy, connectors.KindTimeout, connectors.KindUnavailable:
		kind = byStatus
	}
	if r.StatusCode >= 300 && r.StatusCode < 400 {
		kind, f.User = connectors.KindInvalid, "it redirects to another address, and credentials are sent to none but the one that was given"
	}
	return &connectors.Error{Kind: kind, Op: k.op, Path: k.path, Err: f, Remedy: remedies[kind], After: retryAfter(r.Header.Get("Retry-After"), time.Now)}
}

// redact is for a server that repeats what it was sent.
func (f *Fault) redact(secrets []string) {
	for _, text := range []*string{&f.User, &f.Reason, &f.Internal} {
		for _, secret := range secrets {
			if secret != "" {
				*text = strings.ReplaceAll(*text, secret, "***")
			}
		}
	}
}

// secrets are what a request shows of them.
func (c *Client) secrets() []string {
	r := &http.Request{Header: http.Header{}}
	if c.authorize(r) != nil {
		return nil // then none was sent either
	}
	whole := r.Header.Get("Authorization")
	_, bare, _ := strings.Cut(whole, " ")
	_, password, _ := r.BasicAuth()
	return []string{whole, bare, password}
}

// retryAfter reads the header: seconds, or a time.
func retryAfter(text string, now func() time.Time) time.Duration {
	if seconds, err := strconv.Atoi(text); err == nil && seconds >= 0 {
		return time.Duration(min(seconds, 24*60*60)) * time.Second
	}
	if at, err := http.ParseTime(text); err == nil {
		return max(0, at.Sub(now()))
	}
	return 0
}

// unreachable is for a call without an answer. The URL, which the library puts
// first, says nothing that op and path do not.
func (c *Client) unreachable(ctx context.Context, k call, err error) error {
	if ctx.Err() != nil {
		cause := context.Cause(ctx)
		return &connectors.Error{Kind: connectors.KindOf(cause), Op: k.op, Path: k.path, Err: cause}
	}
	var wrapped *url.Error
	if errors.As(err, &wrapped) {
		err = wrapped.Err
	}
	var certificate *tls.CertificateVerificationError
	if errors.As(err, &certificate) {
		return &connectors.Error{
			Kind: connectors.KindHostKey, Op: k.op, Path: k.path, Err: err,
			Remedy: "name the authority of the server's certificate by the option caFile",
		}
	}
	return &connectors.Error{Kind: connectors.KindUnavailable, Op: k.op, Path: k.path, Err: err, Remedy: "check that the Node API answers at " + c.base.Host}
}
