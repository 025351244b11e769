package test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"testing"

	"gantry/orchestrator/api"
)

// TestTroubleWithOnePartner makes one partner after the other fail. Each time the
// others get theirs, the reason is to be seen with what to do about it, and once
// that is done the delivery goes on by itself.
func TestTroubleWithOnePartner(t *testing.T) {
	t.Parallel()
	s := newStand(t)
	s.up()
	s.realPartners()
	watchNames(t, filepath.Join(s.partners(), "nordic-sport"), filepath.Join(s.s3.Root, "stream-one"), filepath.Join(s.dir, "archive"))

	t.Run("its server is down", func(t *testing.T) {
		s := s.within(t)
		s.must(s.sshd.Stop())
		name := s.dropClip("down.mp4")
		s.asset(name, "stuck at one partner only", func(v api.AssetView) error {
			return errors.Join(othersServed(v, "nordic-sport"), says(v, "nordic-sport", s.sshd.Addr, "refused"))
		})
		s.must(s.sshd.Restart(context.Background()))
		s.published(name)
	})

	t.Run("its host key is another", func(t *testing.T) {
		s := s.within(t)
		s.newHostKey()
		name := s.dropClip("host-key.mp4")
		v := s.asset(name, "stuck at the host key", func(v api.AssetView) error {
			return errors.Join(othersServed(v, "nordic-sport"), says(v, "nordic-sport", s.sshd.Addr, s.fingerprint(), "ssh-keygen", s.sshd.KnownHosts))
		})
		s.listed("transfer", "show", delivery(v, "nordic-sport").TransferID, "server not trusted")
		// The remedy is a command: do as it says.
		remedy := regexp.MustCompile(`run: (.*)\)`).FindStringSubmatch(waiting(v, "nordic-sport"))
		if remedy == nil {
			t.Fatalf("there is no command in %q", waiting(v, "nordic-sport"))
		}
		run(t, "sh", "-c", remedy[1])
		s.published(name)
	})

	t.Run("it refuses the secret", func(t *testing.T) {
		s := s.within(t)
		secret := written(t, filepath.Join(t.TempDir(), "secret"), []byte("not the secret"))
		s.secretKey = "file:" + secret
		s.realPartners()
		name := s.dropClip("secret.mp4")
		v := s.asset(name, "stuck at the secret", func(v api.AssetView) error {
			return errors.Join(othersServed(v, "stream-one"), says(v, "stream-one", "stream-one", "authentication failed", "secretKey"))
		})
		s.listed("transfer", "show", delivery(v, "stream-one").TransferID, "authentication failed")
		written(t, secret, []byte(s.s3.SecretKey))
		s.published(name)
	})
}

// TestFullDestinations lets a partner's disk and the archive's fill up. Both wait,
// and go on when there is room.
func TestFullDestinations(t *testing.T) {
	t.Parallel()
	s := newStand(t)
	partner, archive := filepath.Join(s.partners(), "nordic-sport"), filepath.Join(s.dir, "archive")
	for _, folder := range []string{partner, archive} {
		s.mountSmall(folder)
	}
	s.up()
	s.realPartners()
	watchNames(t, partner, archive)
	fillers := []string{filepath.Join(partner, ".filler"), filepath.Join(archive, ".filler")}
	for _, filler := range fillers {
		written(t, filler, make([]byte, 4000<<10))
	}
	name := s.dropClip("full.mp4")
	s.asset(name, "waiting for room at two places", func(v api.AssetView) error {
		log, err := os.ReadFile(s.log.Name())
		for _, place := range []string{"nordic-sport", "archive"} {
			if !regexp.MustCompile(place + ".*no space left.*make room").Match(log) {
				return errors.Join(err, fmt.Errorf("the log does not say that %s is full; %s", place, situation(v)))
			}
		}
		return err
	})
	for _, filler := range fillers {
		s.must(os.Remove(filler))
	}
	s.published(name)
}

// mountSmall makes a folder a disk of 4 MiB.
func (s *stand) mountSmall(folder string) {
	s.t.Helper()
	s.must(os.MkdirAll(folder, 0o755))
	if out, err := exec.Command("mount", "-t", "tmpfs", "-o", "size=4m", "gantry-test", folder).CombinedOutput(); err != nil {
		s.t.Skipf("a full disk needs a small one to be mounted, which is not permitted here: %v: %s", err, out)
	}
	s.t.Cleanup(func() { _ = exec.Command("umount", "-l", folder).Run() })
}
