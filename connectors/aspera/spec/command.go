package spec

import (
	"encoding/base64"
	"slices"
	"strconv"
	"strings"
)

// DefaultPort is where Aspera's servers listen: TCP for SSH, UDP for the data.
const DefaultPort = 33001

// A Session is what one start of ascp adds to a transfer.
type Session struct {
	ManagementPort int    // where we listen
	ListFile       string // absolute; where the caller writes Command.List before it starts ascp
	Trusted        string // PEM file of certificate authorities; only for web sockets
	Grow           *Grow  // nil for a file that is whole
}

// A Command is how ascp is started. Env holds secrets, Args never does.
type Command struct {
	Args []string // after the program's name
	Env  []string // to be added to the environment
	List []byte   // for Session.ListFile; nil where none is named
}

// Command gives the command line for a transfer that Check has nothing against.
// Sources go into a list file, so that no name can be taken for an option; the
// destination is the last argument, in base64.
func (s Spec) Command(o Session) (Command, error) {
	if err := s.Check(); err != nil {
		return Command{}, err
	}
	var a args
	a.add("-M", strconv.Itoa(o.ManagementPort), "-q")
	s.login(&a, o)
	s.rates(&a)
	s.content(&a)
	c := Command{Env: s.environment()}
	if o.Grow != nil {
		source, err := o.Grow.source(s.Paths)
		if err != nil {
			return Command{}, err
		}
		a.add("--dest64", source)
	} else {
		var option string
		option, c.List = s.list()
		a.add("--dest64", option+"="+o.ListFile)
	}
	a.add(base64.StdEncoding.EncodeToString([]byte(s.DestinationRoot)))
	c.Args = a
	return c, nil
}

type args []string

func (a *args) add(words ...string) { *a = append(*a, words...) }

// option adds an option with a value, unless there is none.
func (a *args) option(name, value string) {
	if value != "" {
		a.add(name, value)
	}
}

func (a *args) joined(name, value string) {
	if value != "" {
		a.add(name + "=" + value)
	}
}

func (s Spec) login(a *args, o Session) {
	mode := map[string]string{Send: "send", Receive: "recv"}[s.Direction]
	a.add("--mode", mode, "--host", s.RemoteHost, "--user", s.RemoteUser)
	if s.WSSEnabled {
		a.add("--ws-connect", "-P", port(s.WSSPort))
		a.option("-i", o.Trusted)
		return
	}
	a.option("-i", s.KeyFile)
	a.add("-P", port(s.SSHPort), "-O", port(s.FaspPort))
	a.joined("--check-sshfp", s.SSHHostDigest)
}

func port(n int) string {
	if n == 0 {
		n = DefaultPort
	}
	return strconv.Itoa(n)
}

func (s Spec) rates(a *args) {
	a.option("--policy", string(s.RatePolicy))
	if s.TargetRate > 0 {
		a.add("-l", strconv.FormatInt(int64(s.TargetRate), 10))
	}
	if s.MinRate > 0 {
		a.add("-m", strconv.FormatInt(int64(s.MinRate), 10))
	}
	a.add("-y", "0") // no fallback to plain HTTP
}

func (s Spec) content(a *args) {
	a.option("-c", s.Cipher.onCommandLine())
	a.option("-k", resumeLevels[s.Resume])
	a.joined("--overwrite", string(s.Overwrite))
	a.joined("--file-checksum", string(s.Checksum))
	a.joined("--file-crypt", s.ContentProtection)
	if s.CreateDir {
		a.add("-d")
	}
	if s.PreserveTimes {
		a.add("-p")
	}
	if s.SourceRoot != "" {
		a.add("--source-prefix64", base64.StdEncoding.EncodeToString([]byte(s.SourceRoot)))
	}
	if len(s.Tags) > 0 && string(s.Tags) != "null" {
		a.add("--tags64", base64.StdEncoding.EncodeToString(s.Tags))
	}
}

// list is the content of the list file and the option that names it.
func (s Spec) list() (option string, content []byte) {
	var lines []string
	for _, p := range s.Paths {
		lines = append(lines, p.Source)
		if p.Destination != "" {
			lines = append(lines, p.Destination)
		}
	}
	if s.Paths[0].Destination != "" {
		return "--file-pair-list", []byte(strings.Join(lines, "\n"))
	}
	return "--file-list", []byte(strings.Join(lines, "\n"))
}

// environment holds what other users of the machine must not see in a list of
// processes.
func (s Spec) environment() []string {
	pass := s.Password
	if pass == "" {
		pass = s.KeyPassphrase
	}
	var env []string
	for name, value := range map[string]string{
		"ASPERA_SCP_PASS": pass, "ASPERA_SCP_KEY": s.Key, "ASPERA_SCP_TOKEN": s.Token,
		"ASPERA_SCP_COOKIE": s.Cookie, "ASPERA_SCP_FILEPASS": s.ContentPassword,
	} {
		if value != "" {
			env = append(env, name+"="+value)
		}
	}
	slices.Sort(env)
	return env
}
