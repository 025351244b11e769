package sftp_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"

	"gantry/connectors"
	"gantry/connectors/connectortest"
	"gantry/connectors/sftp"
)

// A gateway is OpenSSH's file server behind something that spoils it, as some
// products do.
type gateway struct {
	bare bool // it offers no extensions
	mute bool // it gives no signs of life

	// asked sees each request, may change it, or answers it itself.
	asked func(kind byte, body []byte) (changed, answer []byte)

	// answered may change each answer.
	answered func(to byte, answer []byte) []byte
}

const (
	statusPacket = 101
	namePacket   = 104
	closeRequest = 4
	readRequest  = 5
	setstat      = 9
	fsetstat     = 10
	readdir      = 12
	extended     = 200
)

// refusal is a status with this code.
func refusal(code uint32) []byte {
	b := binary.BigEndian.AppendUint32([]byte{statusPacket, 0, 0, 0, 0}, code)
	return append(b, 0, 0, 0, 2, 'n', 'o', 0, 0, 0, 0)
}

func (g gateway) start(t *testing.T) connectors.Location {
	t.Helper()
	_, private, public := newKey(t, "")
	signer, err := ssh.NewSignerFromKey(private)
	must(t, err)
	config := &ssh.ServerConfig{NoClientAuth: true, ServerVersion: "SSH-2.0-Gateway_1.0", PublicKeyCallback: func(ssh.ConnMetadata, ssh.PublicKey) (*ssh.Permissions, error) { return nil, nil }}
	config.AddHostKey(signer)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	t.Cleanup(func() { _ = listener.Close() })
	go func() {
		for {
			c, err := listener.Accept()
			if err != nil {
				return
			}
			go g.serve(c, config)
		}
	}()
	file, _, _ := newKey(t, "")
	return connectors.Location{
		URL:     "sftp://partner@" + listener.Addr().String(),
		Options: map[string]string{"hostKey": string(ssh.MarshalAuthorizedKey(public)), "identityFile": file},
	}
}

func (g gateway) serve(c net.Conn, config *ssh.ServerConfig) {
	_, channels, requests, err := ssh.NewServerConn(c, config)
	if err != nil {
		return
	}
	if g.mute {
		go func() {
			for range requests {
			}
		}()
	} else {
		go ssh.DiscardRequests(requests)
	}
	for ch := range channels {
		channel, requests, err := ch.Accept()
		if err != nil {
			return
		}
		go func() {
			for r := range requests {
				_ = r.Reply(r.Type == "subsystem", nil)
			}
		}()
		go g.spoil(channel)
	}
}

func (g gateway) spoil(channel ssh.Channel) {
	defer channel.Close()
	server := exec.Command("/usr/lib/openssh/sftp-server")
	in, err1 := server.StdinPipe()
	out, err2 := server.StdoutPipe()
	if err1 != nil || err2 != nil || server.Start() != nil {
		return
	}
	defer func() { _ = server.Wait() }()
	var mu sync.Mutex
	kinds := map[uint32]byte{}
	send := func(answer []byte) {
		mu.Lock()
		defer mu.Unlock()
		_, _ = channel.Write(append(binary.BigEndian.AppendUint32(nil, uint32(len(answer))), answer...))
	}
	go func() {
		defer in.Close()
		for {
			p, err := packet(channel)
			if err != nil {
				return
			}
			if p[0] != 1 && g.asked != nil {
				id := binary.BigEndian.Uint32(p[1:])
				changed, answer := g.asked(p[0], p[5:])
				if answer != nil {
					binary.BigEndian.PutUint32(answer[1:], id)
					send(answer)
					continue
				}
				if changed != nil {
					p = append(p[:5:5], changed...)
				}
			}
			mu.Lock()
			kinds[binary.BigEndian.Uint32(p[1:])] = p[0]
			mu.Unlock()
			if _, err := in.Write(append(binary.BigEndian.AppendUint32(nil, uint32(len(p))), p...)); err != nil {
				return
			}
		}
	}()
	for {
		p, err := packet(out)
		if err != nil {
			return
		}
		if p[0] == 2 && g.bare {
			p = p[:5]
		}
		if p[0] != 2 && g.answered != nil {
			mu.Lock()
			kind := kinds[binary.BigEndian.Uint32(p[1:])]
			mu.Unlock()
			p = g.answered(kind, p)
		}
		send(p)
	}
}

