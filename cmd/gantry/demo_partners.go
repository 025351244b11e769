package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"gantry/connectors"
	"gantry/connectors/all"
	"gantry/connectors/servers"
)

// partners are the demo's two receivers: real servers on this machine.
type partners struct {
	dir  string
	sshd *servers.SSHD
	s3   *servers.VersityGW
}

func startPartners(ctx context.Context, dir string) (p *partners, err error) {
	p = &partners{dir: filepath.Join(dir, "partners")}
	for _, folder := range []string{"nordic-sport", "sshd", "s3", "secrets"} {
		if err := os.MkdirAll(filepath.Join(p.dir, folder), 0o755); err != nil {
			return nil, err
		}
	}
	ctx = context.WithoutCancel(ctx) // they end when the demo stops them
	if p.sshd, err = servers.StartSSHD(ctx, filepath.Join(p.dir, "sshd")); err != nil {
		return nil, err
	}
	if p.s3, err = servers.StartVersityGW(ctx, filepath.Join(p.dir, "s3")); err == nil {
		err = p.s3.MakeBucket(ctx, "stream-one")
	}
	if err == nil {
		err = errors.Join(p.secret("s3-access", p.s3.AccessKey), p.secret("s3-secret", p.s3.SecretKey))
	}
	if err == nil {
		err = p.login(ctx)
	}
	if err != nil {
		return nil, errors.Join(err, p.stop())
	}
	return p, nil
}

// login tries the SFTP server once: one that starts may still refuse its user.
func (p *partners) login(ctx context.Context) error {
	place, err := all.Open(ctx, connectors.Location{
		URL:     p.sshd.URL(filepath.Join(p.dir, "nordic-sport")),
		Options: map[string]string{"identityFile": p.sshd.IdentityFile, "knownHosts": p.sshd.KnownHosts},
	})
	if err != nil {
		return fmt.Errorf("the partner's OpenSSH does not let %s in, see %s: %w", p.sshd.User, p.sshd.LogFile, err)
	}
	return place.Close()
}

func (p *partners) secret(name, value string) error {
	return os.WriteFile(filepath.Join(p.dir, "secrets", name), []byte(value), 0o600)
}

// documents are the locations that take the place of the example's folders.
func (p *partners) documents() []byte {
	return fmt.Appendf(nil, `apiVersion: gantry/v1
kind: Location
metadata: { name: nordic-sport }
spec:
  site: local
  url: %q
  options: { identityFile: %q, knownHosts: %q }
---
apiVersion: gantry/v1
kind: Location
metadata: { name: stream-one }
spec:
  site: local
  url: %q
  options: { accessKey: %q, secretKey: %q }
`, p.sshd.URL(filepath.Join(p.dir, "nordic-sport")), p.sshd.IdentityFile, p.sshd.KnownHosts,
		"s3+"+p.s3.Endpoint+"/stream-one/incoming",
		"file:"+filepath.Join(p.dir, "secrets", "s3-access"), "file:"+filepath.Join(p.dir, "secrets", "s3-secret"))
}

func (p *partners) stop() error {
	var errs []error
	if p.sshd != nil {
		errs = append(errs, p.sshd.Stop())
	}
	if p.s3 != nil {
		errs = append(errs, p.s3.Stop())
	}
	return errors.Join(errs...)
}
