package web

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
	"strconv"
	"strings"
	"time"

	"gantry/connectors"
	"gantry/connectors/guard"
)

// failed makes an Error of what a request came to without an answer, or while its
// answer was read. A context that has ended explains any failure under it.
func (w *wire) failed(ctx context.Context, op, path string, err error) error {
	if path == "" {
		path = w.shown
	}
	var known *connectors.Error
	e := &connectors.Error{Op: op, Path: path, Err: err}
	switch cause := context.Cause(ctx); {
	case errors.Is(cause, errClosed):
		e.Kind, e.Err, e.Remedy = connectors.KindOther, errClosed, "open it again"
	case errors.Is(cause, errStalled):
		e.Kind, e.Err, e.Remedy = connectors.KindTimeout, fmt.Errorf("%w for %s", errStalled, w.timeout), "raise the option timeout if the server is slow"
	case errors.Is(cause, context.DeadlineExceeded):
		e.Kind, e.Err = connectors.KindTimeout, cause
	case ctx.Err() != nil && errors.As(cause, &known):
		return known
	case cause != nil:
		e.Kind, e.Err = connectors.KindCanceled, cause
	case errors.As(err, &known):
		return err
	default:
		e.Kind, e.Remedy = lost(err)
	}
	return e
}

// lost judges an error of the network.
func lost(err error) (kind connectors.Kind, remedy string) {
	var (
		untrusted *tls.CertificateVerificationError
		unknown   x509.UnknownAuthorityError
		wrongName x509.HostnameError
		notTLS    tls.RecordHeaderError
		alert     tls.AlertError
		name      *net.DNSError
		timeout   net.Error
		network   *net.OpError
	)
	switch {
	case errors.Is(err, guard.ErrInner):
		return connectors.KindInvalid, "name it in the option allow if it may be reached"
	case errors.As(err, &untrusted), errors.As(err, &unknown), errors.As(err, &wrongName):
		return connectors.KindHostKey, "check the host's name, and give its authority by the option caFile"
	case errors.As(err, &notTLS):
		return connectors.KindInvalid, "the server does not speak TLS there: check the port, or write http://"
	case errors.As(err, &alert):
		return connectors.KindAuth, "the server refuses the TLS connection: it may want a certificate (options clientCert and clientKey)"
	case errors.As(err, &name) && name.IsNotFound:
		return connectors.KindUnavailable, "check the host's name"
	case errors.As(err, &timeout) && timeout.Timeout():
		return connectors.KindTimeout, ""
	case errors.Is(err, io.ErrUnexpectedEOF):
		return connectors.KindIncomplete, ""
	case errors.As(err, &network) && network.Op == "dial":
		return connectors.KindUnavailable, "check that the server runs, and its port"
	}
	return connectors.KindUnavailable, ""
}

// refused makes an Error of an answer that is no success, and finishes the answer.
func (w *wire) refused(a ask, r *answer) *connectors.Error {
	code := reason(r)
	kind, remedy := judge(r.StatusCode, r.Header)
	if k, ok := s3Kinds[code]; ok {
		kind = k
	}
	e := &connectors.Error{Kind: kind, Op: a.op, Path: a.path, Remedy: remedy, After: w.retryAfter(r)}
	if e.Path == "" {
		e.Path = w.shown
	}
	text := strings.TrimSpace(strconv.Itoa(r.StatusCode) + " " + http.StatusText(r.StatusCode))
	if code != "" {
		text += ", " + code
	}
	e.Err = fmt.Errorf("the server answers %s", text)
	if r.StatusCode/100 == 3 {
		if next, err := r.Location(); err == nil {
			e.Remedy = "give the address that it redirects to as the location: " + shown(next)
		}
	}
	return e
}

