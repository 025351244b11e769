package spec

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Check refuses a transfer that ascp would refuse or misread. Errors say what to
// do, and hold no secret.
func (s Spec) Check() error {
	if s.Direction != Send && s.Direction != Receive {
		return fmt.Errorf("the direction is %q: write send or receive", s.Direction)
	}
	if s.RemoteHost == "" || s.RemoteUser == "" {
		return errors.New("the transfer names no host or no user: give remote_host and remote_user")
	}
	if len(s.Paths) == 0 || s.DestinationRoot == "" {
		return errors.New("the transfer names no file or no destination: give paths and destination_root")
	}
	for _, check := range []func() error{s.checkWords, s.checkNumbers, s.checkPaths, s.checkText, s.checkSecrets} {
		if err := check(); err != nil {
			return err
		}
	}
	return nil
}

func (s Spec) checkWords() error {
	_, resume := resumeLevels[s.Resume]
	switch {
	case s.Resume != "" && !resume:
		return fmt.Errorf("there is no resume policy %q: write none, attrs, sparse or full", s.Resume)
	case s.ContentProtection != "" && s.ContentProtection != "encrypt" && s.ContentProtection != "decrypt":
		return fmt.Errorf("the content protection is %q: write encrypt or decrypt", s.ContentProtection)
	}
	return errors.Join(
		oneOf("rate policy", s.RatePolicy, ratePolicies), oneOf("cipher", s.Cipher, ciphers),
		oneOf("overwrite policy", s.Overwrite, overwrites), oneOf("file checksum", s.Checksum, checksums),
	)
}

// oneOf also takes "", which is ascp's own default.
func oneOf[T ~string](what string, value T, of []T) error {
	if value == "" || slices.Contains(of, value) {
		return nil
	}
	words := make([]string, len(of))
	for i, word := range of {
		words[i] = string(word)
	}
	return fmt.Errorf("there is no %s %q: write one of %s", what, value, strings.Join(words, ", "))
}

func (s Spec) checkNumbers() error {
	for name, port := range map[string]int{"ssh_port": s.SSHPort, "fasp_port": s.FaspPort, "wss_port": s.WSSPort} {
		if port < 0 || port > 65535 {
			return fmt.Errorf("the %s is %d: write 1 to 65535", name, port)
		}
	}
	if s.TargetRate < 0 || s.MinRate < 0 {
		return errors.New("a rate is below zero")
	}
	return nil
}

// checkPaths also sees to it that the lines of a file list mean what they say.
func (s Spec) checkPaths() error {
	named := 0
	for _, p := range s.Paths {
		if p.Source == "" {
			return errors.New("a path has no source")
		}
		if p.Destination != "" {
			named++
		}
		if strings.HasPrefix(p.Destination, "/") {
			return fmt.Errorf("the destination %q is absolute: write it relative to destination_root", p.Destination)
		}
	}
	if named > 0 && named < len(s.Paths) {
		return errors.New("some paths have a destination and some have none: give all or none")
	}
	return nil
}

func (s Spec) checkText() error {
	texts := []string{s.RemoteHost, s.RemoteUser, s.DestinationRoot, s.SourceRoot, s.KeyFile, s.SSHHostDigest}
	for _, p := range s.Paths {
		texts = append(texts, p.Source, p.Destination)
	}
	for _, text := range texts {
		if strings.ContainsAny(text, "\n\r\x00") {
			return fmt.Errorf("%q has a line break or NUL in it, which ascp's lists cannot carry: rename it", text)
		}
	}
	for _, text := range []string{s.RemoteHost, s.RemoteUser} {
		if strings.HasPrefix(text, "-") || strings.ContainsAny(text, " \t@/") {
			return fmt.Errorf("%q is no name of a host or user", text)
		}
	}
	return nil
}

func (s Spec) checkSecrets() error {
	for _, secret := range []string{s.Password, s.KeyPassphrase, s.Key, s.Token, s.Cookie, s.ContentPassword} {
		if strings.ContainsRune(secret, 0) {
			return errors.New("a secret has NUL in it, which an environment cannot carry")
		}
	}
	switch {
	case s.Password != "" && s.KeyPassphrase != "":
		return errors.New("there are a password and a key's passphrase: ascp takes one of them, give one")
	case s.ContentProtection != "" && s.ContentPassword == "":
		return errors.New("content protection needs a passphrase")
	}
	return nil
}
