// Package spec is Aspera's transfer specification: what a transfer is, as the Node
// API and the tools of IBM exchange it in JSON, and the command line of ascp that
// it stands for. It is pure: nothing here starts a program or touches a file.
package spec

import (
	"encoding/json"
	"fmt"
)

// The directions of a transfer, as seen from this machine.
const (
	Send    = "send"
	Receive = "receive"
)

// A Spec describes one transfer. The field names are those of the JSON documents;
// fields that Gantry has no use for are left out of what it reads.
type Spec struct {
	RemoteHost      string `json:"remote_host,omitempty"`
	RemoteUser      string `json:"remote_user,omitempty"`
	Direction       string `json:"direction,omitempty"`
	DestinationRoot string `json:"destination_root,omitempty"` // a folder, or with Growing the file
	SourceRoot      string `json:"source_root,omitempty"`      // put before each source
	Paths           []Path `json:"paths,omitempty"`

	SSHPort       int    `json:"ssh_port,omitempty"`  // 0 = 33001
	FaspPort      int    `json:"fasp_port,omitempty"` // UDP; 0 = 33001
	WSSEnabled    bool   `json:"wss_enabled,omitempty"`
	WSSPort       int    `json:"wss_port,omitempty"`
	SSHHostDigest string `json:"sshfp,omitempty"` // fingerprint that the server's host key must have

	TargetRate Kbps       `json:"target_rate_kbps,omitempty"` // 0 = the server's default
	MinRate    Kbps       `json:"min_rate_kbps,omitempty"`
	RatePolicy RatePolicy `json:"rate_policy,omitempty"`
	Cipher     Cipher     `json:"cipher,omitempty"`
	Resume     Resume     `json:"resume_policy,omitempty"`
	Overwrite  Overwrite  `json:"overwrite,omitempty"`
	Checksum   Checksum   `json:"file_checksum,omitempty"`

	CreateDir     bool `json:"create_dir,omitempty"`
	PreserveTimes bool `json:"preserve_times,omitempty"`

	// KeyFile is the private key to log in with; its path is no secret.
	KeyFile string `json:"ssh_private_key_path,omitempty"`
	// ContentProtection is "encrypt" or "decrypt": what the server stores is encrypted with ContentPassword.
	ContentProtection string `json:"content_protection,omitempty"`

	// Secrets. They reach ascp by its environment only.
	Password        string `json:"remote_password,omitempty"`
	KeyPassphrase   string `json:"ssh_private_key_passphrase,omitempty"`
	Key             string `json:"ssh_private_key,omitempty"` // PEM
	Token           string `json:"token,omitempty"`
	Cookie          string `json:"cookie,omitempty"`
	ContentPassword string `json:"content_protection_password,omitempty"`

	Tags json.RawMessage `json:"tags,omitempty"` // an object, handed on as it came
}

// A Path is one file to move. Without a Destination the file keeps its name.
type Path struct {
	Source      string `json:"source,omitempty"`
	Destination string `json:"destination,omitempty"` // relative to the destination root
}

// String shows the transfer without its secrets.
func (s Spec) String() string {
	return fmt.Sprintf("%s %v %s@%s %s", s.Direction, s.Paths, s.RemoteUser, s.RemoteHost, s.DestinationRoot)
}

// GoString keeps secrets out of %#v.
func (s Spec) GoString() string { return s.String() }
