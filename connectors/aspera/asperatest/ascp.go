package asperatest

import (
	"bufio"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// variable makes a process of a test binary the program; its value is the path of
// a setup.
const variable = "GANTRY_STANDIN_ASCP"

// An Act is what one start of the program does otherwise than to move the file.
// The zero Act moves it.
type Act struct {
	AfterBytes  int64  `json:"afterBytes,omitempty"` // of this session: when it happens
	Code        int    `json:"code,omitempty"`       // an ERROR frame
	Description string `json:"description,omitempty"`
	FileError   bool   `json:"fileError,omitempty"` // the code comes in a FILEERROR frame, and DONE after it
	Kill        bool   `json:"kill,omitempty"`      // it is killed
	Hang        bool   `json:"hang,omitempty"`      // it reports no more
	Hold        bool   `json:"hold,omitempty"`      // it reports, and moves nothing until it is given a rate
	Stubborn    bool   `json:"stubborn,omitempty"`  // it heeds neither CANCEL nor SIGTERM, and has a child that does not either
	Raw         string `json:"raw,omitempty"`       // sent instead of frames
	Silent      bool   `json:"silent,omitempty"`    // it never dials in, and ends with 1
	Lie         bool   `json:"lie,omitempty"`       // DONE, and nothing was moved
	ExitCode    int    `json:"exitCode,omitempty"`  // after DONE
	Stranger    bool   `json:"stranger,omitempty"`  // another program dials in before it
}

// setup is what the program is told behind its back.
type setup struct {
	Root     string `json:"root"`
	State    string `json:"state"` // folder
	User     string `json:"user"`
	Password string `json:"password"`
	Key      string `json:"key"`
	Script   []Act  `json:"script"` // one for each start; the zero Act after the last
}

// A Run is what one start of the program has seen and done.
type Run struct {
	Args     []string          `json:"args"`
	Env      map[string]string `json:"env"` // whose names begin with ASPERA_
	Offset   int64             `json:"offset"`
	Sent     int64             `json:"sent"`
	Rates    []string          `json:"rates"`
	Canceled bool              `json:"canceled"`
	PID      int               `json:"pid"`
	Child    int               `json:"child,omitempty"`
}

// An Ascp is a program in a folder of its own.
type Ascp struct {
	Program string // its path
	Root    string // the server's folder
	Key     string // a private key that opens a session; it is no real one
	t       testing.TB
	setup   setup
}

// User and Password open a session.
const (
	User     = "xfer"
	Password = "correct-horse"
)

// NewAscp makes the program, and a server's folder.
func NewAscp(t testing.TB, script ...Act) *Ascp {
	t.Helper()
	dir := t.TempDir()
	a := &Ascp{Program: filepath.Join(dir, "ascp"), Root: filepath.Join(dir, "root"), Key: filepath.Join(dir, "id_test"), t: t}
	a.setup = setup{Root: a.Root, State: dir, User: User, Password: Password, Key: a.Key, Script: script}
	self, err := os.Executable()
	must(t, err)
	must(t, os.MkdirAll(a.Root, 0o700))
	must(t, os.MkdirAll(filepath.Join(dir, "tokens"), 0o700))
	must(t, os.WriteFile(a.Key, []byte("no real key\n"), 0o600))
	must(t, os.WriteFile(filepath.Join(dir, "aspera_bypass_rsa.pem"), []byte("no real key\n"), 0o600))
	line := "#!/bin/sh\n" + variable + "='" + filepath.Join(dir, "setup.json") + "' exec '" + self + "' \"$@\"\n"
	must(t, os.WriteFile(a.Program, []byte(line), 0o700))
	a.Act(script...)
	return a
}

// Act says what the next starts do.
func (a *Ascp) Act(script ...Act) {
	a.t.Helper()
	a.setup.Script = append(make([]Act, len(a.Runs())), script...)
	data, err := json.Marshal(a.setup)
	must(a.t, err)
	must(a.t, os.WriteFile(filepath.Join(a.setup.State, "setup.json"), data, 0o600))
}

// Runs tells what happened, in order.
func (a *Ascp) Runs() (runs []Run) {
	a.t.Helper()
	f, err := os.Open(filepath.Join(a.setup.State, "runs"))
	if os.IsNotExist(err) {
		return nil
	}
	must(a.t, err)
	defer f.Close()
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		var r Run
		must(a.t, json.Unmarshal(lines.Bytes(), &r))
		if n := len(runs); n > 0 && runs[n-1].PID == r.PID {
			runs[n-1] = r // it writes anew what has changed
			continue
		}
		runs = append(runs, r)
	}
	return runs
}

// Put writes a file on the server.
func (a *Ascp) Put(path string, data []byte) {
	a.t.Helper()
	full := filepath.Join(a.Root, path)
	must(a.t, os.MkdirAll(filepath.Dir(full), 0o700))
	must(a.t, os.WriteFile(full, data, 0o600))
}

// Has reads a file of the server; nil if there is none.
func (a *Ascp) Has(path string) []byte {
	a.t.Helper()
	data, err := os.ReadFile(filepath.Join(a.Root, path))
	if os.IsNotExist(err) {
		return nil
	}
	must(a.t, err)
	if data == nil {
		data = []byte{}
	}
	return data
}

// Files lists the server's files, those that are hidden from listings too.
func (a *Ascp) Files() (files []string) {
	a.t.Helper()
	must(a.t, filepath.WalkDir(a.Root, func(path string, d os.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			files = append(files, strings.TrimPrefix(path, a.Root+"/"))
		}
		return err
	}))
	return files
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
