package ftp

import (
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"sync"

	"gantry/connectors"
	"gantry/connectors/link"
)

// authorities are the system's and those of a file. nil stands for the system's.
func (r reader) authorities(name string) *x509.CertPool {
	pool, err := link.Authorities(r.Text(name))
	r.Keep(err)
	return pool
}

// tlsConfig is for one control connection and its data connections, which resume
// its session: many servers refuse a data connection that does not prove in this
// way that it belongs to whoever logged in.
func (c config) tlsConfig(sessions *sessions, data bool) *tls.Config {
	made := link.TLS(c.authorities)
	made.ServerName, made.ClientSessionCache = c.serverName, cache{sessions, data}
	if c.tlsVersion == "1.2" {
		made.MaxVersion = tls.VersionTLS12
	}
	return made
}

// sessions keeps the newest session of a control connection. With TLS 1.3 it
// arrives after the handshake, with a later reply.
type sessions struct {
	mu     sync.Mutex
	newest *tls.ClientSessionState
}

// cache is what one connection sees of them. Data connections only take: what
// they are given in turn is not the control connection's session.
type cache struct {
	*sessions
	data bool
}

// Get implements tls.ClientSessionCache.
func (c cache) Get(string) (*tls.ClientSessionState, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.newest, c.newest != nil
}

// Put implements tls.ClientSessionCache.
func (c cache) Put(_ string, session *tls.ClientSessionState) {
	if c.data {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.newest = session
}

// distrusted tells which certificate a server showed that we do not trust.
func (c config) distrusted(err error) error {
	var failed *tls.CertificateVerificationError
	if !errors.As(err, &failed) || len(failed.UnverifiedCertificates) == 0 {
		return err
	}
	leaf := failed.UnverifiedCertificates[0]
	return &connectors.Error{
		Kind: connectors.KindHostKey, Op: "connect to", Path: c.url,
		Err:    fmt.Errorf("%w; the certificate's SHA-256 fingerprint is %X", failed.Err, sha256.Sum256(leaf.Raw)),
		Remedy: "compare the fingerprint with the server's operator; if it is right, put the certificate or its authority into a PEM file and name it in the option caFile (serverName, if it is for another name)",
	}
}
