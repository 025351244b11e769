package sftp_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"gantry/connectors"
	"gantry/connectors/connectortest"
	"gantry/connectors/servers"
	"gantry/connectors/sftp"
)

// writerTo makes this test binary a process that uploads to the location, reports
// its upload on stdout once two parts are accepted, and waits to be killed.
const writerTo = "GANTRY_SFTP_WRITER_TO"

func TestMain(m *testing.M) {
	if to := os.Getenv(writerTo); to != "" {
		if err := writer(to); err != nil {
			fmt.Println("error:", err)
		}
		return
	}
	connectortest.SideBySide(6)
	os.Exit(m.Run())
}

func writer(to string) error {
	var l connectors.Location
	if err := json.Unmarshal([]byte(to), &l); err != nil {
		return err
	}
	ctx := context.Background()
	place, err := sftp.Connector().Open(ctx, l)
	if err != nil {
		return err
	}
	up, err := place.Begin(ctx, "tapes/clip", connectors.UploadOptions{Size: 4 * partSize})
	if err != nil {
		return err
	}
	for _, number := range []int{1, 3} {
		if _, err := up.WritePart(ctx, part(number), bytes.NewReader(frames(number))); err != nil {
			return err
		}
	}
	fmt.Println(up.ID())
	_, err = io.Copy(io.Discard, os.Stdin)
	return err
}

// The accepted parts of a process that was killed need not be sent again.
func TestResumeAfterKill(t *testing.T) {
	t.Parallel()
	s := start(t)
	dir := t.TempDir()
	to, err := json.Marshal(location(s, dir))
	must(t, err)
	child := exec.Command(os.Args[0])
	child.Env = append(os.Environ(), writerTo+"="+string(to))
	stdin, err := child.StdinPipe()
	must(t, err)
	defer stdin.Close()
	stdout, err := child.StdoutPipe()
	must(t, err)
	must(t, child.Start())
	var id string
	_, err = fmt.Fscanln(stdout, &id)
	must(t, err)
	must(t, child.Process.Kill())
	_ = child.Wait()

	place := open(t, location(s, dir))
	for entry, err := range place.List(t.Context(), "") {
		t.Fatalf("visible before the commit: %v, %v", entry, err)
	}
	up := begin(t, place, "tapes/clip", id)
	write(t, up, 2, 4)
	commit(t, up)
	wantClip(t, filepath.Join(dir, "tapes", "clip"))
}

func hostKeyOf(t *testing.T, s *servers.SSHD) string {
	t.Helper()
	known, err := os.ReadFile(s.KnownHosts)
	must(t, err)
	_, key, _ := strings.Cut(strings.TrimSpace(string(known)), " ")
	return key
}
