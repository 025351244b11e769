// Package sftp is the connector to SSH servers that speak the SSH File Transfer
// Protocol, version 3, with the extensions of OpenSSH. The client is
// github.com/pkg/sftp; package wire holds it, and what goes beside it.
//
// An upload is one file in the folder [promise.Folder] below the location's root,
// written at the parts' offsets with many requests in flight. Commit syncs it
// (fsync@openssh.com), compares its length, sets its time and renames it to its
// path (posix-rename@openssh.com). An exclusive commit uses a step that fails
// where a file is.
//
// What a server lacks:
//   - without posix-rename, or where it is refused for a file that is there, an
//     existing file is moved aside under a backup name in the staging folder, and
//     restored if the upload is aborted half-way. The path is empty for a moment,
//     and Traits.AtomicCommit is false.
//   - without fsync, a commit is as durable as the server makes it: it survives
//     the loss of the connection and of the server's process, not a power cut.
//   - no server can sync a folder for us: after a power cut a renamed file may be
//     back under its staging name.
//   - a drop box (the option dropBox) takes files under their final names at once.
//
// A place copies by itself where the server has copy-data, and hashes where it has
// check-file, or where OpenSSH lets the account run a command that does.
//
// A server's key must be known beforehand, from a known_hosts file or an option,
// unless an option has the first one accepted. Links are the server's matter:
// listings show those to files below the root and pass over all others.
//
// One connection is made at Open, checked for signs of life, and made anew by the
// next call after it was lost. More are made in the background while there is
// more to do than one can. A stream of bytes runs over several, and goes on when
// one of them is lost. Calls that were under way on the last one end with
// KindUnavailable.
package sftp

import (
	"context"

	"gantry/connectors"
	tcp "gantry/connectors/link"
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
		Options: append([]connectors.Option{
			{Name: "identityFile", Help: "private keys to log in with, with commas between; the SSH agent's keys are used without it", Example: "~/.ssh/id_ed25519"},
			{Name: "certificate", Help: "certificate of one of the keys; without it, the one beside the key's file (KEY-cert.pub) is used", Example: "~/.ssh/id_ed25519-cert.pub"},
			{Name: "passphrase", Help: "passphrase of the private keys", Example: "env:SFTP_PASSPHRASE", Secret: true},
			{Name: "password", Help: "password to log in with; it also answers a server that asks for one", Example: "file:/run/secrets/partner", Secret: true, InURL: "password"},
			{Name: "knownHosts", Help: "file with the servers' public keys, authorities and revoked keys", Default: "~/.ssh/known_hosts", Example: "/etc/gantry/known_hosts"},
			{Name: "hostKey", Help: "the server's public key, instead of a file", Example: "ssh-ed25519 AAAAC3Nz…"},
			{Name: "acceptNewHostKey", Help: "trust a server that knownHosts does not have yet, and write its key there; one that changes is refused all the same", Default: "false", Example: "true"},
			{Name: "jump", Help: "hosts to connect over, the nearest first, with commas between; their keys are looked up in knownHosts too", Example: "me@bastion.example.com:22"},
			{Name: "jumpIdentityFile", Help: "private keys for the jump hosts; without it, those for the server are used", Example: "~/.ssh/bastion"},
			{Name: "jumpPassword", Help: "password for the jump hosts; the server's is never shown to them", Example: "env:BASTION_PASSWORD", Secret: true},
			{Name: "connections", Help: "most connections at once; more than one are made only while there is enough to do. Without it, there are up to 6 to a server that is 30 ms and more away", Default: "3", Example: "1"},
			{Name: "timeout", Help: "after so long without a sign of life from the server the connection is given up", Default: "30s", Example: "2m"},
			{Name: "create", Help: "make the root folder when the first file is written", Default: "true", Example: "false"},
			{Name: "dropBox", Help: "the server only takes files: no listing, no renaming. Files are written under their final names at once", Default: "false", Example: "true"},
			{Name: "digestCommands", Help: "auto: have OpenSSH servers compute digests by a command (xxhsum, openssl, sha256sum and the like), where the account may run some; none: run none", Default: "auto", Example: "none"},
			{Name: "legacy", Help: "let in servers of before 2016: ssh-rsa, diffie-hellman-group14-sha1 and group-exchange-sha1, aes128-cbc. They can be listened in on and faked", Default: "false", Example: "true"},
		}, tcp.Options()...),
	}
}

func open(ctx context.Context, l connectors.Location) (connectors.Place, error) {
	c, err := configure(l)
	if err != nil {
		return nil, err
	}
	p := &place{pool: newPool(c), commands: newCommands()}
	copies, hashes, err := p.check(ctx)
	if err != nil {
		_ = p.Close()
		return nil, err
	}
	switch {
	case copies && hashes:
		return struct {
			*place
			copier
			hasher
		}{p, copier{p}, hasher{p}}, nil
	case copies:
		return struct {
			*place
			copier
		}{p, copier{p}}, nil
	case hashes:
		return struct {
			*place
			hasher
		}{p, hasher{p}}, nil
	default:
		return p, nil
	}
}
