package test

import (
	"path/filepath"
	"testing"
)

// TestRecordingsOfServers follows recordings that lie on SFTP and FTP servers, which
// tell of nothing: they are looked at from time to time.
func TestRecordingsOfServers(t *testing.T) {
	t.Parallel()
	h := newHarbour(t)
	loop := encode(t, t.TempDir())
	var local *port
	for _, p := range h.ports {
		if p.name == "local" {
			local = p
		}
	}
	for i, from := range h.ports {
		if from.name == "local" || from.object {
			continue
		}
		t.Run(from.name, func(t *testing.T) {
			t.Parallel()
			r := rewrap(t, loop, []string{"mxf", "mov"}[i%2])
			name := "in/clip-" + filepath.Base(r.name)
			r.name = from.file(name)
			go r.write(16 << 20)
			awaitFile(t, r.name)
			copying := h.followFrom(t, from.url+"/"+name, from.options, local, r.name, []string{"full", "edges"}[i/2%2])
			<-r.ended
			copying.equals(copying.wait())
		})
	}
}
