package transfer

import (
	"context"
	"fmt"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"gantry/connectors"
	"gantry/connectors/all"
	"gantry/connectors/promise"
	"gantry/connectors/servers"
)

// flipServers are real servers, each opened directly and over a link that turns bits.
type flipServers struct {
	ssh, sshFar, proSSH, pro, proFar, vs, vsFar, s3, s3Far connectors.Place
	sshRoot, proSSHRoot, proRoot, vsRoot, bucket           string
	sshLink, proLink, vsLink, s3Link                       *flipLink
}

func startFlipServers(t *testing.T) (s flipServers) {
	t.Helper()
	dir := t.TempDir()
	must(t, os.Chmod(dir, 0o755))
	var wait sync.WaitGroup
	start := func(do func() error) {
		wait.Go(func() {
			if err := do(); err != nil {
				t.Error(err)
			}
		})
	}
	ctx := context.Background()
	var sshd, proSSHD *servers.SSHD
	var pro, vs *servers.FTPD
	var gateway *servers.VersityGW
	start(func() (err error) { sshd, err = servers.StartSSHD(ctx, filepath.Join(dir, "sshd")); return err })
	start(func() (err error) {
		proSSHD, err = servers.StartProFTPDSFTP(ctx, filepath.Join(dir, "proftpd-sftp"))
		return err
	})
	start(func() (err error) {
		pro, err = servers.StartProFTPD(ctx, filepath.Join(dir, "proftpd"), servers.FTPOptions{})
		return err
	})
	start(func() (err error) {
		vs, err = servers.StartVSFTPD(ctx, filepath.Join(dir, "vsftpd"), servers.FTPOptions{})
		return err
	})
	start(func() (err error) {
		gateway, err = servers.StartVersityGW(ctx, filepath.Join(dir, "gateway"))
		return err
	})
	wait.Wait()
	if t.Failed() {
		t.FailNow()
	}
	t.Cleanup(func() { _, _, _, _, _ = sshd.Stop(), proSSHD.Stop(), pro.Stop(), vs.Stop(), gateway.Stop() })
	must(t, gateway.MakeBucket(ctx, "flips"))

	s.sshRoot, s.proSSHRoot, s.bucket = filepath.Join(dir, "by-ssh"), filepath.Join(proSSHD.Dir, "in"), filepath.Join(gateway.Root, "flips")
	s.proRoot, s.vsRoot = pro.Dir, vs.Dir
	for _, root := range []string{s.sshRoot, s.proRoot, s.vsRoot} {
		must(t, os.MkdirAll(root, 0o777))
		must(t, os.Chmod(root, 0o777))
	}
	open := func(l connectors.Location, err error) connectors.Place {
		t.Helper()
		must(t, err)
		p, err := all.Open(ctx, l)
		must(t, err)
		t.Cleanup(func() { p.Close() })
		return p
	}
	at := func(location string, link *flipLink) string {
		if link == nil {
			return location
		}
		u, err := url.Parse(location)
		must(t, err)
		u.Host = link.addr
		return u.String()
	}
	bySSH := func(d *servers.SSHD, root string, link *flipLink) connectors.Location {
		o := map[string]string{"identityFile": d.IdentityFile, "knownHosts": d.KnownHosts}
		if link != nil {
			o = map[string]string{"identityFile": d.IdentityFile, "hostKey": hostKeyIn(t, d.KnownHosts)}
		}
		return connectors.Location{Name: "sftp", URL: at(d.URL(root), link), Options: o}
	}
	byFTP := func(d *servers.FTPD, link *flipLink) connectors.Location {
		variable := "FLIPS_PASSWORD_" + regexp.MustCompile(`\W`).ReplaceAllString(d.Addr, "_")
		os.Setenv(variable, d.Password)
		root := d.Root
		if root == "/" {
			root = ""
		}
		return connectors.Location{Name: "ftp", URL: at(d.URL(root), link), Options: map[string]string{"password": "env:" + variable}}
	}
	os.Setenv("FLIPS_SECRET_KEY", gateway.SecretKey)
	os.Setenv("FLIPS_ACCESS_KEY", gateway.AccessKey)
	byS3 := func(link *flipLink) connectors.Location {
		return connectors.Location{Name: "s3", URL: "s3://flips", Options: map[string]string{
			"endpoint": at(gateway.Endpoint, link), "region": gateway.Region, "accessKey": "env:FLIPS_ACCESS_KEY", "secretKey": "env:FLIPS_SECRET_KEY",
		}}
	}
	s.sshLink, s.vsLink, s.proLink = newFlipLink(t, sshd.Addr, false), newFlipLink(t, vs.Addr, true), newFlipLink(t, pro.Addr, true)
	s.s3Link = newFlipLink(t, strings.TrimPrefix(gateway.Endpoint, "http://"), false)
	s.ssh, s.sshFar = open(bySSH(sshd, s.sshRoot, nil), nil), open(bySSH(sshd, s.sshRoot, s.sshLink), nil)
	s.proSSH = open(bySSH(proSSHD, s.proSSHRoot, nil), nil)
	s.pro, s.proFar = open(byFTP(pro, nil), nil), open(byFTP(pro, s.proLink), nil)
	s.vs, s.vsFar = open(byFTP(vs, nil), nil), open(byFTP(vs, s.vsLink), nil)
	s.s3, s.s3Far = open(byS3(nil), nil), open(byS3(s.s3Link), nil)
	return s
}