func packet(r io.Reader) ([]byte, error) {
	var length [4]byte
	if _, err := io.ReadFull(r, length[:]); err != nil {
		return nil, err
	}
	p := make([]byte, binary.BigEndian.Uint32(length[:]))
	_, err := io.ReadFull(r, p)
	return p, err
}

// anyFailure has one code for everything.
func anyFailure(_ byte, answer []byte) []byte {
	if code := answer[5:]; answer[0] == statusPacket && binary.BigEndian.Uint32(code) > 1 {
		return refusal4(answer)
	}
	return answer
}

func refusal4(answer []byte) []byte {
	spoilt := refusal(4)
	copy(spoilt[1:5], answer[1:5])
	return spoilt
}

// extensionIs tells whether a request is for this extension.
func extensionIs(kind byte, body []byte, name string) bool {
	return kind == extended && bytes.HasPrefix(body[4:], []byte(name))
}

// TestConformanceGateway is the suite against a gateway that says "failure" to
// everything, sets no times, cuts no files, has no extensions, and gives less than
// it is asked for.
func TestConformanceGateway(t *testing.T) {
	t.Parallel()
	l := gateway{
		bare: true,
		asked: func(kind byte, body []byte) (changed, answer []byte) {
			switch {
			case kind == setstat, kind == fsetstat, kind == extended:
				return nil, refusal(4)
			case kind == readRequest:
				changed = bytes.Clone(body)
				at := changed[len(changed)-4:]
				binary.BigEndian.PutUint32(at, min(binary.BigEndian.Uint32(at), 50_000))
				return changed, nil
			}
			return nil, nil
		},
		answered: anyFailure,
	}.start(t)
	connectortest.Run(t, func(t *testing.T) connectortest.Site {
		dir := t.TempDir()
		at := l
		at.URL += dir
		return connectortest.Site{Dir: dir, Slow: true, Open: func() (connectors.Place, error) {
			place, err := sftp.Connector().Open(t.Context(), at)
			if err == nil && strings.HasSuffix(t.Name(), "/ModTime") {
				err = learn(t.Context(), place)
			}
			return place, err
		}}
	})
}

// learn lets a place find out by a first file that it cannot set times.
func learn(ctx context.Context, place connectors.Place) error {
	up, err := place.Begin(ctx, "first", connectors.UploadOptions{ModTime: time.Unix(1e9, 0)})
	if err != nil {
		return err
	}
	if _, err := up.Commit(ctx, connectors.Whole{}); err != nil {
		return err
	}
	return place.Remove(ctx, "first")
}

// Some offer posix-rename and refuse it where it is needed.
func TestRefusedReplace(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	l := gateway{asked: func(kind byte, body []byte) (changed, answer []byte) {
		if _, err := os.Lstat(filepath.Join(dir, "clip")); err == nil && extensionIs(kind, body, "posix-rename@") {
			return nil, refusal(4)
		}
		return nil, nil
	}}.start(t)
	l.URL += dir
	place := open(t, l)
	for range 2 {
		if !place.Traits().AtomicCommit {
			break
		}
		up := begin(t, place, "clip", "")
		write(t, up, 1, 2, 3, 4)
		commit(t, up)
	}
	wantClip(t, filepath.Join(dir, "clip"))
	if place.Traits().AtomicCommit {
		t.Error("the place still says that it replaces files in one step")
	}
	d, err := place.(connectors.Describer).Describe(t.Context())
	must(t, err)
	if !slices.ContainsFunc(d.Quirks, func(q connectors.Quirk) bool { return q.Name == "refuses-replace" }) || d.Software != "Gateway_1.0" {
		t.Errorf("described as %+v", d)
	}
	if !slices.Contains(d.Features, "key exchange mlkem768x25519-sha256") {
		t.Errorf("the key exchange is not the one that withstands quantum computers: %q", d.Features)
	}
}

// A server of one process is silent while it syncs, longer than its links may be.
func TestSlowSync(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	l := gateway{mute: true, asked: func(kind byte, body []byte) (changed, answer []byte) {
		if extensionIs(kind, body, "fsync@") {
			time.Sleep(800 * time.Millisecond)
		}
		return nil, nil
	}}.start(t)
	l.URL += dir
	l.Options["timeout"] = "500ms"
	place := open(t, l)
	up := begin(t, place, "clip", "")
	write(t, up, 1, 2, 3, 4)
	commit(t, up)
	wantClip(t, filepath.Join(dir, "clip"))
}

