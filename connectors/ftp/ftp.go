package ftp

import (
	"context"

	"gantry/connectors"
	"gantry/connectors/link"
)

// Connector describes the protocol for the list of all connectors.
func Connector() connectors.Connector {
	c := describe()
	c.Open = open
	return c
}

func describe() connectors.Connector {
	return connectors.Connector{
		Name:    "ftp",
		Schemes: []string{"ftp", "ftpes", "ftps"},
		Summary: "FTP servers: ftp://user@host:port/absolute/path in clear text, ftpes:// with TLS asked for (AUTH TLS), ftps:// with TLS from the first byte; /~/path is below the login's folder",
		Options: append([]connectors.Option{
			{Name: "password", Help: "password to log in with; none is anonymous@", Example: "file:/run/secrets/partner", Secret: true, InURL: "password"},
			{Name: "tls", Help: "none, explicit or implicit, instead of what the URL's scheme says", Example: "explicit"},
			{Name: "caFile", Help: "PEM file with further certificate authorities, or with the server's own certificate", Example: "/etc/gantry/partner-ca.pem"},
			{Name: "serverName", Help: "name that the server's certificate is for, if it is not the host of the URL", Example: "ftp.partner.example"},
			{Name: "tlsVersion", Help: "auto, or 1.2 for servers that do not let a session of TLS 1.3 be resumed and ask for it", Default: "auto", Example: "1.2"},
			{Name: "connections", Help: "most connections at once; auto is 8 to vsftpd and ProFTPD, and 4 to others; a server that allows fewer is found out", Default: "auto", Example: "2"},
			{Name: "timeout", Help: "after so long without a sign of life from the server a connection is given up", Default: "30s", Example: "2m"},
			{Name: "create", Help: "make the root folder when the first file is written", Default: "true", Example: "false"},
			{Name: "listing", Help: "auto, mlsd or list: how folders are listed; auto takes MLSD where the server has it", Default: "auto", Example: "list"},
			{Name: "passive", Help: "auto, epsv or pasv: how data connections are asked for; auto takes EPSV where the server has it", Default: "auto", Example: "pasv"},
			{Name: "timezone", Help: "of the times in a LIST, as the server writes them", Default: "UTC", Example: "Europe/Zurich"},
			{Name: "resume", Help: "auto, or false for servers that let nothing be added to a file (found out by the first upload): each file is sent in one go", Default: "auto", Example: "false"},
			{Name: "dropBox", Help: "the server only takes files: no listing, no renaming. Files are written under their final names at once", Default: "false", Example: "true"},
		}, link.Options()...),
	}
}

func open(ctx context.Context, l connectors.Location) (connectors.Place, error) {
	c, err := configure(l)
	if err != nil {
		return nil, err
	}
	p := newPlace(c)
	if err := p.check(ctx); err != nil {
		_ = p.Close()
		return nil, err
	}
	return p, nil
}