// hostKeyIn gives the key of a known_hosts file, which is for another address.
func hostKeyIn(t *testing.T, file string) string {
	t.Helper()
	data, err := os.ReadFile(file)
	must(t, err)
	_, key, _ := strings.Cut(strings.TrimSpace(strings.Split(string(data), "\n")[0]), " ")
	return key
}

// staged finds the upload of a path on the disk of a place.
func staged(root, path string) string {
	files, _ := filepath.Glob(filepath.Join(root, promise.Folder, "*"))
	for _, file := range files {
		if promise.CheckID(filepath.Base(file), path) == nil {
			return file
		}
	}
	return filepath.Join(root, promise.Folder, "none")
}

// A flipLink carries connections to a server, and turns one bit where it is armed. Of
// FTP it leaves the control connection alone, and stands in for the ports that are
// named there.
type flipLink struct {
	mu   sync.Mutex // held by whoever arms it
	addr string
	ftp  bool

	state sync.Mutex
	armed *flip
	up    bool
	left  int64
}

func newFlipLink(t *testing.T, to string, ftp bool) *flipLink {
	t.Helper()
	l := &flipLink{ftp: ftp}
	l.addr = l.listen(t, to, !ftp)
	return l
}

func (l *flipLink) listen(t *testing.T, to string, turns bool) string {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Error(err)
		return ""
	}
	t.Cleanup(func() { listener.Close() })
	go func() {
		for {
			near, err := listener.Accept()
			if err != nil {
				return
			}
			far, err := net.Dial("tcp", to)
			if err != nil {
				near.Close()
				continue
			}
			go l.carry(t, far, near, true, turns)
			go l.carry(t, near, far, false, turns)
		}
	}()
	return listener.Addr().String()
}

// arm has a bit turned in what goes up or down from now on.
func (l *flipLink) arm(x *flip, up bool) {
	l.state.Lock()
	defer l.state.Unlock()
	l.armed, l.up, l.left = x, up, x.at
}

func (l *flipLink) disarm() {
	l.state.Lock()
	defer l.state.Unlock()
	l.armed = nil
}

func (l *flipLink) carry(t *testing.T, to, from net.Conn, up, turns bool) {
	defer to.Close()
	defer from.Close()
	buffer := make([]byte, 32<<10)
	for {
		n, err := from.Read(buffer)
		if err != nil {
			return
		}
		data := buffer[:n]
		switch {
		case turns:
			l.turn(data, up)
		case !up:
			data = l.standIn(t, data)
		}
		if _, err := to.Write(data); err != nil {
			return
		}
	}
}

func (l *flipLink) turn(data []byte, up bool) {
	l.state.Lock()
	defer l.state.Unlock()
	if l.armed == nil || l.up != up {
		return
	}
	if l.left >= int64(len(data)) {
		l.left -= int64(len(data))
		return
	}
	data[l.left] ^= 1 << l.armed.bit
	l.armed.turned.Store(true)
	l.armed = nil
}

var passive = regexp.MustCompile(`\(\|\|\|(\d+)\|\)`)

// standIn puts a port of ours in the place of one that the server names.
func (l *flipLink) standIn(t *testing.T, reply []byte) []byte {
	return passive.ReplaceAllFunc(reply, func(found []byte) []byte {
		port := strings.Trim(string(found), "(|)")
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Error(err)
			return found
		}
		go func() {
			defer listener.Close()
			_ = listener.(*net.TCPListener).SetDeadline(time.Now().Add(10 * time.Second))
			near, err := listener.Accept()
			if err != nil {
				return
			}
			far, err := net.Dial("tcp", "127.0.0.1:"+port)
			if err != nil {
				near.Close()
				return
			}
			go l.carry(t, far, near, true, true)
			l.carry(t, near, far, false, true)
		}()
		return fmt.Appendf(nil, "(|||%d|)", listener.Addr().(*net.TCPAddr).Port)
	})
}
