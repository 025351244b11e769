package servers

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
)

// VersityGWOptions are what a gateway can do beyond the plain one.
type VersityGWOptions struct {
	TLS        bool     // with a certificate of an authority of its own, for localhost and 127.0.0.1
	Versioning bool     // buckets can keep versions, and so have Object Lock
	Domain     string   // buckets are hosts below this name too: "localhost"
	Args       []string // further arguments, before the backend's
}

// CAFile is the certificate of the authority that a gateway with TLS has, below
// the folder that it was started in.
func (g *VersityGW) CAFile() string { return filepath.Join(filepath.Dir(g.Root), authorityFile) }

// StartVersityGWWith is StartVersityGW with options. Restart is for gateways without
// TLS and Domain.
func StartVersityGWWith(ctx context.Context, dir string, o VersityGWOptions) (*VersityGW, error) {
	bin, err := Find("versitygw")
	if err != nil {
		return nil, err
	}
	if dir, err = filepath.Abs(dir); err != nil {
		return nil, err
	}
	g := &VersityGW{
		Region: "us-east-1", AccessKey: "gantry", SecretKey: rand.Text(),
		Root: filepath.Join(dir, "buckets"), LogFile: filepath.Join(dir, "versitygw.log"),
	}
	if err := os.MkdirAll(g.Root, 0o755); err != nil {
		return nil, fmt.Errorf("start versitygw: %w", err)
	}
	backend, err := g.backend(dir)
	if err != nil {
		return nil, fmt.Errorf("start versitygw: %w", err)
	}
	scheme, args := "http", o.Args
	if o.TLS {
		if err := prepareCertificate(dir); err != nil {
			return nil, fmt.Errorf("start versitygw: %w", err)
		}
		pair := filepath.Join(dir, certificateFile)
		scheme, args = "https", append(args, "--cert", pair, "--key", pair)
	}
	if o.Domain != "" {
		args = append(args, "--virtual-domain", o.Domain)
	}
	if o.Versioning {
		versions := filepath.Join(dir, "versions")
		if err := os.MkdirAll(versions, 0o755); err != nil {
			return nil, fmt.Errorf("start versitygw: %w", err)
		}
		last := len(backend) - 1
		backend = append(backend[:last:last], "--versioning-dir", versions, backend[last])
	}
	g.command = command{
		name: "versitygw", log: g.LogFile,
		ready: func(ctx context.Context, addr string) error { return answers(ctx, scheme, addr) },
		env:   []string{"ROOT_ACCESS_KEY=" + g.AccessKey, "ROOT_SECRET_KEY=" + g.SecretKey},
		argv: func(port int) ([]string, error) {
			common := []string{bin, "--port", fmt.Sprintf("127.0.0.1:%d", port), "--region", g.Region, "--health", healthPath, "--keep-alive", "--quiet"}
			return append(append(common, args...), backend...), nil
		},
	}
	var addr string
	if g.process, addr, err = start(ctx, g.command, 0); err != nil {
		return nil, err
	}
	g.Endpoint = scheme + "://" + addr
	if o.Domain != "" {
		_, port, err := net.SplitHostPort(addr)
		if err != nil {
			return nil, err
		}
		g.Endpoint = scheme + "://" + o.Domain + ":" + port
	}
	return g, nil
}

// answers asks for the health of a gateway whose certificate is not looked at:
// that is for the tests to do.
func answers(ctx context.Context, scheme, addr string) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, scheme+"://"+addr+healthPath, nil)
	if err != nil {
		return err
	}
	client := &http.Client{Transport: &http.Transport{
		TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, DisableKeepAlives: true,
	}}
	resp, err := client.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("its health check answers %s", resp.Status)
	}
	return nil
}
