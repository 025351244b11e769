package node

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strings"
	"time"

	"gantry/connectors"
	"gantry/connectors/link"
)

// Options of a client. Either User and Password or Token are given.
type Options struct {
	URL         string // https://host:9092
	User        string // or the access key; with a token the access key that it belongs to
	Password    func() (string, error)
	Token       func() (string, error) // a bearer token
	Authorities string                 // PEM file of further certificate authorities
	Timeout     time.Duration          // for an answer
	Connections int                    // at once
}

// A Client calls one node. It is for use by many goroutines.
type Client struct {
	o    Options
	base *url.URL
	http *http.Client
}

// New checks the options. It does not connect.
func New(o Options) (*Client, error) {
	base, err := url.Parse(o.URL)
	if err != nil || base.Scheme != "https" || base.Host == "" || base.User != nil || base.RawQuery != "" || base.Fragment != "" {
		return nil, invalid("the address of the Node API is no https URL without user and query", "write https://host:9092")
	}
	trusted, err := link.Authorities(o.Authorities)
	if err != nil {
		return nil, err
	}
	transport := link.Transport(link.Dialer{Stall: o.Timeout}, link.TLS(trusted))
	transport.MaxConnsPerHost = o.Connections
	client := &http.Client{Transport: transport, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	return &Client{o: o, base: base, http: client}, nil
}

func invalid(text, remedy string) error {
	return &connectors.Error{Kind: connectors.KindInvalid, Op: "open", Path: "Node API", Err: errors.New(text), Remedy: remedy}
}

// Host is the node's, without the port.
func (c *Client) Host() string { return c.base.Hostname() }

// Close gives idle connections back.
func (c *Client) Close() { c.http.CloseIdleConnections() }

// A call is one request. op and path name it in errors.
type call struct {
	op, path     string
	method, to   string
	body, answer any // either may be nil
}

// maxAnswer bounds an answer. A page of a listing has at most pageSize entries.
const maxAnswer = 32 << 20

// do makes the call. Errors are *connectors.Error.
func (c *Client) do(ctx context.Context, k call) (http.Header, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, c.o.Timeout, connectors.Errorf(connectors.KindTimeout, k.op, k.path, "the Node API gave no answer for %s", c.o.Timeout))
	defer cancel()
	request, err := c.request(ctx, k)
	if err != nil {
		return nil, err
	}
	response, err := c.http.Do(request)
	if err != nil {
		return nil, c.unreachable(ctx, k, err)
	}
	defer response.Body.Close()
	data, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer+1))
	switch {
	case err != nil:
		return nil, c.unreachable(ctx, k, err)
	case response.StatusCode < 200 || response.StatusCode > 299:
		return nil, c.refused(k, response, data)
	case len(data) > maxAnswer:
		return nil, connectors.Errorf(connectors.KindIncomplete, k.op, k.path, "the Node API's answer is longer than %d bytes", maxAnswer)
	}
	return response.Header, k.decode(response.Header, data)
}

func (c *Client) request(ctx context.Context, k call) (*http.Request, error) {
	var body io.Reader
	if k.body != nil {
		data, err := json.Marshal(k.body)
		if err != nil {
			return nil, connectors.Errorf(connectors.KindInvalid, k.op, k.path, "%w", err)
		}
		body = bytes.NewReader(data)
	}
	r, err := http.NewRequestWithContext(ctx, k.method, c.base.JoinPath(k.to).String(), body)
	if err != nil {
		return nil, connectors.Errorf(connectors.KindInvalid, k.op, k.path, "%w", err)
	}
	r.Header.Set("Accept", "application/json")
	if body != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	return r, c.authorize(r)
}

func (c *Client) authorize(r *http.Request) error {
	if c.o.Token != nil {
		token, err := c.o.Token()
		if err != nil {
			return err
		}
		if !strings.Contains(token, " ") {
			token = "Bearer " + token
		}
		r.Header.Set("Authorization", token)
		if c.o.User != "" {
			r.Header.Set("X-Aspera-AccessKey", c.o.User)
		}
		return nil
	}
	password, err := c.o.Password()
	if err != nil {
		return err
	}
	r.SetBasicAuth(c.o.User, password)
	return nil
}

// decode reads the answer, if one is wanted.
func (k call) decode(header http.Header, data []byte) error {
	if k.answer == nil {
		return nil
	}
	if kind, _, _ := mime.ParseMediaType(header.Get("Content-Type")); kind != "" && !strings.Contains(kind, "json") {
		return k.notNode(fmt.Errorf("it answers with %s", kind))
	}
	if err := json.Unmarshal(data, k.answer); err != nil {
		return k.notNode(err)
	}
	return nil
}

func (k call) notNode(err error) error {
	return &connectors.Error{
		Kind: connectors.KindUnavailable, Op: k.op, Path: k.path, Err: fmt.Errorf("the answer is not the Node API's: %w", err),
		Remedy: "check the address: https://host:9092 as a rule",
	}
}
