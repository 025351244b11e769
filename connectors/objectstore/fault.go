package objectstore

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"

	"gantry/connectors"
)

// A Fault is an answer of the store that is no success.
type Fault struct {
	Status  int    // of HTTP; 200 for an error in the body of a success
	Code    string // of S3; "" if the answer has no body
	Message string
	Region  string    // where the bucket is, if the store says so
	Clock   time.Time // of the store, if it says so

	Elsewhere string // scheme and host of where it redirects to
}

func (f *Fault) Error() string {
	text := f.Code
	if text == "" {
		text = http.StatusText(f.Status)
	}
	if f.Message != "" {
		text += ": " + f.Message
	}
	return fmt.Sprintf("the store answers %d %s", f.Status, text)
}

// Is tells whether it is the bucket that is missing.
func (f *Fault) Is(target error) bool {
	return target == connectors.ErrNoRoot && f.Code == "NoSuchBucket"
}

// status gives the HTTP status of a Fault, 0 for any other error.
func status(err error) int {
	var fault *Fault
	if errors.As(err, &fault) {
		return fault.Status
	}
	return 0
}

// notUnderstood tells whether the store refused a request for what it asks, and
// not for who asks or for what is there.
func notUnderstood(err error) bool {
	var fault *Fault
	if !errors.As(err, &fault) {
		return false
	}
	switch fault.Code {
	case "InvalidRequest", "InvalidArgument", "NotImplemented", "UnsupportedArgument", "UnexpectedContent":
		return true
	default:
		return fault.Status == http.StatusNotImplemented
	}
}

// failed makes an Error of what a client returned. A cancelled context explains
// any failure under it.
func (p *Place) failed(ctx context.Context, op, path string, err error) error {
	if err == nil {
		return nil
	}
	if path == "" {
		path = p.config.URL
	}
	e := &connectors.Error{Op: op, Path: path, Err: err}
	var known *connectors.Error
	var fault *Fault
	cause := context.Cause(ctx)
	switch {
	case errors.Is(cause, errClosed):
		e.Kind, e.Err, e.Remedy = connectors.KindOther, errClosed, "open it again"
	case errors.Is(cause, context.DeadlineExceeded):
		e.Kind = connectors.KindTimeout
	case cause != nil:
		e.Kind = connectors.KindCanceled
	case errors.As(err, &known):
		return err
	case errors.As(err, &fault):
		e.Kind, e.Remedy = p.judge(op, fault)
		if connectors.Retryable(e) {
			e.After = waited(ctx)
		}
	default:
		e.Kind, e.Remedy = lost(err)
	}
	return e
}

// lost judges an error of the network, or of reading an answer.
func lost(err error) (kind connectors.Kind, remedy string) {
	var (
		timeout     net.Error
		untrusted   *tls.CertificateVerificationError
		unknown     x509.UnknownAuthorityError
		host        x509.HostnameError
		invalid     x509.CertificateInvalidError
		syntax      *xml.SyntaxError
		unreachable *net.OpError
	)
	switch {
	case errors.As(err, &untrusted), errors.As(err, &unknown), errors.As(err, &host), errors.As(err, &invalid):
		return connectors.KindHostKey, "check the endpoint's name, and trust its authority by the option caFile"
	case errors.As(err, &timeout) && timeout.Timeout():
		return connectors.KindTimeout, ""
	case errors.Is(err, io.ErrUnexpectedEOF), errors.As(err, &syntax):
		return connectors.KindIncomplete, ""
	case errors.As(err, &unreachable) && unreachable.Op == "dial":
		return connectors.KindUnavailable, "check that the store runs and that its endpoint is right"
	default:
		return connectors.KindUnavailable, ""
	}
}
