package ascp

import (
	"bytes"
	"io"
	"strings"
	"sync"
)

// limited takes everything and hands on the first bytes of it.
type limited struct {
	to   io.Writer
	left int
}

func (l *limited) Write(p []byte) (int, error) {
	n := min(len(p), l.left)
	l.left -= n
	if _, err := l.to.Write(p[:n]); err != nil {
		return 0, err
	}
	return len(p), nil
}

// maxTail is how much of the program's last words is kept, in bytes.
const maxTail = 2 << 10

// tail keeps the end of what a program wrote, without the secrets.
type tail struct {
	secrets []string

	mu   sync.Mutex
	data []byte
}

func (t *tail) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.data = append(t.data, p...)
	keep := maxTail
	for _, secret := range t.secrets {
		if secret != "" {
			t.data = bytes.ReplaceAll(t.data, []byte(secret), []byte("***"))
			keep = max(keep, maxTail+len(secret)) // half of one may still be to come
		}
	}
	if over := len(t.data) - keep; over > 0 {
		t.data = append(t.data[:0], t.data[over:]...)
	}
	return len(p), nil
}

// words are the program's last lines in one.
func (t *tail) words() string {
	t.mu.Lock()
	text := string(t.data)
	t.mu.Unlock()
	text = redact(strings.Join(strings.Fields(text), " "), t.secrets)
	return text[max(0, len(text)-maxTail):]
}

// redact takes secrets out of what another program says.
func redact(text string, secrets []string) string {
	for _, secret := range secrets {
		if secret = strings.Join(strings.Fields(secret), " "); secret != "" {
			text = strings.ReplaceAll(text, secret, "***")
		}
	}
	return text
}
