package sftp_test

import (
	"errors"
	"net"
	"testing"

	pkgsftp "github.com/pkg/sftp"
	"golang.org/x/crypto/ssh"

	"gantry/connectors"
)

// passwordServer is a server of another make, since OpenSSH would check the
// passwords of the machine's own users. It serves the machine's files.
func passwordServer(t *testing.T, config *ssh.ServerConfig) (addr, hostKey string) {
	t.Helper()
	_, private, public := newKey(t, "")
	signer, err := ssh.NewSignerFromKey(private)
	must(t, err)
	config.AddHostKey(signer)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	t.Cleanup(func() { _ = listener.Close() })
	go func() {
		for {
			c, err := listener.Accept()
			if err != nil {
				return
			}
			go serve(c, config)
		}
	}()
	return listener.Addr().String(), string(ssh.MarshalAuthorizedKey(public))
}

func serve(c net.Conn, config *ssh.ServerConfig) {
	_, channels, requests, err := ssh.NewServerConn(c, config)
	if err != nil {
		return
	}
	go ssh.DiscardRequests(requests)
	for ch := range channels {
		channel, requests, err := ch.Accept()
		if err != nil {
			return
		}
		go func() {
			for r := range requests {
				_ = r.Reply(r.Type == "subsystem", nil)
			}
		}()
		server, err := pkgsftp.NewServer(channel)
		if err != nil {
			return
		}
		go func() { _ = server.Serve(); _ = channel.Close() }()
	}
}

func TestPassword(t *testing.T) {
	t.Setenv("SSH_AUTH_SOCK", "")
	t.Setenv("SFTP_TEST_RIGHT", "open sesame")
	t.Setenv("SFTP_TEST_WRONG", "open barley")
	verify := func(password string) (*ssh.Permissions, error) {
		if password != "open sesame" {
			return nil, errors.New("wrong password")
		}
		return nil, nil
	}
	for name, config := range map[string]*ssh.ServerConfig{
		"password": {PasswordCallback: func(_ ssh.ConnMetadata, password []byte) (*ssh.Permissions, error) { return verify(string(password)) }},
		"keyboard-interactive": {KeyboardInteractiveCallback: func(_ ssh.ConnMetadata, ask ssh.KeyboardInteractiveChallenge) (*ssh.Permissions, error) {
			answers, err := ask("", "", []string{"Password: "}, []bool{false})
			if err != nil || len(answers) != 1 {
				return nil, errors.New("no answer")
			}
			return verify(answers[0])
		}},
	} {
		t.Run(name, func(t *testing.T) {
			addr, hostKey := passwordServer(t, config)
			l := connectors.Location{
				URL:     "sftp://partner@" + addr + t.TempDir(),
				Options: map[string]string{"hostKey": hostKey, "password": "env:SFTP_TEST_RIGHT"},
			}
			up := begin(t, open(t, l), "clip", "")
			write(t, up, 1, 2, 3, 4)
			commit(t, up)
			l.Options["password"] = "env:SFTP_TEST_WRONG"
			wantRefusal(t, "a wrong password", l, connectors.KindAuth)
		})
	}
}

// Servers ask what they like. A password answers questions for one, and nothing
// else, and never twice.
func TestQuestions(t *testing.T) {
	t.Setenv("SSH_AUTH_SOCK", "")
	t.Setenv("SFTP_TEST_RIGHT", "open sesame")
	type round struct {
		questions []string
		echo      bool
	}
	for name, test := range map[string]struct {
		rounds  []round
		refused string
	}{
		"a password, and nothing":        {[]round{{[]string{"Password: "}, false}, {nil, false}}, ""},
		"nothing, and then a password":   {[]round{{nil, false}, {[]string{"(me@host) Passwort: "}, false}}, ""},
		"a password, and a code":         {[]round{{[]string{"Password: "}, false}, {[]string{"Verification code: "}, false}}, `asks "Verification code:"`},
		"a password and a code at once":  {[]round{{[]string{"Password: ", "Token: "}, false}}, `asks "Token:"`},
		"a password, and it once more":   {[]round{{[]string{"Password: "}, false}, {[]string{"Password: "}, false}}, "after the password was given"},
		"a question that shows answers":  {[]round{{[]string{"Your mother's name: "}, true}}, `asks "Your mother's name:"`},
		"a new password for an old one":  {[]round{{[]string{"Password: "}, false}, {[]string{"New password: "}, false}}, "New password"},
		"a second factor that is hidden": {[]round{{[]string{"Password: "}, false}, {[]string{"Enter the number on your card: "}, false}}, "Enter the number"},
	} {
		t.Run(name, func(t *testing.T) {
			addr, hostKey := passwordServer(t, &ssh.ServerConfig{KeyboardInteractiveCallback: func(_ ssh.ConnMetadata, ask ssh.KeyboardInteractiveChallenge) (*ssh.Permissions, error) {
				for _, r := range test.rounds {
					echos := make([]bool, len(r.questions))
					for i := range echos {
						echos[i] = r.echo
					}
					answers, err := ask("", "", r.questions, echos)
					if err != nil {
						return nil, err
					}
					for _, a := range answers {
						if a != "open sesame" {
							return nil, errors.New("wrong answer")
						}
					}
				}
				return nil, nil
			}})
			l := connectors.Location{
				URL:     "sftp://partner@" + addr + t.TempDir(),
				Options: map[string]string{"hostKey": hostKey, "password": "env:SFTP_TEST_RIGHT"},
			}
			if test.refused == "" {
				open(t, l)
				return
			}
			wantRefusal(t, name, l, connectors.KindAuth, test.refused)
		})
	}
}
