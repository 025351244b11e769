package servers

import (
	"crypto/ed25519"
	"crypto/rand"
	"encoding/pem"
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/knownhosts"
)

const (
	hostKey = "host_ed25519"
	userKey = "id_ed25519"
)

// A publicKey is what the other side has to know of a key.
type publicKey struct{ ssh.PublicKey }

// prepareKeys makes the keys that dir lacks, and the list of those who may log
// in. It gives the host's public key.
func prepareKeys(dir string) (publicKey, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return publicKey{}, err
	}
	host, err := keyIn(filepath.Join(dir, hostKey))
	if err != nil {
		return publicKey{}, err
	}
	client, err := keyIn(filepath.Join(dir, userKey))
	if err != nil {
		return publicKey{}, err
	}
	authorized := ssh.MarshalAuthorizedKey(client)
	// sshd reads this file as the user who logs in.
	return host, os.WriteFile(filepath.Join(dir, "authorized_keys"), authorized, 0o644)
}

func keyIn(path string) (publicKey, error) {
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		data, err = newKey(path)
	}
	if err != nil {
		return publicKey{}, err
	}
	signer, err := ssh.ParsePrivateKey(data)
	if err != nil {
		return publicKey{}, err
	}
	return publicKey{signer.PublicKey()}, nil
}

func newKey(path string) ([]byte, error) {
	_, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return nil, err
	}
	block, err := ssh.MarshalPrivateKey(private, "")
	if err != nil {
		return nil, err
	}
	data := pem.EncodeToMemory(block)
	return data, os.WriteFile(path, data, 0o600)
}

func (k publicKey) writeKnownHosts(path, addr string) error {
	line := knownhosts.Line([]string{knownhosts.Normalize(addr)}, k.PublicKey)
	return os.WriteFile(path, []byte(line+"\n"), 0o600)
}
