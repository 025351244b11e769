package sftp_test

import (
	"testing"

	"gantry/connectors"
	"gantry/connectors/servers"
	"gantry/connectors/sftp"
)

// A real server without PAM offers to ask questions and refuses before it asks one.
func TestWrongPasswordIsNoOutage(t *testing.T) {
	s, err := servers.StartSSHDWith(t.Context(), t.TempDir(), servers.SSHDOptions{
		Lines: []string{"PasswordAuthentication yes", "KbdInteractiveAuthentication yes"},
	})
	must(t, err)
	t.Cleanup(func() { _ = s.Stop() })
	t.Setenv("SSH_AUTH_SOCK", "")
	t.Setenv("SFTP_TEST_WRONG", "guess")
	l := connectors.Location{
		URL: s.URL(t.TempDir()), Options: map[string]string{"password": "env:SFTP_TEST_WRONG", "knownHosts": s.KnownHosts},
	}
	place, err := sftp.Connector().Open(t.Context(), l)
	if err == nil {
		_ = place.Close()
	}
	if connectors.KindOf(err) != connectors.KindAuth {
		t.Errorf("%v; want KindAuth", err)
	}
}
