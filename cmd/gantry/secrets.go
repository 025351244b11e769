package main

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/url"
	"os"
	"path/filepath"

	"gantry/connectors"
	"gantry/transfer/durable"
)

// keepSecretOf stores the secrets of a URL that was typed where only the user can
// read them, and says how to name them from now on.
func keepSecretOf(l connectors.Location) func(option, secret string) (string, error) {
	return func(option, secret string) (string, error) {
		dir, err := stateFolder("secrets")
		if err != nil {
			return "", err
		}
		u, err := url.Parse(l.URL)
		if err != nil {
			return "", err
		}
		sum := sha256.Sum256([]byte(u.Scheme + "://" + u.User.Username() + "@" + u.Host + " " + option))
		file := filepath.Join(dir, u.Hostname()+"-"+option+"-"+hex.EncodeToString(sum[:4]))
		if err := durable.Write(file, durable.Bytes([]byte(secret))); err != nil {
			return "", fmt.Errorf("move the secret out of the URL: %w", err)
		}
		reference := "file:" + file
		fmt.Fprintf(os.Stderr, "warning: the URL carries a secret, which the process list and the shell's history show to others; it is kept in\n"+
			"  %s. From now on leave it out of the URL and give the option %s=%s; and change the secret.\n", file, option, reference)
		return reference, nil
	}
}
