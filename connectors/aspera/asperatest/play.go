package asperatest

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"
)

// A player is one run of the program.
type player struct {
	setup
	act  Act
	line line
	conn net.Conn

	mu      sync.Mutex
	run     Run
	release chan struct{} // closed by the first RATE
	cancel  chan struct{} // closed by CANCEL
}

const strangerVariable = "GANTRY_STANDIN_STRANGER"

func (s setup) play() error {
	p := &player{setup: s, release: make(chan struct{}), cancel: make(chan struct{})}
	p.run = Run{Args: os.Args[1:], Env: secrets(), PID: os.Getpid()}
	if n := p.earlier(); n < len(s.Script) {
		p.act = s.Script[n]
	}
	p.log()
	if p.act.Silent {
		return fmt.Errorf("it never dials in, and knows the secrets %v", secrets())
	}
	if p.act.Stubborn {
		p.beStubborn()
	}
	var err error
	if p.line, err = parse(os.Args[1:]); err != nil {
		return err
	}
	if p.act.Stranger {
		sendStranger(p.line.value["-M"])
	}
	if p.conn, err = net.Dial("tcp", "127.0.0.1:"+p.line.value["-M"]); err != nil {
		return err
	}
	defer p.conn.Close()
	if p.act.Raw != "" {
		_, _ = io.WriteString(p.conn, p.act.Raw)
		time.Sleep(time.Hour)
	}
	go p.listen()
	return p.session()
}

// earlier counts the starts before this one.
func (p *player) earlier() int {
	data, _ := os.ReadFile(filepath.Join(p.State, "runs"))
	pids := map[string]bool{}
	for line := range strings.Lines(string(data)) {
		var r Run
		if json.Unmarshal([]byte(line), &r) == nil {
			pids[fmt.Sprint(r.PID)] = true
		}
	}
	return len(pids)
}

// log writes down what the test will ask for.
func (p *player) log() {
	p.mu.Lock()
	defer p.mu.Unlock()
	f, err := os.OpenFile(filepath.Join(p.State, "runs"), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return
	}
	defer f.Close()
	data, _ := json.Marshal(p.run)
	_, _ = f.Write(append(data, '\n'))
}

func (p *player) note(change func(*Run)) {
	p.mu.Lock()
	change(&p.run)
	p.mu.Unlock()
	p.log()
}

// session is one transfer, from INIT to DONE or ERROR.
func (p *player) session() error {
	p.send("INIT", "Operation: Transfer", "SessionId: 6a31a3b4-0001")
	err := p.login(p.line)
	if err == nil {
		err = p.transfer()
	}
	if f, ok := err.(*failure); ok {
		p.log()
		if p.act.FileError {
			p.send("FILEERROR", fmt.Sprintf("Code: %d", f.code), "Description: "+f.text, "File: x")
			p.send("ERROR", "Code: 27", "Description: Some individual files failed")
			return err
		}
		p.send("ERROR", fmt.Sprintf("Code: %d", f.code), "Description: "+f.text)
		p.send("DONE", fmt.Sprintf("Code: %d", f.code), "Description: "+f.text)
		return err
	}
	if err != nil {
		return err
	}
	p.log()
	p.send("DONE", "TransfersAttempted: 1", "TransfersPassed: 1", fmt.Sprintf("TransferBytes: %d", p.run.Sent), fmt.Sprintf("StartByte: %d", p.run.Offset))
	if p.act.ExitCode != 0 {
		os.Exit(p.act.ExitCode)
	}
	return nil
}

func (p *player) send(kind string, fields ...string) {
	_, _ = io.WriteString(p.conn, "FASPMGR 2\nType: "+kind+"\n"+strings.Join(append(fields, "", ""), "\n"))
}

// listen takes orders.
func (p *player) listen() {
	lines := bufio.NewScanner(p.conn)
	kind := ""
	for lines.Scan() {
		name, value, _ := strings.Cut(lines.Text(), ": ")
		switch {
		case name == "Type":
			kind = value
		case name == "Rate" && kind == "RATE":
			p.note(func(r *Run) { r.Rates = append(r.Rates, value) })
			if len(p.run.Rates) == 1 {
				close(p.release)
			}
		case name == "" && kind == "CANCEL":
			p.note(func(r *Run) { r.Canceled = true })
			if !p.act.Stubborn {
				close(p.cancel)
				return
			}
		}
	}
}

func (p *player) beStubborn() {
	signal.Ignore(syscall.SIGTERM, syscall.SIGINT)
	child := exec.Command("sleep", "3600") // which takes over what is ignored
	if child.Start() == nil {
		p.note(func(r *Run) { r.Child = child.Process.Pid })
	}
}

// sendStranger has another program, in a group of its own, dial in first.
func sendStranger(port string) {
	self, err := os.Executable()
	if err != nil {
		return
	}
	c := exec.Command(self)
	c.Env = append(os.Environ(), strangerVariable+"="+port)
	c.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	out, err := c.StdoutPipe()
	if err != nil || c.Start() != nil {
		return
	}
	_, _ = bufio.NewReader(out).ReadString('\n') // it has dialled
	go func() { _ = c.Wait() }()
}

func stranger(port string) {
	conn, err := net.Dial("tcp", "127.0.0.1:"+port)
	if err != nil {
		os.Exit(1)
	}
	fmt.Println("dialled")
	_, _ = io.WriteString(conn, "FASPMGR 2\nType: SESSION\n\nFASPMGR 2\nType: DONE\n\n")
	_, _ = io.Copy(io.Discard, conn)
	os.Exit(0)
}
