package link

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"os"

	"gantry/connectors"
)

// Authorities are those of the system and of a PEM file; nil without a file, which
// stands for those of the system. KindInvalid if the file holds none.
func Authorities(file string) (*x509.CertPool, error) {
	if file == "" {
		return nil, nil
	}
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, badFile(fmt.Errorf("it cannot be read: %w", err), "name a PEM file that can be read")
	}
	pool, err := x509.SystemCertPool()
	if err != nil { // a machine without any trusts the file alone
		pool = x509.NewCertPool()
	}
	if !pool.AppendCertsFromPEM(data) {
		return nil, badFile(fmt.Errorf("%s: %w", file, errors.New("there is no certificate in it")), "name the PEM file of the authority's certificate, which begins with -----BEGIN CERTIFICATE-----")
	}
	return pool, nil
}

func badFile(err error, remedy string) error {
	return &connectors.Error{Kind: connectors.KindInvalid, Op: "read option", Path: "caFile", Err: err, Remedy: remedy}
}

// sessions is how many TLS sessions a place keeps to resume: one a server, as a rule.
const sessions = 64

// TLS is how a place speaks TLS to servers that these authorities vouch for (nil:
// those of the system): at least 1.2, and with sessions that are resumed by all
// connections that are made with it or a clone, which saves the server's signature
// and, with 1.2, a round trip.
func TLS(authorities *x509.CertPool) *tls.Config {
	return &tls.Config{RootCAs: authorities, MinVersion: tls.VersionTLS12, ClientSessionCache: tls.NewLRUClientSessionCache(sessions)}
}
