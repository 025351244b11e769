package resources

import (
	"errors"
	"net/url"
	"strings"
)

// check repeats neither the address nor the secret: both may be what a person
// wrote there by mistake.
func (w Webhook) check() error {
	u, err := url.Parse(w.URL)
	if err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") {
		return errors.New("url: write an http or https URL")
	}
	if u.User != nil {
		return errors.New("url: take user and password out: the receiver knows us by the signature")
	}
	if !strings.HasPrefix(w.Secret, "env:") && !strings.HasPrefix(w.Secret, "file:") {
		return errors.New("secret: write a reference, env:NAME or file:PATH, to the key that the receiver gave you")
	}
	return nil
}
