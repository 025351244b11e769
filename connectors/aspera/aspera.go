// Package aspera is the connector to IBM Aspera's servers: whole files move by the
// program ascp, at the speed of the line, and the Node API lists and changes what
// is there.
//
// Its place is a [connectors.Mover]. Open and Begin are not supported: ascp moves
// files between a server and this machine's disk, not streams.
//
//   - aspera+https://node:9092/path names the Node API. Each movement asks it for a
//     token; listing, describing, removing and renaming work.
//   - aspera://user@host/path names the SSH server alone. Files move, and that is
//     all, unless the option node names the Node API as well.
//
// With a node, a file that is sent gets a name in [promise.Folder] first, and its
// own when it is whole, by a rename. Without one it is written to its own name;
// most servers keep it under another until it is whole (partial_file_suffix in
// aspera.conf), but that is theirs to say.
//
// ascp never resumes by itself, so a movement starts it again, after pauses that
// grow, as long as what it reports is worth another attempt. What ascp says of
// itself proves nothing about the bytes: whoever wants a proof receives the file
// and hashes it.
package aspera

import (
	"context"

	"gantry/connectors"
)

// Connector describes the protocol for the list of all connectors.
func Connector() connectors.Connector {
	c := describe()
	c.Open = func(_ context.Context, l connectors.Location) (connectors.Place, error) {
		p, err := newPlace(l, systemClock{})
		if err != nil {
			return nil, err
		}
		return p, nil
	}
	return c
}

func describe() connectors.Connector {
	return connectors.Connector{
		Name:    "aspera",
		Schemes: []string{"aspera", "aspera+https"},
		Summary: "IBM Aspera servers, by ascp: aspera+https://node:9092/path (Node API), or aspera://user@host:33001/path (SSH)",
		Options: []connectors.Option{
			{Name: "node", Help: "address of the Node API; with it, files are listed, and movements authorised by tokens", Example: "https://aspera.example.net:9092"},
			{Name: "nodeUser", Help: "user of the Node API, or the access key; the URL's user otherwise", Example: "node_media"},
			{Name: "password", Help: "of the Node API's user; without a node, of the SSH user", Example: "file:/run/secrets/aspera", Secret: true, InURL: "password"},
			{Name: "token", Help: "bearer token for the Node API; without a node, the transfer token for ascp", Example: "env:ASPERA_TOKEN", Secret: true},
			{Name: "identityFile", Help: "private key to log in with by SSH; with a token, the key that ascp came with serves", Example: "~/.ssh/aspera"},
			{Name: "passphrase", Help: "passphrase of the private key", Example: "env:ASPERA_PASSPHRASE", Secret: true},
			{Name: "hostKey", Help: "fingerprint that the server's SSH key must have; ascp compares none without it, and a password is not sent then", Example: "9fc1…"},
			{Name: "anyHostKey", Help: "send the password of SSH to whatever server answers", Default: "false", Example: "true"},
			{Name: "sshPort", Help: "TCP port of SSH, where the Node API or the URL does not say", Default: "33001", Example: "22"},
			{Name: "faspPort", Help: "UDP port of the data, where the Node API does not say", Default: "33001", Example: "33002"},
			{Name: "rate", Help: "target rate in bits a second, for each movement; the server's default without it", Example: "500M"},
			{Name: "minRate", Help: "rate below which a movement does not give way to others, in bits a second", Example: "10M"},
			{Name: "ratePolicy", Help: "how to share the line: high, fair, low, or fixed (which does not)", Default: "fair", Example: "low"},
			{Name: "cipher", Help: "encryption on the wire: none, aes-128, aes-192, aes-256, each also with -cfb or -gcm", Default: "aes-128", Example: "aes-256-gcm"},
			{Name: "resume", Help: "what a movement that goes on compares of the bytes that are there: none (all is sent again), attrs, sparse or full", Default: "sparse", Example: "full"},
			{Name: "encryption", Help: "passphrase: what is sent is stored encrypted, what is received is decrypted", Example: "env:ASPERA_FILEPASS", Secret: true},
			{Name: "grow", Help: "a growing file is whole when it has not changed for so long", Default: "10s", Example: "1m"},
			{Name: "ascp", Help: "path of the program; looked for in PATH and where IBM's products put it otherwise", Example: "/opt/aspera/bin/ascp"},
			{Name: "caFile", Help: "PEM file of further certificate authorities for the Node API and web sockets", Example: "/etc/ssl/partner.pem"},
			{Name: "timeout", Help: "an answer of the Node API, or a report of ascp, that does not come for so long has timed out", Default: "1m", Example: "30s"},
			{Name: "attempts", Help: "how often ascp is started in a row without a byte more arriving", Default: "8", Example: "20"},
			{Name: "connections", Help: "most movements, and most calls to the Node API, at once", Default: "4", Example: "2"},
		},
	}
}
