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
	if _, set := os.LookupEnv(asked); !set {
		return false
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return true
	}
	fmt.Println(listener.Addr())
	var seeds []Seed
	for _, text := range strings.Fields(os.Getenv(asked)) {
		seed, err := ParseSeed(text)
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			return true
		}
		seeds = append(seeds, seed)
	}
	go func() { _ = http.Serve(listener, Handler(seeds...)) }()
	_, _ = io.Copy(io.Discard, os.Stdin)
	return true
}

// Start runs a store in a process of its own, so that the CPU time of this one is
// the client's alone. It holds the seeds, and ends with ctx.
func Start(ctx context.Context, seeds ...Seed) (endpoint string, err error) {
	texts := make([]string, len(seeds))
	for i, seed := range seeds {
		texts[i] = seed.Text()
	}
	self, err := os.Executable()
	if err != nil {
		return "", err
	}
	cmd := exec.CommandContext(ctx, self)
	cmd.Env = append(os.Environ(), asked+"="+strings.Join(texts, " "))
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
