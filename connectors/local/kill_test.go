package local_test

import (
	"bytes"
	"fmt"
	"os"
	"testing"

	"gantry/connectors"
	"gantry/connectors/connectortest"
	"gantry/connectors/local"
	"gantry/connectors/local/strangefs"
)

func TestMain(m *testing.M) {
	if strangefs.Asked() {
		if err := strangefs.Serve(); err != nil {
			fmt.Println("error:", err)
		}
		return
	}
	if dir := os.Getenv(pauperIn); dir != "" {
		if err := pauper(dir); err != nil {
			fmt.Println("error:", err)
		}
		return
	}
	if connectortest.ServeWriter(local.Connector(), 0, 1, 3) {
		return
	}
	os.Exit(m.Run())
}

func write(t *testing.T, up connectors.Upload, data []byte) (connectors.Part, error) {
	t.Helper()
	return up.WritePart(t.Context(), connectors.Part{Number: 1, Size: int64(len(data))}, bytes.NewReader(data))
}

// The accepted parts of a process that was killed need not be sent again.
func TestResumeAfterKill(t *testing.T) {
	dir := t.TempDir()
	connectortest.ResumeAfterKill(t, local.Connector(), connectors.Location{URL: "file://" + dir}, dir, 2, 4)
}
