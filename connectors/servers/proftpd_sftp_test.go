package servers_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/crypto/ssh"

	"gantry/connectors/servers"
)

func TestProFTPDServesSFTP(t *testing.T) {
	s, err := servers.StartProFTPDSFTP(t.Context(), filepath.Join(t.TempDir(), "with space"))
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(s.Dir, "clip.mov")
	if err := os.WriteFile(path, []byte("frames"), 0o600); err != nil {
		t.Fatal(err)
	}
	if got := read(t, s, path); got != "frames" {
		t.Errorf("read %q", got)
	}
	if got := read(t, s, "clip.mov"); got != "frames" {
		t.Errorf("read %q from the folder of the login", got)
	}
	t.Run("with the extension check-file", func(t *testing.T) {
		sum := sha256.Sum256([]byte("frames"))
		if got := checkFile(t, s, path, "sha256"); !bytes.HasSuffix(got, sum[:]) {
			t.Errorf("it answers %q; want the digest %x at its end", got, sum)
		}
	})
	t.Run("by password", func(t *testing.T) {
		c, err := ssh.Dial("tcp", s.Addr, &ssh.ClientConfig{
			User: s.User, Auth: []ssh.AuthMethod{ssh.Password(s.Password)}, HostKeyCallback: ssh.InsecureIgnoreHostKey(),
		})
		if err != nil {
			t.Fatal(err)
		}
		c.Close()
	})
	t.Run("again after a restart, at the same address", func(t *testing.T) {
		if err := s.Restart(t.Context()); err != nil {
			t.Fatal(err)
		}
		if got := read(t, s, path); got != "frames" {
			t.Errorf("read %q", got)
		}
	})
}

// checkFile asks for a digest of a whole file in the raw protocol, and returns
// the server's reply. Version 3 of the protocol has no list in which the server
// could announce this extension.
func checkFile(t *testing.T, s *servers.SSHD, path, algorithm string) []byte {
	t.Helper()
	session, err := login(t, s).NewSession()
	if err != nil {
		t.Fatal(err)
	}
	defer session.Close()
	in, err1 := session.StdinPipe()
	out, err2 := session.StdoutPipe()
	if err := errors.Join(err1, err2, session.RequestSubsystem("sftp")); err != nil {
		t.Fatal(err)
	}
	exchange := func(packet []byte) []byte {
		if _, err := in.Write(append(binary.BigEndian.AppendUint32(nil, uint32(len(packet))), packet...)); err != nil {
			t.Fatal(err)
		}
		var length [4]byte
		if _, err := io.ReadFull(out, length[:]); err != nil {
			t.Fatal(err)
		}
		reply := make([]byte, binary.BigEndian.Uint32(length[:]))
		if _, err := io.ReadFull(out, reply); err != nil {
			t.Fatal(err)
		}
		return reply
	}
	const initialize, extended = 1, 200
	exchange([]byte{initialize, 0, 0, 0, 3})
	packet := []byte{extended, 0, 0, 0, 1}
	for _, text := range []string{"check-file-name", path, algorithm} {
		packet = append(binary.BigEndian.AppendUint32(packet, uint32(len(text))), text...)
	}
	return exchange(append(packet, make([]byte, 8+8+4)...)) // from the start to the end, in one block
}
