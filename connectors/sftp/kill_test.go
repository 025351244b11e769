package sftp_test

import (
	"os"
	"strings"
	"testing"

	"gantry/connectors/connectortest"
	"gantry/connectors/servers"
	"gantry/connectors/sftp"
)

func TestMain(m *testing.M) {
	if connectortest.ServeWriter(sftp.Connector(), 0, 1, 3) {
		return
	}
	connectortest.SideBySide(6)
	os.Exit(m.Run())
}

// The accepted parts of a process that was killed need not be sent again.
func TestResumeAfterKill(t *testing.T) {
	t.Parallel()
	s := start(t)
	dir := t.TempDir()
	connectortest.ResumeAfterKill(t, sftp.Connector(), location(s, dir), dir, 2, 4)
}

func hostKeyOf(t *testing.T, s *servers.SSHD) string {
	t.Helper()
	known, err := os.ReadFile(s.KnownHosts)
	must(t, err)
	_, key, _ := strings.Cut(strings.TrimSpace(string(known)), " ")
	return key
}
