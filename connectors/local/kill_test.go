package local_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"gantry/connectors"
	"gantry/connectors/local"
	"gantry/connectors/local/strangefs"
)

// writerIn makes this test binary a process that uploads to the folder, reports
// each accepted part on stdout, and waits to be killed.
const writerIn = "GANTRY_LOCAL_WRITER_IN"

const partSize = 100 << 10

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
	if dir := os.Getenv(writerIn); dir != "" {
		if err := writer(dir); err != nil {
			fmt.Println("error:", err)
		}
		return
	}
	os.Exit(m.Run())
}

func writer(dir string) error {
	ctx := context.Background()
	place, err := local.Connector().Open(ctx, connectors.Location{URL: "file://" + dir})
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

func part(number int) connectors.Part {
	return connectors.Part{Number: number, Offset: int64(number-1) * partSize, Size: partSize}
}

func frames(number int) []byte { return bytes.Repeat([]byte{byte(number)}, partSize) }

func write(t *testing.T, up connectors.Upload, data []byte) (connectors.Part, error) {
	t.Helper()
	return up.WritePart(t.Context(), connectors.Part{Number: 1, Size: int64(len(data))}, bytes.NewReader(data))
}

// The accepted parts of a process that was killed need not be sent again.
func TestResumeAfterKill(t *testing.T) {
	dir := t.TempDir()
	child := exec.Command(os.Args[0])
	child.Env = append(os.Environ(), writerIn+"="+dir)
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
	if strings.HasPrefix(id, "error") {
		t.Fatal("the writer failed")
	}

	place := open(t, dir)
	for entry, err := range place.List(t.Context(), "") {
		t.Fatalf("visible before the commit: %v, %v", entry, err)
	}
	up, err := place.Begin(t.Context(), "tapes/clip", connectors.UploadOptions{Size: 4 * partSize, Resume: id})
	must(t, err)
	for _, number := range []int{2, 4} {
		_, err := up.WritePart(t.Context(), part(number), bytes.NewReader(frames(number)))
		must(t, err)
	}
	_, err = up.Commit(t.Context(), connectors.Whole{Parts: []connectors.Part{part(1), part(2), part(3), part(4)}, Size: 4 * partSize})
	must(t, err)
	got, err := os.ReadFile(filepath.Join(dir, "tapes", "clip"))
	must(t, err)
	if want := bytes.Join([][]byte{frames(1), frames(2), frames(3), frames(4)}, nil); !bytes.Equal(got, want) {
		t.Error("the file holds other bytes than were sent")
	}
}
