package ftp_test

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"gantry/connectors/servers"
)

// TestAsManyConnectionsAsTheServerIsGoodFor, and fewer where it is told to allow fewer.
func TestAsManyConnectionsAsTheServerIsGoodFor(t *testing.T) {
	t.Parallel()
	for name, of := range map[string]struct {
		start starter
		lines []string
		most  int
	}{
		"vsftpd":     {servers.StartVSFTPD, nil, 7},
		"vsftpd+3":   {servers.StartVSFTPD, []string{"max_per_ip=3"}, 7},
		"proftpd":    {servers.StartProFTPD, nil, 7},
		"proftpd+2":  {servers.StartProFTPD, []string{"MaxClientsPerHost 2"}, 7},
		"pure-ftpd":  {servers.StartPureFTPD, nil, 3},
		"pure-ftpd+": {servers.StartPureFTPD, []string{"-C", "2"}, 3},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := start(t, of.start, servers.FTPOptions{Lines: of.lines})
			must(t, os.WriteFile(filepath.Join(s.Dir, "clip"), frames(1), 0o644))
			place := open(t, location(t, s, "ftp", ""))
			if most := place.Traits().Concurrency; most != of.most {
				t.Errorf("it may be used %d times at once; want %d", most, of.most)
			}
			errs := make(chan error)
			const readers = 20
			for range readers {
				go func() {
					got, err := readAll(place, "clip", 0, -1)
					if err == nil && len(got) != len(frames(1)) {
						err = fmt.Errorf("%d bytes", len(got))
					}
					errs <- err
				}()
			}
			for range readers {
				must(t, <-errs)
			}
		})
	}
}
