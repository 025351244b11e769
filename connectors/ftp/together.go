package ftp

import (
	"errors"
	"strings"
)

// together sends several commands at once, and reads the final reply to each: between
// them there is no way there and back.
func (c *control) together(commands ...string) ([]reply, error) {
	for _, command := range commands {
		if reason := badByte(command); reason != "" {
			return nil, errors.New(reason)
		}
	}
	if _, err := c.Write([]byte(strings.Join(commands, "\r\n") + "\r\n")); err != nil {
		return nil, err
	}
	replies := make([]reply, 0, len(commands))
	for len(replies) < len(commands) {
		r, err := c.reply()
		if err != nil {
			return nil, err
		}
		if r.code >= 200 {
			replies = append(replies, r)
		}
		c.pending = len(replies) < len(commands)
	}
	return replies, nil
}
