package main

import (
	"slices"
	"strings"
	"testing"

	"gantry/connectors/all"
	"gantry/transfer/steer"
)

// What is written down of a copy names where secrets are kept, and holds none.
func TestWhatWasAskedHoldsNoSecret(t *testing.T) {
	typed := "ftp://me:hunter2@127.0.0.1:2121/in/new clips/?x=1"
	typed = strings.TrimSuffix(typed, "?x=1")
	l, path, err := all.Parse(typed)
	if err != nil {
		t.Fatal(err)
	}
	l, err = all.TakeSecrets(l, func(option, secret string) (string, error) { return "file:/secrets/" + option, nil })
	if err != nil {
		t.Fatal(err)
	}
	s := &spot{location: l, path: path, typed: redacted(typed)}
	dst, options := s.reopen(typed, nil)
	r := steer.Record{Command: []string{"copy", "a", dst}, Flags: map[string][]string{"dst-option": options, "digest": {"md5", "sha256"}}}
	words := again(r)
	if strings.Contains(strings.Join(words, " "), "hunter2") || !slices.Contains(words, "--dst-option=password=file:/secrets/password") || !slices.Contains(words, "--digest=sha256") {
		t.Errorf("it says %q", words)
	}
	back, there, err := all.Parse(dst)
	if err != nil || back.URL != l.URL || strings.Trim(there, "/") != strings.Trim(path, "/") || !strings.HasSuffix(dst, "/") {
		t.Errorf("%s is %s %s, %v; it was %s %s", dst, back.URL, there, err, l.URL, path)
	}
	if same, _ := s.reopen("archive:2026/", nil); same != "archive:2026/" {
		t.Errorf("a location is now %s", same)
	}
}