// s3Kinds are errors of S3 that its status does not tell.
var s3Kinds = map[string]connectors.Kind{
	"ExpiredToken": connectors.KindAuth, "SignatureDoesNotMatch": connectors.KindAuth, "InvalidAccessKeyId": connectors.KindAuth,
	"Request has expired": connectors.KindAuth,
	"BadDigest":           connectors.KindIntegrity, "InvalidDigest": connectors.KindIntegrity, "XAmzContentChecksumMismatch": connectors.KindIntegrity,
	"NoSuchUpload": connectors.KindNotFound, "NoSuchKey": connectors.KindNotFound,
	"SlowDown": connectors.KindBusy, "OperationAborted": connectors.KindBusy, "ConditionalRequestConflict": connectors.KindBusy,
	"RequestTimeout": connectors.KindTimeout, "IncompleteBody": connectors.KindIncomplete, "InternalError": connectors.KindUnavailable,
	"PreconditionFailed": connectors.KindExists,
}

// reason is S3's word for an error, "" where the body holds none. It finishes the
// answer.
func reason(r *answer) string {
	data := r.finish()
	var fault struct {
		XMLName xml.Name `xml:"Error"`
		Code    string   `xml:"Code"`
		Message string   `xml:"Message"`
	}
	if xml.Unmarshal(data, &fault) != nil || len(fault.Code) > 60 {
		return ""
	}
	if strings.HasPrefix(fault.Message, "Request has expired") {
		return "Request has expired"
	}
	return fault.Code
}

// judge gives the kind of a status and what to do about it.
func judge(status int, h http.Header) (kind connectors.Kind, remedy string) {
	switch status {
	case http.StatusUnauthorized:
		return connectors.KindAuth, "check the user in the URL and the password, or the token"
	case http.StatusProxyAuthRequired:
		return connectors.KindAuth, "give user and password of the proxy in the environment: HTTPS_PROXY"
	case http.StatusForbidden, http.StatusUnavailableForLegalReasons:
		return connectors.KindPermission, "ask the server's operator for the right to it"
	case http.StatusNotFound, http.StatusGone:
		return connectors.KindNotFound, ""
	case http.StatusRequestTimeout, http.StatusGatewayTimeout:
		return connectors.KindTimeout, ""
	case http.StatusMethodNotAllowed, http.StatusNotImplemented:
		return connectors.KindUnsupported, "this server does not allow it"
	case http.StatusLengthRequired:
		return connectors.KindUnsupported, "this server takes no file whose size is not known from the start"
	case http.StatusPreconditionFailed:
		return connectors.KindChanged, ""
	case http.StatusRequestEntityTooLarge:
		return connectors.KindInvalid, "the file is larger than this server takes: have its limit raised"
	case http.StatusRequestedRangeNotSatisfiable:
		return connectors.KindIncomplete, ""
	case http.StatusTooManyRequests, http.StatusLocked, http.StatusTooEarly:
		return connectors.KindBusy, ""
	case http.StatusServiceUnavailable:
		if h.Get("Retry-After") != "" {
			return connectors.KindBusy, ""
		}
		return connectors.KindUnavailable, ""
	case http.StatusInsufficientStorage:
		return connectors.KindNoSpace, "make room on the server"
	}
	switch {
	case status >= 500:
		return connectors.KindUnavailable, ""
	case status >= 300:
		return connectors.KindInvalid, ""
	}
	return connectors.KindOther, ""
}

// longestWait bounds what a server may ask us to wait.
const longestWait = 24 * time.Hour

func (w *wire) retryAfter(r *answer) time.Duration {
	text := r.Header.Get("Retry-After")
	if seconds, err := strconv.ParseInt(text, 10, 32); err == nil {
		return min(max(0, time.Duration(seconds)*time.Second), longestWait)
	}
	at, err := http.ParseTime(text)
	if err != nil {
		return 0
	}
	now, err := http.ParseTime(r.Header.Get("Date"))
	if err != nil {
		now = w.now()
	}
	return min(max(0, at.Sub(now)), longestWait)
}
