package steer

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"

	"gantry/connectors"
)

// A Client steers a transfer that another process runs.
type Client struct{ http *http.Client }

// patience bounds a call.
const patience = 10 * time.Second

// ErrStopped says that no process runs the transfer.
var ErrStopped = errors.New("no process runs it")

// Dial calls the process that runs the transfer of a folder; ErrStopped if there is none,
// as when it was killed and has left its socket behind.
func Dial(dir string) (*Client, error) {
	first, err := connect(dir)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrStopped, err)
	}
	conns := make(chan net.Conn, 1)
	conns <- first
	transport := &http.Transport{DialContext: func(context.Context, string, string) (net.Conn, error) {
		select {
		case c := <-conns:
			return c, nil
		default:
			return connect(dir)
		}
	}}
	return &Client{&http.Client{Transport: transport, Timeout: patience}}, nil
}

// Close ends the connection.
func (c *Client) Close() { c.http.CloseIdleConnections() }

// Status asks how the transfer stands.
func (c *Client) Status() (Status, error) { return c.call(http.MethodGet, "", nil) }

// Change alters its settings.
func (c *Client) Change(change Change) (Status, error) { return c.call(http.MethodPatch, "", change) }

// Cancel gives it up.
func (c *Client) Cancel() (Status, error) { return c.call(http.MethodPost, "/cancel", nil) }

// Finish says that a file that grows is complete; path "" is all that grow.
func (c *Client) Finish(path string) (Status, error) {
	return c.call(http.MethodPost, "/finish", map[string]string{"path": path})
}

func (c *Client) call(method, path string, body any) (s Status, err error) {
	data, err := json.Marshal(body)
	if err != nil {
		return s, err
	}
	request, err := http.NewRequest(method, "http://gantry/v1/transfer"+path, bytes.NewReader(data)) //nolint:noctx // the client has a time limit
	if err != nil {
		return s, err
	}
	response, err := c.http.Do(request)
	if err != nil {
		return s, fmt.Errorf("%w: %w", ErrStopped, err)
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		var p problem
		if err := json.NewDecoder(response.Body).Decode(&p); err != nil || p.Message == "" {
			return s, fmt.Errorf("the process answers %s", response.Status)
		}
		return s, &said{p}
	}
	return s, json.NewDecoder(response.Body).Decode(&s)
}

// said is an error of the other process, in its words.
type said struct{ problem }

func (e *said) Error() string { return e.Message }

// Unwrap gives the kind.
func (e *said) Unwrap() error { return &connectors.Error{Kind: e.Kind, Err: errors.New(e.Message)} }
