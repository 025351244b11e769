package transfer

import (
	"fmt"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"gantry/connectors"
	"gantry/connectors/all"
	"gantry/connectors/servers"
)

// A sluggish link carries connections to a server. The first that has carried so many
// bytes in a direction gets into its state, and stays there; the others are well.
type sluggish struct {
	t     *testing.T
	addr  string
	state string // trickles, mute or deaf
	up    bool   // which direction is meant
	fell  atomic.Bool

	mu  sync.Mutex
	all []*atomic.Bool
}

const (
	healthyUntil = 64 << 10
	sickFor      = 2 * time.Second // then the server hears that it has ended
)

func newSluggish(t *testing.T, to, state string, up, ftp bool) *sluggish {
	l := &sluggish{t: t, state: state, up: up}
	l.addr = l.listen(to, ftp)
	return l
}

func (l *sluggish) listen(to string, names bool) string {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		l.t.Error(err)
		return ""
	}
	l.t.Cleanup(func() { listener.Close() })
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
			sick := &atomic.Bool{}
			l.mu.Lock()
			l.all = append(l.all, sick)
			l.mu.Unlock()
			go l.carry(far, near, true, false, sick)
			go l.carry(near, far, false, names, sick)
		}
	}()
	return listener.Addr().String()
}

func (l *sluggish) carry(to, from net.Conn, up, names bool, sick *atomic.Bool) {
	defer to.Close()
	defer from.Close()
	buffer, carried, began := make([]byte, 16<<10), 0, time.Time{}
	for {
		if sick.Load() && l.state == "deaf" && up == l.up {
			time.Sleep(sickFor)
			return
		}
		most := len(buffer)
		trickles := sick.Load() && l.state == "trickles" && up == l.up
		if trickles {
			if began.IsZero() {
				began = time.Now()
			}
			if time.Since(began) > sickFor { // the server hears of the end in the end
				return
			}
			time.Sleep(10 * time.Millisecond)
			most = 1
		}
		n, err := from.Read(buffer[:most])
		if err != nil {
			return
		}
		data := buffer[:n]
		if names {
			data = l.standIn(data)
		}
		if sick.Load() && l.state == "mute" && !up {
			continue
		}
		if _, err := to.Write(data); err != nil {
			return
		}
		if carried += n; up == l.up && carried > healthyUntil && l.fell.CompareAndSwap(false, true) {
			sick.Store(true)
			l.spread()
		}
	}
}

// spread makes a mute server mute on all connections that there are: FTP answers on
// another one than that which carries the bytes.
func (l *sluggish) spread() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, sick := range l.all {
		if l.state == "mute" {
			sick.Store(true)
		}
	}
}

func (l *sluggish) standIn(reply []byte) []byte {
	return passive.ReplaceAllFunc(reply, func(found []byte) []byte {
		_, port, _ := net.SplitHostPort(l.listen("127.0.0.1:"+strings.Trim(string(found), "(|)"), false))
		return fmt.Appendf(nil, "(|||%s|)", port)
	})
}

// A peer that goes on and moves next to nothing, that takes and never answers, or that
// takes no more, is left, with a reason that says so, and the part goes on elsewhere.
func TestPeersThatMoveNothingAreLeft(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	must(t, os.Chmod(dir, 0o755))
	sshd, err := servers.StartSSHD(t.Context(), filepath.Join(dir, "sshd"))
	must(t, err)
	t.Cleanup(func() { _ = sshd.Stop() })
	ftpd, err := servers.StartVSFTPD(t.Context(), filepath.Join(dir, "vsftpd"), servers.FTPOptions{})
	must(t, err)
	t.Cleanup(func() { _ = ftpd.Stop() })
	gateway, err := servers.StartVersityGW(t.Context(), filepath.Join(dir, "s3"))
	must(t, err)
	t.Cleanup(func() { _ = gateway.Stop() })
	must(t, gateway.MakeBucket(t.Context(), "sluggish"))
	byRoot := filepath.Join(dir, "by-ssh")
	must(t, os.Mkdir(byRoot, 0o777))
	must(t, os.Chmod(ftpd.Dir, 0o777))
	os.Setenv("SLUGGISH_FTP", ftpd.Password)
	os.Setenv("SLUGGISH_KEY", gateway.AccessKey)
	os.Setenv("SLUGGISH_SECRET", gateway.SecretKey)
	at := func(location, addr string) string {
		u, err := url.Parse(location)
		must(t, err)
		u.Host = addr
		return u.String()
	}
	protocols := map[string]struct {
		to  string
		loc func(addr string) connectors.Location
	}{
		"sftp": {sshd.Addr, func(addr string) connectors.Location {
			return connectors.Location{URL: at(sshd.URL(byRoot), addr), Options: map[string]string{"identityFile": sshd.IdentityFile, "hostKey": hostKeyIn(t, sshd.KnownHosts)}}
		}},
		"ftp": {ftpd.Addr, func(addr string) connectors.Location {
			return connectors.Location{URL: at(ftpd.URL(strings.TrimSuffix(ftpd.Root, "/")), addr), Options: map[string]string{"password": "env:SLUGGISH_FTP"}}
		}},
		"s3": {strings.TrimPrefix(gateway.Endpoint, "http://"), func(addr string) connectors.Location {
			return connectors.Location{URL: "s3://sluggish", Options: map[string]string{"endpoint": "http://" + addr, "region": gateway.Region, "accessKey": "env:SLUGGISH_KEY", "secretKey": "env:SLUGGISH_SECRET"}}
		}},
	}
	for name, p := range protocols {
		for _, state := range []string{"trickles", "mute", "deaf"} {
			for _, up := range []bool{true, false} {
				if !up && state != "trickles" { // a download that is mute is one that is deaf: nothing comes
					continue
				}
				t.Run(fmt.Sprint(name, " ", state, map[bool]string{true: " up", false: " down"}[up]), func(t *testing.T) {
					t.Parallel()
					link := newSluggish(t, p.to, state, up, name == "ftp")
					l := p.loc(link.addr)
					l.Name = name
					far, err := all.Open(t.Context(), l)
					must(t, err)
					t.Cleanup(func() { far.Close() })
					s := newStage(t, func(o *Options) { o.Stall, o.Patience, o.PartSize, o.Parallel = time.Second, time.Minute, bigPart, 2 })
					data := s.file("clip", 2*bigPart)
					path := strings.ReplaceAll(t.Name(), "/", "-")
					to := s.folder("a")
					job := s.job("clip", far)
					job.Destinations[0].Path = path
					if !up {
						quick, err := all.Open(t.Context(), p.loc(p.to))
						must(t, err)
						t.Cleanup(func() { quick.Close() })
						job.Destinations[0].Place = quick
						s.run(job)
						job = s.job("clip", to)
						job.ID = "back"
						job.Source = Source{Place: far, Location: name, Path: path}
					}
					receipt := s.run(job)
					if !link.fell.Load() {
						t.Fatal("the link carried too little to fall ill")
					}
					if up && receipt.Copies[0].Retries == 0 {
						t.Errorf("nothing was retried: %+v", receipt.Copies[0])
					}
					if !up {
						s.holds("a", "clip", data)
					}
				})
			}
		}
	}
}
