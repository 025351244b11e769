package ftp_test

import (
	"bufio"
	"fmt"
	"io"
	"maps"
	"net"
	"path"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"gantry/connectors"
)

// fake is an FTP server whose answers can be scripted: one that lies. What is not
// scripted it does as it should, on files in memory.
type fake struct {
	listener net.Listener
	features []string

	mu sync.Mutex
	// script may answer a command. It tells whether it has; nil is an honest server.
	script  func(c *client, verb, arg string) bool
	files   map[string]string
	folders map[string]bool
	log     []string // commands
	most    int      // sessions at once; 0 = no limit
	now     int      // sessions
}

// client is one session.
type client struct {
	*fake
	net.Conn
	data    net.Listener
	rest    int
	renamed string
	ahead   int // bytes of commands that have come after the one that is answered
}

func startFake(t *testing.T, script func(c *client, verb, arg string) bool) *fake {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	f := &fake{
		listener: listener, script: script, files: map[string]string{}, folders: map[string]bool{"/": true},
		features: []string{"MLST type*;size*;modify*;", "SIZE", "MDTM", "MFMT", "REST STREAM", "UTF8"},
	}
	t.Cleanup(func() { _ = listener.Close() })
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go f.serve(conn)
		}
	}()
	return f
}

func (f *fake) location() connectors.Location {
	return connectors.Location{URL: "ftp://" + f.listener.Addr().String() + "/", Options: map[string]string{"timeout": "3s"}}
}

func (f *fake) act(script func(c *client, verb, arg string) bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.script = script
}

func (f *fake) scripted(c *client, verb, arg string) bool {
	f.mu.Lock()
	script := f.script
	f.mu.Unlock()
	return script != nil && script(c, verb, arg)
}

func (f *fake) put(name, content string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.files[name] = content
}

func (f *fake) get(name string) (string, bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	content, ok := f.files[name]
	return content, ok
}

func (f *fake) there(folder string) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.folders[folder]
}

func (f *fake) names() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Sorted(maps.Keys(f.files))
}

// commands tells how often one was sent.
func (f *fake) commands(verb string) int {
	f.mu.Lock()
	defer f.mu.Unlock()
	n := 0
	for _, command := range f.log {
		if command == verb || strings.HasPrefix(command, verb+" ") {
			n++
		}
	}
	return n
}

func (f *fake) serve(conn net.Conn) {
	defer conn.Close()
	c := &client{fake: f, Conn: conn}
	f.mu.Lock()
	f.now++
	full := f.most > 0 && f.now > f.most
	f.mu.Unlock()
	defer func() { f.mu.Lock(); f.now--; f.mu.Unlock() }()
	if full {
		c.say("421 Too many connections from your address")
		return
	}
	if !f.scripted(c, "", "") {
		c.say("220 fake")
	}
	in := bufio.NewReader(conn)
	for {
		line, err := in.ReadString('\n')
		if err != nil {
			return
		}
		line, c.ahead = strings.TrimRight(line, "\r\n"), in.Buffered()
		f.mu.Lock()
		f.log = append(f.log, line)
		f.mu.Unlock()
		verb, arg, _ := strings.Cut(line, " ")
		if f.scripted(c, verb, arg) {
			continue
		}
		if verb == "QUIT" {
			return
		}
		c.answer(verb, arg)
	}
}

func (c *client) say(format string, args ...any) { fmt.Fprintf(c.Conn, format+"\r\n", args...) }

func (c *client) answer(verb, arg string) {
	switch verb {
	case "USER":
		c.say("331 password?")
	case "PASS":
		c.say("230 welcome")
	case "FEAT":
		c.say("211-Features\r\n %s\r\n211 End", strings.Join(c.features, "\r\n "))
	case "EPSV":
		c.listen()
		c.say("229 go (|||%d|)", c.data.Addr().(*net.TCPAddr).Port)
	case "REST":
		c.rest, _ = strconv.Atoi(arg)
		c.say("350 from there")
	case "RETR", "MLSD", "LIST":
		c.send(verb, arg)
	case "STOR", "APPE":
		c.receive(verb, arg)
	case "TYPE", "OPTS", "NOOP", "ALLO":
		c.say("200 fine")
	default:
		c.answerFile(verb, arg)
	}
}

