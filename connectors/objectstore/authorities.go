package objectstore

import (
	"crypto/x509"
	"errors"
	"fmt"
	"os"
)

// Authorities are those of the system and of a PEM file. nil without a file: those
// of the system.
func Authorities(file string) (*x509.CertPool, error) {
	if file == "" {
		return nil, nil
	}
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, invalidOption("caFile", err, "name a PEM file that can be read")
	}
	pool, err := x509.SystemCertPool()
	if err != nil {
		pool = x509.NewCertPool()
	}
	if !pool.AppendCertsFromPEM(data) {
		return nil, invalidOption("caFile", fmt.Errorf("%s: %w", file, errors.New("there is no certificate in it")), "give the authority's certificate, which begins with -----BEGIN CERTIFICATE-----")
	}
	return pool, nil
}