// A listing that breaks off says so, even if the server then says that the folder
// ends.
func TestListingBreaksOff(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for i := range 1000 {
		must(t, os.WriteFile(filepath.Join(dir, strings.Repeat("n", 1+i/100)+string(rune('a'+i%100))), nil, 0o600))
	}
	for after := range 6 {
		var mu sync.Mutex
		asked := 0
		l := gateway{asked: func(kind byte, _ []byte) (changed, answer []byte) {
			if kind != readdir {
				return nil, nil
			}
			mu.Lock()
			defer mu.Unlock()
			if asked++; asked > after+1 {
				return nil, refusal(1)
			} else if asked == after+1 {
				return nil, refusal(4)
			}
			return nil, nil
		}}.start(t)
		l.URL += dir
		var failure error
		for _, err := range open(t, l).List(t.Context(), "") {
			failure = err
		}
		// Asked again, one answer at a time, this one says that the folder is empty.
		if failure == nil && after < 2 {
			t.Errorf("a listing that breaks off after %d answers counts as whole", after)
		}
	}
}

// Names that are no names never get out of the listing, and are reported.
func TestHostileNames(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	must(t, os.WriteFile(filepath.Join(dir, "clip"), nil, 0o600))
	names := []string{"../../etc/cron.d/x", "/etc/passwd", "a/b", "a\x00b", "", "．．", "good", "./good", ".gantry-uploads"}
	l := gateway{answered: func(to byte, answer []byte) []byte {
		if to != readdir || answer[0] != namePacket {
			return answer
		}
		spoilt := binary.BigEndian.AppendUint32(answer[:5:5], uint32(len(names)))
		for _, name := range names {
			for _, s := range []string{name, "-rw-r--r-- 1 0 0 0 Jan 1 00:00 " + name} {
				spoilt = append(binary.BigEndian.AppendUint32(spoilt, uint32(len(s))), s...)
			}
			spoilt = append(spoilt, 0, 0, 0, 13, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x81, 0xa4, 0, 0, 0, 1, 0, 0, 0, 1)
		}
		return spoilt
	}}.start(t)
	l.URL += dir
	passed := map[string]bool{}
	ctx := connectors.WithPassedOver(t.Context(), func(name string, reason error) {
		if reason == nil {
			t.Errorf("%q is passed over without a reason", name)
		}
		passed[name] = true
	})
	var listed []string
	for entry, err := range open(t, l).List(ctx, "") {
		must(t, err)
		listed = append(listed, entry.Path)
	}
	if !slices.Equal(listed, []string{"good"}) {
		t.Errorf("list = %q", listed)
	}
	for _, name := range names[:6] {
		if !passed[name] {
			t.Errorf("%q is not reported; reported are %v", name, passed)
		}
	}
}

// A drop box of OpenSSH's: it lets nobody look, list, rename or set times.
func TestDropBox(t *testing.T) {
	t.Parallel()
	s := start(t)
	key, err := os.ReadFile(filepath.Join(filepath.Dir(s.IdentityFile), "authorized_keys"))
	must(t, err)
	const denied = `command="internal-sftp -P opendir,readdir,stat,lstat,fstat,setstat,fsetstat,rename,posix-rename,hardlink,symlink,readlink,statvfs" `
	must(t, os.WriteFile(filepath.Join(filepath.Dir(s.IdentityFile), "authorized_keys"), append([]byte(denied), key...), 0o600))
	at := func(dir string) connectors.Location {
		l := location(s, dir)
		l.Options["dropBox"] = "true"
		return l
	}
	connectortest.Run(t, func(t *testing.T) connectortest.Site {
		dir := t.TempDir()
		l := at(dir)
		return connectortest.Site{Dir: dir, Slow: true, Open: func() (connectors.Place, error) { return sftp.Connector().Open(t.Context(), l) }}
	})
	dir := t.TempDir()
	place := open(t, at(dir))
	up, err := place.Begin(t.Context(), "day/clip", connectors.UploadOptions{Size: 4 * partSize, Exclusive: true})
	must(t, err)
	if _, ok := connectors.As[connectors.Staged](up); ok {
		t.Error("what is in a drop box can be read back")
	}
	write(t, up, 1, 2, 3, 4)
	commit(t, up)
	must(t, up.Abort(t.Context()))
	wantClip(t, filepath.Join(dir, "day", "clip"))
	if traits := place.Traits(); !traits.WriteOnly || traits.AtomicCommit {
		t.Errorf("traits = %+v", traits)
	}
	for _, err := range place.List(t.Context(), "") {
		wantKind(t, "list a drop box", err, connectors.KindUnsupported)
	}
}