func (c *client) answerFile(verb, arg string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	content, ok := c.files[arg]
	switch {
	case verb == "MKD":
		if c.folders[arg] {
			c.say("550 File exists")
			return
		}
		c.folders[arg] = true
		c.say("257 made")
	case verb == "CWD" && c.folders[arg]:
		c.say("250 there")
	case verb == "MLST" && c.folders[arg]:
		c.say("250-it\r\n type=dir; %s\r\n250 End", arg)
	case verb == "RNTO":
		c.files[arg] = c.files[c.renamed]
		delete(c.files, c.renamed)
		c.say("250 renamed")
	case verb == "MFMT":
		c.say("213 Modify=%s", arg)
	case !ok && strings.Contains("CWD MLST SIZE MDTM RNFR DELE RMD", verb):
		c.say("550 No such file or directory")
	case verb == "MLST":
		c.say("250-it\r\n type=file;size=%d;modify=20240101000000; %s\r\n250 End", len(content), arg)
	case verb == "SIZE":
		c.say("213 %d", len(content))
	case verb == "MDTM":
		c.say("213 20240101000000")
	case verb == "RNFR":
		c.renamed = arg
		c.say("350 to?")
	case verb == "DELE":
		delete(c.files, arg)
		c.say("250 gone")
	default:
		c.say("502 no")
	}
}

func (c *client) listen() {
	if c.data != nil {
		_ = c.data.Close()
	}
	c.data, _ = net.Listen("tcp", "127.0.0.1:0")
}

// transfer accepts the data connection.
func (c *client) transfer(with func(net.Conn)) {
	conn, err := c.data.Accept()
	if err != nil {
		return
	}
	defer conn.Close()
	with(conn)
}

func (c *client) send(verb, arg string) {
	content, ok := c.get(arg)
	if verb != "RETR" {
		content, ok = c.listing(arg), true
	}
	from := min(c.rest, len(content))
	c.rest = 0
	if !ok {
		c.say("550 No such file or directory")
		return
	}
	c.sendText(content[from:], "226 done")
}

func (c *client) sendText(text, final string) {
	c.say("150 here it comes")
	c.transfer(func(conn net.Conn) { _, _ = io.WriteString(conn, text) })
	c.say("%s", final)
}

func (c *client) listing(dir string) string {
	c.mu.Lock()
	defer c.mu.Unlock()
	var lines []string
	for name, content := range c.files {
		if path.Dir(name) == dir {
			lines = append(lines, fmt.Sprintf("type=file;size=%d;modify=20240101000000; %s\r\n", len(content), path.Base(name)))
		}
	}
	for name := range c.folders {
		if name != "/" && path.Dir(name) == dir {
			lines = append(lines, "type=dir; "+path.Base(name)+"\r\n")
		}
	}
	slices.Sort(lines)
	return strings.Join(lines, "")
}

func (c *client) receive(verb, arg string) {
	if !c.there(path.Dir(arg)) {
		c.rest = 0
		c.say("553 No such file or directory")
		return
	}
	c.receiveAs(verb, arg, func(s string) string { return s })
}

// receiveAs stores what edit makes of what arrives.
func (c *client) receiveAs(verb, arg string, edit func(string) string) {
	old, _ := c.get(arg)
	if verb == "STOR" {
		old = old[:min(c.rest, len(old))]
	}
	c.rest = 0
	c.say("150 go on")
	c.transfer(func(conn net.Conn) {
		data, _ := io.ReadAll(conn)
		c.put(arg, old+edit(string(data)))
	})
	c.say("226 done")
}
