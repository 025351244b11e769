package web

import (
	"context"
	"time"

	"gantry/connectors"
	"gantry/connectors/link"
)

// Connector declares the protocol.
func Connector() connectors.Connector {
	c := describe()
	c.Open = func(ctx context.Context, l connectors.Location) (connectors.Place, error) {
		return open(ctx, l, surroundings{now: time.Now})
	}
	return c
}

func describe() connectors.Connector {
	return connectors.Connector{
		Name:    "web",
		Schemes: []string{"https", "http"},
		Summary: "web servers: https://host/folder; read by ranges, written by PUT, listed by WebDAV",
		Options: append([]connectors.Option{
			{Name: "password", Help: "password of the user in the URL (Basic authentication)", Example: "file:/run/secrets/partner", Secret: true, InURL: "password"},
			{Name: "token", Help: "bearer token", Example: "env:PARTNER_TOKEN", Secret: true},
			{Name: "query", Help: "signed query that is added to each URL, without the question mark", Example: "env:SAS_TOKEN", Secret: true, InURL: "query"},
			{Name: "headers", Help: "further headers of each request, one a line", Example: "x-ms-blob-type: BlockBlob"},
			{Name: "secretHeaders", Help: "further headers whose values are secret, one a line", Example: "file:/run/secrets/headers", Secret: true},
			{Name: "clientCert", Help: "PEM file with the certificate to log in with", Example: "/etc/gantry/client.pem"},
			{Name: "clientKey", Help: "private key of the certificate, as PEM", Example: "file:/etc/gantry/client.key", Secret: true},
			{Name: "caFile", Help: "PEM file of further certificate authorities", Example: "/etc/gantry/ca.pem"},
			{Name: "allow", Help: "addresses, networks and hosts inside of our own networks that redirects may lead to", Example: "10.20.0.0/16, cdn.studio.local"},
			{Name: "redirects", Help: "how many redirects are followed, for reading", Default: "5", Example: "0"},
			{Name: "dav", Help: "whether the server speaks WebDAV: auto as it says, true whatever it says, false without asking", Default: "auto", Example: "false"},
			{Name: "list", Help: "file that lists the paths, one a line or as an array of JSON, where the server lists nothing: a path in the location, or a URL", Example: "index.txt"},
			{Name: "writeOnly", Help: "the server takes files and shows none", Default: "false", Example: "true"},
			{Name: "create", Help: "make the root folder when the first file is written (WebDAV)", Default: "true", Example: "false"},
			{Name: "connections", Help: "most requests at once", Default: "16", Example: "4"},
			{Name: "timeout", Help: "after so long without a sign of life from the server a request is given up", Default: "1m", Example: "30s"},
			{Name: "grant", Help: "document with URLs that a hub has signed for one file: used instead of any other credentials", Example: "file:/var/lib/gantry/grant.json", Secret: true},
		}, link.Options()...),
	}
}

func open(ctx context.Context, l connectors.Location, s surroundings) (connectors.Place, error) {
	c, err := configure(l)
	if err != nil {
		return nil, err
	}
	w, err := newWire(c, s)
	if err != nil {
		return nil, err
	}
	if c.grant != "" {
		return openGranted(c, w)
	}
	p, err := openPlace(ctx, c, w)
	if err != nil {
		w.close()
		return nil, err
	}
	return p, nil
}
