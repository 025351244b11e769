package ascp

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"gantry/connectors"
)

// Remedy is where ascp comes from.
const Remedy = "install IBM's Aspera Transfer SDK (`gem install aspera-cli` and `ascli config ascp install`, or from IBM's site), or name the program by the option ascp or the variable ASCP"

// Variable of the environment that names the program.
const Variable = "ASCP"

// Find gives the absolute path of ascp: the named one, or else that of the variable
// ASCP, the one in PATH, or one where IBM's products put it. KindUnsupported if
// there is none.
func Find(named string) (string, error) {
	if named == "" {
		named = os.Getenv(Variable)
	}
	if named != "" {
		path, err := exec.LookPath(named)
		if err != nil {
			return "", absent(named, err)
		}
		return filepath.Abs(path)
	}
	if path, err := exec.LookPath("ascp"); err == nil {
		return filepath.Abs(path)
	}
	for _, pattern := range installed() {
		matches, _ := filepath.Glob(pattern) // in the order of their names: the last is the newest
		for i := len(matches) - 1; i >= 0; i-- {
			if path, err := exec.LookPath(matches[i]); err == nil {
				return path, nil
			}
		}
	}
	return "", absent("ascp", fmt.Errorf("it is neither in PATH nor where IBM's products put it"))
}

func absent(name string, err error) error {
	return &connectors.Error{Kind: connectors.KindUnsupported, Op: "find ascp", Path: name, Err: err, Remedy: Remedy}
}

// installed lists where IBM's products put the program.
func installed() []string {
	home, err := os.UserHomeDir()
	if err != nil {
		home = "/nonexistent"
	}
	return []string{
		home + "/.aspera/sdk/ascp", home + "/.aspera/sdk/bin/ascp", home + "/.aspera/*/bin/ascp", home + "/.aspera/ascli/sdk/ascp",
		"/opt/aspera/bin/ascp", "/opt/aspera/*/bin/ascp", "/usr/local/aspera/bin/ascp",
		home + "/Applications/Aspera*/Contents/Resources/ascp", "/Library/Aspera/bin/ascp", "/Applications/*Aspera*/Contents/Resources/ascp",
	}
}

// maxVersion bounds what is read of the program's words about itself.
const maxVersion = 64 << 10

var versions = regexp.MustCompile(`version ([0-9]+(?:\.[0-9]+)+)`)

// Version asks the program at path. KindUnsupported if it is not ascp, or does not
// run.
func Version(ctx context.Context, path string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	var out bytes.Buffer
	cmd := exec.CommandContext(ctx, path, "-A")
	cmd.Stdout, cmd.Stderr, cmd.Env = &limited{to: &out, left: maxVersion}, nil, environment(nil)
	cmd.WaitDelay = time.Second
	err := cmd.Run()
	if match := versions.FindSubmatch(out.Bytes()); match != nil && err == nil {
		return string(match[1]), nil
	}
	if err == nil {
		err = fmt.Errorf("it says no version: %.60q", out.String())
	}
	return "", absent(path, err)
}

// BypassKey gives the key that ascp's makers ship for logging in with a token: the
// token, and not the key, is what counts then. "" if there is none beside the
// program.
func BypassKey(program string) string {
	if real, err := filepath.EvalSymlinks(program); err == nil {
		program = real
	}
	dir := filepath.Dir(program)
	for _, name := range []string{
		"aspera_bypass_rsa.pem", "aspera_tokenauth_id_rsa", "../etc/aspera_tokenauth_id_rsa", "../var/aspera_tokenauth_id_rsa",
		"../etc/aspera_bypass_rsa.pem", "../etc/aspera_bypass_dsa.pem", "../etc/aspera_tokenauth_id_dsa",
	} {
		path := filepath.Join(dir, name)
		if info, err := os.Stat(path); err == nil && info.Mode().IsRegular() {
			return path
		}
	}
	return ""
}

// environment is what ascp gets of ours: enough to find its files, and no secrets
// but its own.
func environment(add []string) []string {
	var kept []string
	for _, name := range []string{"PATH", "HOME", "TMPDIR", "USER", "LOGNAME", "LANG", "LC_ALL", "LD_LIBRARY_PATH"} {
		if value, ok := os.LookupEnv(name); ok {
			kept = append(kept, name+"="+value)
		}
	}
	for _, pair := range os.Environ() {
		if strings.HasPrefix(pair, "SSL_CERT_") {
			kept = append(kept, pair)
		}
	}
	return append(kept, add...)
}
