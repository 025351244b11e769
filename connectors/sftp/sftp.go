// Package sftp is the connector to SSH servers that speak the SSH File Transfer
// Protocol, version 3, with the extensions of OpenSSH.
//
// An upload is one file in the folder [promise.Folder] below the location's root,
// written at the parts' offsets with many requests in flight. Commit syncs it
// (fsync@openssh.com), compares its length, sets its time and renames it to its
// path (posix-rename@openssh.com).
//
// What a server lacks:
//   - without posix-rename, an existing file is moved aside under a backup name
//     in the staging folder, and restored if the upload is aborted half-way. The
//     path is empty for a moment, and Traits.AtomicCommit is false.
//   - without fsync, a commit is as durable as the server makes it: it survives
//     the loss of the connection and of the server's process, not a power cut.
//   - no server can sync a folder for us: after a power cut a renamed file may be
//     back under its staging name.
//
// A server's key must be known beforehand, from a known_hosts file or an option.
// Links are the server's matter: listings show those to files below the root and
// pass over all others.
//
// The connection is made at Open, checked for signs of life, and made anew by the
// next call after it was lost. Calls that were under way end with
// KindUnavailable.
package sftp

import (
	"context"

	"gantry/connectors"
)

// Connector describes the protocol for the list of all connectors.
func Connector() connectors.Connector {
	c := describe()
	c.Open = open
	return c
}

func describe() connectors.Connector {
	return connectors.Connector{
		Name:    "sftp",
		Schemes: []string{"sftp"},
		Summary: "SSH servers: sftp://user@host:port/absolute/path, or sftp://user@host/~/path below the login's home",
		Options: []connectors.Option{
			{Name: "identityFile", Help: "private key to log in with; the SSH agent's keys are used without it", Example: "~/.ssh/id_ed25519"},
			{Name: "passphrase", Help: "passphrase of the private key", Example: "env:SFTP_PASSPHRASE", Secret: true},
			{Name: "password", Help: "password to log in with", Example: "file:/run/secrets/partner", Secret: true, InURL: "password"},
			{Name: "knownHosts", Help: "file with the servers' public keys", Default: "~/.ssh/known_hosts"},
			{Name: "hostKey", Help: "the server's public key, instead of a file", Example: "ssh-ed25519 AAAAC3Nz…"},
			{Name: "timeout", Help: "after so long without a sign of life from the server the connection is given up", Default: "30s", Example: "2m"},
			{Name: "create", Help: "make the root folder when the first file is written", Default: "true", Example: "false"},
		},
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
