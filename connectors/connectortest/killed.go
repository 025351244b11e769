package connectortest

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"testing"

	"gantry/connectors"
)

// writerTo makes a test binary a process that uploads the clip to the location that it
// names, reports its upload on stdout once some parts are accepted, and waits to be
// killed.
const writerTo = "GANTRY_TEST_WRITER_TO"

// ServeWriter is for TestMain: where this process is to be the writer of
// ResumeAfterKill, it sends these parts, and half of another (0 = none), and tells to
// end the process.
func ServeWriter(c connectors.Connector, half int, numbers ...int) (done bool) {
	to := os.Getenv(writerTo)
	if to == "" {
		return false
	}
	if err := writeTo(context.Background(), c, to, half, numbers); err != nil {
		fmt.Println("error:", err)
	}
	return true
}

func writeTo(ctx context.Context, c connectors.Connector, to string, half int, numbers []int) error {
	var l connectors.Location
	if err := json.Unmarshal([]byte(to), &l); err != nil {
		return err
	}
	place, err := c.Open(ctx, l)
	if err != nil {
		return err
	}
	up, err := place.Begin(ctx, "tapes/clip", connectors.UploadOptions{Size: clipParts * ClipPart})
	if err != nil {
		return err
	}
	for _, number := range numbers {
		if _, err := up.WritePart(ctx, Part(number), bytes.NewReader(Frames(number))); err != nil {
			return err
		}
	}
	wait := func() {
		fmt.Println(up.ID())
		_, _ = io.Copy(io.Discard, os.Stdin)
	}
	if half == 0 {
		wait()
		return nil
	}
	_, err = up.WritePart(ctx, Part(half), During(Frames(half), 20, wait))
	return err
}

// ResumeAfterKill proves that the accepted parts of a process that was killed need not
// be sent again: rest are those that the writer of ServeWriter did not send. The
// location is the folder dir of this machine.
func ResumeAfterKill(t *testing.T, c connectors.Connector, l connectors.Location, dir string, rest ...int) {
	t.Helper()
	id := killedWriter(t, l)
	place, err := c.Open(t.Context(), l)
	Must(t, err)
	defer place.Close()
	for entry, err := range place.List(t.Context(), "") {
		t.Fatalf("visible before the commit: %v, %v", entry, err)
	}
	up := Begin(t, place, "tapes/clip", id)
	Write(t, up, rest...)
	Commit(t, up)
	WantClip(t, dir+"/tapes/clip")
}

// killedWriter runs this test binary as the writer, kills it, and gives its upload.
func killedWriter(t *testing.T, l connectors.Location) (id string) {
	t.Helper()
	to, err := json.Marshal(l)
	Must(t, err)
	child := exec.Command(os.Args[0])
	child.Env = append(os.Environ(), writerTo+"="+string(to))
	stdin, err := child.StdinPipe()
	Must(t, err)
	defer stdin.Close()
	stdout, err := child.StdoutPipe()
	Must(t, err)
	Must(t, child.Start())
	_, err = fmt.Fscanln(stdout, &id)
	failed := err != nil || strings.HasPrefix(id, "error")
	Must(t, child.Process.Kill())
	_ = child.Wait()
	if failed {
		t.Fatalf("the writer failed: %s, %v", id, err)
	}
	return id
}
