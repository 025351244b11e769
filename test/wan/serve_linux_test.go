package wan

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"gantry/connectors/servers"
)

// The test program is the servers' side, too, when this names a folder for it.
const serveIn = "GANTRY_WAN_SERVE"

func TestMain(m *testing.M) {
	if was, err := Carry(); was {
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	if dir := os.Getenv(serveIn); dir != "" {
		if err := serve(dir); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

// A Side is what the client has to know of the servers.
type side struct {
	SFTP struct{ Port, User, IdentityFile, HostKeys, Folder string }
	FTP  struct{ Port, User, Password, Folder, Root string }
	S3   struct{ Port, AccessKey, SecretKey, Region, Folder string }
	Bare struct{ Addr string }
}

const bucket = "media"

// serve starts the servers, says on standard output where they are, and stays until
// standard input ends.
func serve(dir string) error {
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	var s side
	sshd, err := servers.StartSSHD(ctx, filepath.Join(dir, "sshd"))
	if err != nil {
		return err
	}
	s.SFTP.User, s.SFTP.IdentityFile, s.SFTP.HostKeys, s.SFTP.Folder = sshd.User, sshd.IdentityFile, sshd.KnownHosts, filepath.Join(dir, "sftp")
	const firstData, lastData = 42000, 42031
	ftpd, err := servers.StartVSFTPD(ctx, filepath.Join(dir, "vsftpd"), servers.FTPOptions{
		Lines: []string{fmt.Sprintf("pasv_min_port=%d", firstData), fmt.Sprintf("pasv_max_port=%d", lastData), "pasv_promiscuous=YES"},
	})
	if err != nil {
		return err
	}
	s.FTP.User, s.FTP.Password, s.FTP.Folder, s.FTP.Root = ftpd.User, ftpd.Password, ftpd.Dir, strings.TrimSuffix(ftpd.Root, "/")
	gateway, err := servers.StartVersityGW(ctx, filepath.Join(dir, "s3"))
	if err != nil {
		return err
	}
	if err := gateway.MakeBucket(ctx, bucket); err != nil {
		return err
	}
	s.S3.AccessKey, s.S3.SecretKey, s.S3.Region, s.S3.Folder = gateway.AccessKey, gateway.SecretKey, gateway.Region, filepath.Join(gateway.Root, bucket)
	for _, folder := range []string{s.SFTP.Folder, s.FTP.Folder, s.S3.Folder} {
		if err := os.MkdirAll(folder, 0o777); err != nil {
			return err
		}
	}
	for addr, port := range map[string]*string{sshd.Addr: &s.SFTP.Port, ftpd.Addr: &s.FTP.Port, strings.TrimPrefix(gateway.Endpoint, "http://"): &s.S3.Port} {
		if _, *port, err = net.SplitHostPort(addr); err == nil {
			err = expose(*port)
		}
		if err != nil {
			return err
		}
	}
	for port := firstData; port <= lastData; port++ {
		if err := expose(fmt.Sprint(port)); err != nil {
			return err
		}
	}
	if s.Bare.Addr, err = serveBare(); err != nil {
		return err
	}
	if err := json.NewEncoder(os.Stdout).Encode(s); err != nil {
		return err
	}
	_, _ = io.Copy(io.Discard, os.Stdin)
	return nil
}

// expose hands what comes for a port over the link to the same port of this side.
func expose(port string) error {
	l, err := net.Listen("tcp", net.JoinHostPort(farAddr, port))
	if err != nil {
		return err
	}
	go func() {
		for {
			from, err := l.Accept()
			if err != nil {
				return
			}
			go splice(from, net.JoinHostPort("127.0.0.1", port))
		}
	}()
	return nil
}

func splice(from net.Conn, address string) {
	to, err := net.Dial("tcp", address)
	if err != nil {
		_ = from.(*net.TCPConn).SetLinger(0)
		_ = from.Close()
		return
	}
	pass := func(to, from net.Conn) {
		if _, err := io.Copy(to, from); err == nil && to.(*net.TCPConn).CloseWrite() == nil {
			return
		}
		_ = to.Close() // whoever does not want more does not take the rest either
		_ = from.Close()
	}
	var both sync.WaitGroup
	both.Go(func() { pass(from, to) })
	both.Go(func() { pass(to, from) })
	both.Wait()
	_ = to.Close()
	_ = from.Close()
}

// far starts the servers' side of the wire.
func (w *Wire) far(b testing.TB, dir string) side {
	b.Helper()
	cmd := exec.CommandContext(b.Context(), "ip", "netns", "exec", w.Namespace, os.Args[0])
	cmd.Env = append(os.Environ(), serveIn+"="+dir)
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		b.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		b.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = in.Close(); _ = cmd.Wait() })
	line, err := bufio.NewReader(out).ReadBytes('\n')
	var s side
	if err == nil {
		err = json.Unmarshal(line, &s)
	}
	if err != nil {
		b.Fatalf("the servers do not start: %v", err)
	}
	return s
}
