package sftp

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"

	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/knownhosts"
)

// accept learns the key of a server that is not known: it writes it to the
// known_hosts file, in one step, while nobody else does.
func (c config) accept(h hop, key ssh.PublicKey) error {
	if _, certified := key.(*ssh.Certificate); certified {
		return h.distrusted(errors.New("the server shows a certificate of an authority that is not known"), "add the authority to "+c.knownHosts)
	}
	failed := func(err error) error {
		return h.distrusted(fmt.Errorf("its key %s cannot be written down: %w", ssh.FingerprintSHA256(key), err), "let this process write "+c.knownHosts)
	}
	file := c.knownHosts
	if target, err := filepath.EvalSymlinks(file); err == nil {
		file = target
	}
	unlock, err := lockFile(file)
	if err != nil {
		return failed(err)
	}
	defer unlock()
	// Somebody may have learned another key while we waited.
	known, err := c.known(h)
	if err != nil {
		return err
	}
	var unknown *knownhosts.KeyError
	switch err := known(h.addr(), &net.TCPAddr{IP: net.IPv4zero}, key); {
	case err == nil:
		return nil
	case !errors.As(err, &unknown) || len(unknown.Want) > 0:
		strict := c
		strict.acceptNew = false
		keys, authorities := c.expected(h, known)
		return strict.judge(h, err, keys, authorities, key)
	}
	if err := appendLine(file, knownhosts.Line([]string{h.addr()}, key)); err != nil {
		return failed(err)
	}
	return nil
}

// appendLine replaces the file by one with a further line. A file that is made
// is its owner's alone.
func appendLine(file, line string) (err error) {
	mode := fs.FileMode(0o600)
	data, err := os.ReadFile(file)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if info, err := os.Stat(file); err == nil && info.Size() > 0 {
		mode = info.Mode().Perm()
	}
	if len(data) > 0 && !bytes.HasSuffix(data, []byte("\n")) {
		data = append(data, '\n')
	}
	temporary, err := os.CreateTemp(filepath.Dir(file), ".known_hosts-*")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			_ = os.Remove(temporary.Name())
		}
	}()
	_, err = temporary.Write(append(data, line+"\n"...))
	for _, step := range []func() error{func() error { return temporary.Chmod(mode) }, temporary.Sync} {
		if err == nil {
			err = step()
		}
	}
	if closed := temporary.Close(); err == nil {
		err = closed
	}
	if err == nil {
		err = os.Rename(temporary.Name(), file)
	}
	return err
}
