package objectstore

import (
	"bytes"
	"context"
	"crypto/md5"
	"encoding/base64"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	"gantry/connectors"
)

// A Caller makes the calls of S3 that change no bytes: tags, locks, versions,
// restores, what a bucket is like. It signs the request, and dresses it with the
// location's [Terms].
type Caller interface {
	// Call gives the answer of a success; its body is to be closed. Any other
	// answer is a [*Fault].
	Call(ctx context.Context, r Request) (*http.Response, error)
}

// A Request is one call as S3 documents it.
type Request struct {
	Method string
	Key    string     // "" for the bucket itself
	Query  url.Values // a subresource has an empty value: "tagging": {""}
	Header http.Header
	Body   []byte
}

// maxAnswer bounds a document that a store answers, in bytes.
const maxAnswer = 16 << 20

// New writes the request for a bucket at base.
func (r Request) New(ctx context.Context, base *url.URL) (*http.Request, error) {
	u := *base
	u.Path = strings.TrimSuffix(u.Path, "/") + "/" + r.Key
	u.RawPath = Escape(u.Path)
	u.RawQuery = strings.ReplaceAll(r.Query.Encode(), "+", "%20")
	var body io.Reader
	if len(r.Body) > 0 {
		body = bytes.NewReader(r.Body)
	}
	req, err := http.NewRequestWithContext(ctx, r.Method, u.String(), body)
	if err != nil {
		return nil, err
	}
	for name, values := range r.Header {
		req.Header[http.CanonicalHeaderKey(name)] = values
	}
	if len(r.Body) > 0 {
		sum := md5.Sum(r.Body)
		req.Header.Set("Content-Md5", base64.StdEncoding.EncodeToString(sum[:]))
		req.Header.Set("Content-Type", "application/xml")
	}
	return req, nil
}

// Escape writes a path as signatures want it: everything but unreserved characters
// and the slash is escaped.
func Escape(path string) string {
	var b strings.Builder
	b.Grow(len(path))
	for i := range len(path) {
		c := path[i]
		switch {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', strings.IndexByte("-._~/", c) >= 0:
			b.WriteByte(c)
		default:
			fmt.Fprintf(&b, "%%%02X", c)
		}
	}
	return b.String()
}

// Answered makes a Fault of an answer that is no success.
func Answered(resp *http.Response) error {
	if resp.StatusCode/100 == 2 {
		return nil
	}
	defer resp.Body.Close()
	f := &Fault{Status: resp.StatusCode, Region: resp.Header.Get("X-Amz-Bucket-Region")}
	f.Clock, _ = http.ParseTime(resp.Header.Get("Date"))
	if to, err := resp.Location(); err == nil {
		f.Elsewhere = to.Scheme + "://" + to.Host
	}
	var document struct {
		Code, Message, Region string
	}
	if err := xml.NewDecoder(io.LimitReader(resp.Body, maxAnswer)).Decode(&document); err == nil {
		f.Code, f.Message = document.Code, document.Message
		if f.Region == "" {
			f.Region = document.Region
		}
	}
	return f
}

// ask makes a call and reads the document that answers it, if into is not nil. A
// success that holds an error is the error.
func (p *Place) ask(ctx context.Context, r Request, into any) (*http.Response, error) {
	resp, err := p.client.Call(ctx, r)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	data, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	if err != nil {
		return resp, err
	}
	if fault := faultIn(data); fault != nil {
		fault.Status = resp.StatusCode
		return resp, fault
	}
	if into == nil {
		return resp, nil
	}
	if err := xml.Unmarshal(data, into); err != nil {
		return resp, unreadable(r, err)
	}
	return resp, nil
}

// send makes a call with a document as its body.
func (p *Place) send(ctx context.Context, r Request, document any) (*http.Response, error) {
	body, err := xml.Marshal(document)
	if err != nil {
		return nil, err
	}
	r.Body = body
	return p.ask(ctx, r, nil)
}

func unreadable(r Request, err error) error {
	if errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	return connectors.Errorf(connectors.KindIncomplete, "read answer", r.Key, "the answer breaks off or is not what S3 answers: %w", err)
}

// expect fails if a document is none about what was asked for. Stores call theirs
// Retention or ObjectLockRetention, ListVersionsResult or ListObjectVersionsOutput.
func expect(r Request, document xml.Name, about string) error {
	if strings.Contains(document.Local, about) {
		return nil
	}
	return unreadable(r, fmt.Errorf("a document %q is none of %s", document.Local, about))
}

// sub is the query of a subresource.
func sub(name string) url.Values { return url.Values{name: {""}} }

// code gives the code of a Fault, "" for any other error.
func code(err error) string {
	var fault *Fault
	if errors.As(err, &fault) {
		return fault.Code
	}
	return ""
}
