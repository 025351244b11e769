package aspera

import (
	"strings"
	"testing"

	"gantry/connectors"
)

func TestLocationsThatCannotWorkAreRefused(t *testing.T) {
	for name, test := range map[string]struct {
		url  string
		with map[string]string
		says string
	}{
		"no host":                {"aspera:///x", nil, "a server and a path"},
		"a query":                {"aspera://u@h/x?y", nil, "%3F"},
		"no user":                {"aspera://h/x", map[string]string{"identityFile": "/k"}, "names no user"},
		"a secret":               {"aspera://u:hunter2@h/x", nil, "env:NAME"},
		"a literal secret":       {"aspera://u@h/x", map[string]string{"password": "hunter2"}, "holds a secret"},
		"nothing to log in with": {"aspera://u@h/x", nil, "identityFile, password or token"},
		"nothing for the node":   {"aspera+https://h:9092/x", map[string]string{"nodeUser": "n"}, "nodeUser and password"},
		"a password for anybody": {"aspera://u@h/x", map[string]string{"password": "env:P"}, "hostKey"},
		"a flag":                 {"aspera://u@h/x", map[string]string{"password": "env:P", "anyHostKey": "maybe"}, "true or false"},
		"two nodes":              {"aspera+https://h/x", map[string]string{"node": "https://i", "token": "env:T"}, "leave the option out"},
		"a node without TLS":     {"aspera://u@h/x", map[string]string{"node": "http://h:9091", "token": "env:T"}, "https"},
		"two secrets for SSH":    {"aspera://u@h/x", map[string]string{"password": "env:P", "passphrase": "env:Q"}, "give one"},
		"encryption and a node":  {"aspera+https://h/x", map[string]string{"token": "env:T", "encryption": "env:E"}, "encrypted files"},
		"a rate":                 {"aspera://u@h/x", map[string]string{"identityFile": "/k", "rate": "fast"}, "500M"},
		"a rate policy":          {"aspera://u@h/x", map[string]string{"identityFile": "/k", "ratePolicy": "fast"}, "fixed, high, fair, low"},
		"a cipher":               {"aspera://u@h/x", map[string]string{"identityFile": "/k", "cipher": "rot13"}, "aes-256-gcm"},
		"a way to resume":        {"aspera://u@h/x", map[string]string{"identityFile": "/k", "resume": "maybe"}, "none, attrs, sparse or full"},
		"a port":                 {"aspera://u@h/x", map[string]string{"identityFile": "/k", "sshPort": "99999"}, "1 to 65535"},
		"a duration":             {"aspera://u@h/x", map[string]string{"identityFile": "/k", "timeout": "long"}, "30s or 2m"},
		"no attempt":             {"aspera://u@h/x", map[string]string{"identityFile": "/k", "attempts": "0"}, "1 to 1000"},
		"a certificate":          {"aspera+https://h/x", map[string]string{"token": "env:T", "caFile": "/none.pem"}, "caFile"},
		"an unknown option":      {"aspera://u@h/x", map[string]string{"color": "red"}, `no option "color"`},
		"a hostile user":         {"aspera://-oProxy@h/x", map[string]string{"identityFile": "/k"}, "no name of a host"},
	} {
		_, err := Connector().Open(t.Context(), connectors.Location{URL: test.url, Options: test.with})
		if connectors.KindOf(err) != connectors.KindInvalid || !strings.Contains(err.Error(), test.says) || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: %v; want KindInvalid that says %q, and no secret", name, err, test.says)
		}
	}
}

func TestAPortOfTheURLIsTheOneOfSSH(t *testing.T) {
	c, err := configure(connectors.Location{URL: "aspera://u@h:22/in//x/", Options: map[string]string{"identityFile": "/k", "resume": "full_checksum"}})
	if err != nil || c.base.SSHPort != 22 || c.root != "/in/x" || c.resume != "full_csum" || c.base.FaspPort != 33001 {
		t.Errorf("got %+v, %v", c, err)
	}
}
