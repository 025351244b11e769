package nulls3

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strings"
)

const asked = "GANTRY_NULL_S3"

// ServeIfAsked makes this program a store, if [Start] started it, and returns when
// its parent has gone. A test binary calls it first of all in TestMain.
func ServeIfAsked() (served bool) {
	if os.Getenv(asked) == "" {
		return false
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return true
	}
	fmt.Println(listener.Addr())
	go func() { _ = http.Serve(listener, Handler()) }()
	_, _ = io.Copy(io.Discard, os.Stdin)
	return true
}

// Start runs a store in a process of its own, so that the CPU time of this one is
// the client's alone. It ends with ctx.
func Start(ctx context.Context) (endpoint string, err error) {
	self, err := os.Executable()
	if err != nil {
		return "", err
	}
	cmd := exec.CommandContext(ctx, self)
	cmd.Env = append(os.Environ(), asked+"=1")
	cmd.Stderr = os.Stderr
	if _, err := cmd.StdinPipe(); err != nil {
		return "", err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return "", err
	}
	if err := cmd.Start(); err != nil {
		return "", fmt.Errorf("start the null store: %w", err)
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		return "", fmt.Errorf("the null store does not say where it is: call nulls3.ServeIfAsked in TestMain: %w", err)
	}
	go func() { _ = cmd.Wait() }()
	return "http://" + strings.TrimSpace(line), nil
}
