package sftp

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"

	"golang.org/x/crypto/ssh"
)

// ownCertificate reads the one that the option names; nil if it names none.
func (l *login) ownCertificate() (*ssh.Certificate, error) {
	if l.certificate == "" {
		return nil, nil
	}
	certificate, err := readCertificate(l.certificate)
	if err != nil {
		return nil, l.refused(fmt.Errorf("certificate %s: %w", l.certificate, err))
	}
	return certificate, nil
}

// certified gives the ways to log in with a key: with the certificate first, if
// one of this key is at hand, and with the key alone. Beside a key's file lies
// its certificate, by the custom of ssh-keygen.
func (l *login) certified(file string, signer ssh.Signer, own *ssh.Certificate) []ssh.Signer {
	list := []ssh.Signer{signer}
	name, certificate := l.certificate, own
	if certificate == nil && file != "" {
		name = file + "-cert.pub"
		var err error
		if certificate, err = readCertificate(name); err != nil {
			if !errors.Is(err, fs.ErrNotExist) {
				l.note("the certificate %s cannot be used: %v", name, err)
			}
			return list
		}
	}
	if certificate == nil || !bytes.Equal(certificate.Key.Marshal(), signer.PublicKey().Marshal()) {
		if own != nil {
			l.note("the certificate %s is not of the key %s", name, ssh.FingerprintSHA256(signer.PublicKey()))
		}
		return list
	}
	if until := time.Unix(int64(min(certificate.ValidBefore, 1<<40)), 0); time.Now().After(until) {
		l.note("the certificate %s was valid until %s", name, until.UTC().Format(time.RFC3339))
	}
	with, err := ssh.NewCertSigner(certificate, signer)
	if err != nil {
		l.note("the certificate %s cannot be used: %v", name, err)
		return list
	}
	return append([]ssh.Signer{with}, list...)
}

func readCertificate(file string) (*ssh.Certificate, error) {
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	key, _, _, _, err := ssh.ParseAuthorizedKey(data)
	if err != nil {
		return nil, err
	}
	certificate, ok := key.(*ssh.Certificate)
	if !ok || certificate.CertType != ssh.UserCert {
		return nil, errors.New("it is no user's certificate")
	}
	return certificate, nil
}
