package ftp_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"gantry/connectors"
	"gantry/connectors/connectortest"
	"gantry/connectors/ftp"
	"gantry/connectors/servers"
)

// writerTo makes this test binary a process that uploads to the location, reports
// its upload on stdout once two parts are accepted and half of another is sent,
// and waits to be killed.
const writerTo, writerFar = "GANTRY_FTP_WRITER_TO", "GANTRY_FTP_WRITER_FAR"

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
	place, err := connector().Open(ctx, l)
	if err != nil {
		return err
	}
	if os.Getenv(writerFar) != "" {
		ftp.FarAway(place)
	}
	up, err := place.Begin(ctx, "tapes/clip", connectors.UploadOptions{Size: 4 * partSize})
	if err != nil {
		return err
	}
	for _, number := range []int{1, 2} {
		if _, err := up.WritePart(ctx, part(number), bytes.NewReader(frames(number))); err != nil {
			return err
		}
	}
	_, err = up.WritePart(ctx, part(3), &during{bytes.NewReader(frames(3)), 20, func() {
		fmt.Println(up.ID())
		_, _ = io.Copy(io.Discard, os.Stdin)
	}})
	return err
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
		to, err := json.Marshal(location(t, s, "ftp", ""))
		must(t, err)
		child := exec.Command(os.Args[0])
		child.Env = append(os.Environ(), writerTo+"="+string(to), writerFar+"="+far)
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

		place := open(t, location(t, s, "ftp", ""))
		for entry, err := range place.List(t.Context(), "") {
			t.Fatalf("visible before the commit: %v, %v", entry, err)
		}
		up := begin(t, place, "tapes/clip", id)
		write(t, up, 3, 4)
		commit(t, up)
		wantClip(t, filepath.Join(s.Dir, "tapes", "clip"))
	})
}
