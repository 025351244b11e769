package servers

import (
	"context"
	"crypto/rand"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
)

// healthPath cannot be a bucket's name.
const healthPath = "/_health"

// A VersityGW is a running S3 gateway over a folder.
type VersityGW struct {
	Endpoint  string // http://127.0.0.1:port
	Region    string
	AccessKey string // of the account that may do everything
	SecretKey string
	Root      string // folder whose folders are the buckets
	LogFile   string

	command command
	process *process
}

// StartVersityGW starts a gateway whose data lie below dir, and returns when it
// answers. Objects that dir holds from an earlier start are there again; the
// keys are new.
func StartVersityGW(ctx context.Context, dir string) (*VersityGW, error) {
	bin, err := Find("versitygw")
	if err != nil {
		return nil, err
	}
	if dir, err = filepath.Abs(dir); err != nil {
		return nil, err
	}
	g := &VersityGW{
		Region:    "us-east-1",
		AccessKey: "gantry",
		SecretKey: rand.Text(),
		Root:      filepath.Join(dir, "buckets"),
		LogFile:   filepath.Join(dir, "versitygw.log"),
	}
	if err := os.MkdirAll(g.Root, 0o755); err != nil {
		return nil, fmt.Errorf("start versitygw: %w", err)
	}
	backend, err := g.backend(dir)
	if err != nil {
		return nil, fmt.Errorf("start versitygw: %w", err)
	}
	g.command = command{
		name:  "versitygw",
		log:   g.LogFile,
		ready: healthy,
		env:   []string{"ROOT_ACCESS_KEY=" + g.AccessKey, "ROOT_SECRET_KEY=" + g.SecretKey},
		argv: func(port int) ([]string, error) {
			return append([]string{
				bin, "--port", fmt.Sprintf("127.0.0.1:%d", port),
				"--region", g.Region,
				"--health", healthPath, "--keep-alive", "--quiet",
			}, backend...), nil
		},
	}
	var addr string
	if g.process, addr, err = start(ctx, g.command, 0); err != nil {
		return nil, err
	}
	g.Endpoint = "http://" + addr
	return g, nil
}

// backend keeps metadata in extended attributes where the file system has them,
// and in a folder beside the buckets otherwise.
func (g *VersityGW) backend(dir string) ([]string, error) {
	if keepsAttributes(g.Root) {
		return []string{"posix", g.Root}, nil
	}
	sidecar := filepath.Join(dir, "metadata")
	return []string{"posix", "--sidecar", sidecar, g.Root}, os.MkdirAll(sidecar, 0o755)
}

// MakeBucket creates a bucket. One that is there already is no error.
func (g *VersityGW) MakeBucket(_ context.Context, name string) error {
	return os.MkdirAll(filepath.Join(g.Root, name), 0o755)
}

// Pid is the process that listens.
func (g *VersityGW) Pid() int { return g.process.pid }

// Stop ends the server. It may be called more than once.
func (g *VersityGW) Stop() error { return g.process.stop() }

// Restart stops the server, and starts it again at the same address with the
// same keys.
func (g *VersityGW) Restart(ctx context.Context) (err error) {
	if err := g.Stop(); err != nil {
		return err
	}
	g.process, _, err = restart(ctx, g.command, strings.TrimPrefix(g.Endpoint, "http://"))
	return err
}

func healthy(ctx context.Context, addr string) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+addr+healthPath, nil)
	if err != nil {
		return err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("its health check answers %s", resp.Status)
	}
	return nil
}
