package web

import (
	"encoding/base64"
	"errors"
	"net/http"
	"net/url"

	"gantry/connectors"
)

// credentials are what the location's own host is given with each request. Secrets
// are references, resolved each time: they may be renewed.
type credentials struct {
	user, password, token, query, secretHeaders string
	headers                                     http.Header
}

// sign adds them to a request's header.
func (c credentials) sign(h http.Header) error {
	for name, values := range c.headers {
		h[name] = values
	}
	secret, err := connectors.Secret(c.secretHeaders)
	if err != nil {
		return err
	}
	more, why := parseHeaders(secret)
	if why != "" {
		return &connectors.Error{Kind: connectors.KindInvalid, Op: "read secret", Path: c.secretHeaders, Err: errors.New("it " + why), Remedy: "write one header a line, as Name: value"}
	}
	for name, values := range more {
		h[name] = values
	}
	if c.user != "" {
		password, err := connectors.Secret(c.password)
		if err != nil {
			return err
		}
		h.Set("Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte(c.user+":"+password)))
	}
	token, err := connectors.Secret(c.token)
	if err != nil {
		return err
	}
	if token != "" {
		h.Set("Authorization", "Bearer "+token)
	}
	return nil
}

// address is u with the signed query.
func (c credentials) address(u *url.URL) (*url.URL, error) {
	query, err := connectors.Secret(c.query)
	if err != nil || query == "" {
		return u, err
	}
	if query[0] == '?' {
		query = query[1:]
	}
	signed := *u
	if signed.RawQuery = query; u.RawQuery != "" {
		signed.RawQuery = u.RawQuery + "&" + query
	}
	return &signed, nil
}
