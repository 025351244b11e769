package asperatest

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// Main is for TestMain: it plays the program, and does not return, if this process
// was started as one.
func Main() {
	if port := os.Getenv(strangerVariable); port != "" {
		stranger(port)
	}
	path := os.Getenv(variable)
	if path == "" {
		return
	}
	if len(os.Args) == 2 && os.Args[1] == "-A" {
		fmt.Println("IBM Aspera stand-in\nascp version 4.4.0.1 of a test")
		os.Exit(0)
	}
	var s setup
	data, err := os.ReadFile(path)
	if err == nil {
		err = json.Unmarshal(data, &s)
	}
	if err == nil {
		err = s.play()
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "stand-in ascp:", err)
		os.Exit(1)
	}
	os.Exit(0)
}

// A line is a command line, as ascp reads it.
type line struct {
	value   map[string]string
	sources [][2]string // source and destination
	grow    string      // a source on the command line
	dest    string
}

// The options that are known: those with a value in the next argument, those with
// a value after "=", and switches.
var (
	spaced   = words("-M --mode --host --user -i -P -O --policy -l -m -y -c -k --source-prefix64 --tags64")
	equal    = words("--check-sshfp --overwrite --file-checksum --file-crypt --file-list --file-pair-list")
	switches = words("-q -d -p --dest64 --ws-connect")
)

func words(text string) map[string]bool {
	set := map[string]bool{}
	for _, word := range strings.Fields(text) {
		set[word] = true
	}
	return set
}

func parse(args []string) (l line, err error) {
	l.value = map[string]string{}
	var rest []string
	for len(args) > 0 {
		arg := args[0]
		args = args[1:]
		name, value, cut := strings.Cut(arg, "=")
		switch {
		case switches[arg]:
			l.value[arg] = "yes"
		case spaced[arg] && len(args) > 0:
			l.value[arg], args = args[0], args[1:]
		case cut && equal[name]:
			l.value[name] = value
		case strings.HasPrefix(arg, "-"):
			return l, fmt.Errorf("unknown option %q", arg)
		default:
			rest = append(rest, arg)
		}
	}
	if len(rest) == 0 || l.value["--dest64"] == "" || l.value["--host"] == "" || l.value["--user"] == "" {
		return l, errors.New("usage: no destination, host or user")
	}
	dest, err := base64.StdEncoding.DecodeString(rest[len(rest)-1])
	if err != nil {
		return l, err
	}
	l.dest = string(dest)
	return l, l.readSources(rest[:len(rest)-1])
}

func (l *line) readSources(rest []string) error {
	prefix, err := base64.StdEncoding.DecodeString(l.value["--source-prefix64"])
	if err != nil {
		return err
	}
	file, pairs := l.value["--file-list"], false
	if list := l.value["--file-pair-list"]; list != "" {
		file, pairs = list, true
	}
	switch {
	case len(rest) == 1 && file == "":
		l.grow = rest[0]
		return nil
	case len(rest) != 0 || file == "":
		return errors.New("usage: sources both in a list and not")
	}
	info, err := os.Stat(file)
	if err != nil {
		return err
	}
	if info.Mode().Perm()&0o077 != 0 {
		return errors.New("others can read the list of files")
	}
	data, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	lines := strings.Split(string(data), "\n")
	for i := 0; i < len(lines); i++ {
		pair := [2]string{filepath.Join(string(prefix), lines[i]), filepath.Base(lines[i])}
		if pairs {
			if i++; i >= len(lines) {
				return errors.New("usage: an odd number of lines in a list of pairs")
			}
			pair[1] = lines[i]
		}
		l.sources = append(l.sources, pair)
	}
	return nil
}

// A failure ends a session with a code.
type failure struct {
	code int
	text string
}

func (f *failure) Error() string { return f.text }

// login checks what the environment and the command line bring. Secrets on the
// command line are an error of the test.
func (s setup) login(l line) error {
	for name, value := range secrets() {
		for _, arg := range os.Args[1:] {
			if value != "" && strings.Contains(arg, value) {
				return &failure{8, "the secret " + name + " is on the command line"}
			}
		}
	}
	token, pass, key := os.Getenv("ASPERA_SCP_TOKEN"), os.Getenv("ASPERA_SCP_PASS"), l.value["-i"]
	switch {
	case l.value["--user"] != s.User:
		return &failure{19, "Authentication failure"}
	case token != "":
		if _, err := os.Stat(key); err != nil && l.value["--ws-connect"] == "" {
			return &failure{19, "Authentication failure: no key for the session"}
		}
		return s.right(token, l)
	case key != "":
		if key != s.Key {
			return &failure{19, "Authentication failure"}
		}
	case pass != s.Password:
		return &failure{19, "Authentication failure for " + pass}
	}
	return nil
}

// right checks what a token is for: the Node API's stand-in keeps a file for each.
func (s setup) right(token string, l line) error {
	data, err := os.ReadFile(filepath.Join(s.State, "tokens", filepath.Base(token)))
	if err != nil {
		return &failure{34, "Token validation failed"}
	}
	direction, path, _ := strings.Cut(string(data), " ")
	at := l.dest
	if l.value["--mode"] == "recv" {
		at = l.sources[0][0]
	}
	if direction != l.value["--mode"] || at != path && !strings.HasPrefix(at, strings.TrimSuffix(path, "/")+"/") {
		return &failure{34, "Token is for " + string(data) + ", not for " + at}
	}
	return nil
}

func secrets() map[string]string {
	found := map[string]string{}
	for _, pair := range os.Environ() {
		if name, value, _ := strings.Cut(pair, "="); strings.HasPrefix(name, "ASPERA_") {
			found[name] = value
		}
	}
	return found
}
