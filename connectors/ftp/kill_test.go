package ftp_test

import (
	"os"
	"testing"

	"gantry/connectors/connectortest"
	"gantry/connectors/servers"
)

func TestMain(m *testing.M) {
	if connectortest.ServeWriter(connector(), 3, 1, 2) {
		return
	}
	connectortest.SideBySide(6)
	os.Exit(m.Run())
}

// The accepted parts of a process that was killed need not be sent again.
func TestResumeAfterKill(t *testing.T) { resumeAfterKill(t, "") }

// Nor those that went over one transfer to a server that is far away.
func TestResumeAfterKillFarAway(t *testing.T) { resumeAfterKill(t, "yes") }

func resumeAfterKill(t *testing.T, far string) {
	t.Parallel()
	each(t, func(t *testing.T, kind starter) {
		s := start(t, kind, servers.FTPOptions{})
		must(t, os.Chmod(s.Dir, 0o777))
		connectortest.ResumeAfterKill(t, connector(), location(t, s, "ftp", ""), s.Dir, 3, 4)
	})
}
