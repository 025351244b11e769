package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// A client calls a hub's API.
type client struct {
	base string
	http *http.Client
}

func (a *app) client() *client {
	return &client{base: strings.TrimRight(a.settings.Hub, "/"), http: &http.Client{Timeout: 60 * time.Second}}
}

// shown is the hub's URL without a password.
func (c *client) shown() string {
	u, err := url.Parse(c.base)
	if err != nil {
		return "…"
	}
	return u.Redacted()
}

// A refusal is an error that the hub answered with, after RFC 9457.
type refusal struct {
	Status int    `json:"status"`
	Title  string `json:"title"`
	Detail string `json:"detail"`
	Errors []struct {
		Message  string `json:"message"`
		Location string `json:"location"`
	} `json:"errors"`
}

func (r *refusal) Error() string {
	text := r.Title
	if r.Detail != "" {
		text = r.Detail
	}
	for _, e := range r.Errors {
		text += "\n  " + strings.TrimSpace(e.Location+" "+e.Message)
	}
	return text
}

func (c *client) get(ctx context.Context, path string, query url.Values, into any) error {
	if len(query) > 0 {
		path += "?" + query.Encode()
	}
	return c.call(ctx, http.MethodGet, path, nil, into)
}

func (c *client) post(ctx context.Context, path string, body, into any) error {
	return c.call(ctx, http.MethodPost, path, body, into)
}

func (c *client) call(ctx context.Context, method, path string, body, into any) error {
	var payload io.Reader
	if body != nil {
		data, err := json.Marshal(body)
		if err != nil {
			return err
		}
		payload = bytes.NewReader(data)
	}
	request, err := http.NewRequestWithContext(ctx, method, c.base+"/api/v1"+path, payload)
	if err != nil {
		return err
	}
	request.Header.Set("Content-Type", "application/json")
	response, err := c.http.Do(request)
	if err != nil {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		return coded(exitUnreachable, fmt.Errorf("the hub at %s does not answer: start it with `gantry up`, or name another with --hub (%w)", c.shown(), cause(err)))
	}
	defer response.Body.Close()
	if response.StatusCode >= http.StatusBadRequest {
		return readRefusal(response)
	}
	if into == nil {
		return nil
	}
	if err := json.NewDecoder(response.Body).Decode(into); err != nil {
		return fmt.Errorf("read the hub's answer: %w", err)
	}
	return nil
}

func readRefusal(response *http.Response) error {
	r := &refusal{Status: response.StatusCode, Title: response.Status}
	data, _ := io.ReadAll(io.LimitReader(response.Body, 1<<20))
	_ = json.Unmarshal(data, r) // whatever it is, the status stands
	switch response.StatusCode {
	case http.StatusNotFound:
		return coded(exitNotFound, r)
	case http.StatusBadRequest, http.StatusUnprocessableEntity:
		return coded(exitUsage, r)
	}
	return r
}

// cause takes the URL that net/http puts around an error away.
func cause(err error) error {
	var u *url.Error
	if errors.As(err, &u) {
		return u.Err
	}
	return err
}
