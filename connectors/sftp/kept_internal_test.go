package sftp

import (
	"context"
	"strings"
	"testing"
	"time"

	"gantry/connectors"
	"gantry/connectors/servers"
)

// A small file stays in the session in which it was begun, though another has less to do.
func TestASmallFileStaysInItsSession(t *testing.T) {
	t.Parallel()
	s, err := servers.StartSSHD(t.Context(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = s.Stop() }()
	c, err := configure(connectors.Location{URL: s.URL(t.TempDir()), Options: map[string]string{"identityFile": s.IdentityFile, "knownHosts": s.KnownHosts}})
	if err != nil {
		t.Fatal(err)
	}
	p := &place{pool: newPool(c)}
	defer func() { _ = p.Close() }()
	up, err := p.Begin(t.Context(), "clip", connectors.UploadOptions{Size: 4})
	if err != nil {
		t.Fatal(err)
	}
	u := up.(*upload)
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(5 * time.Millisecond) { // the pool grows in the background
		one, err := p.take(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		if u.files.in(one) == nil {
			one.release()
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("the pool does not grow")
		}
	}
	part, err := u.WritePart(t.Context(), connectors.Part{Number: 1, Size: 4}, strings.NewReader("clip"))
	if err != nil {
		t.Fatal(err)
	}
	if n := len(u.files.handles); n != 1 {
		t.Errorf("it is open in %d sessions", n)
	}
	if _, err := u.Commit(t.Context(), connectors.Whole{Size: 4, Parts: []connectors.Part{part}}); err != nil {
		t.Error(err)
	}
}
