package sftp

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
)

// answers answers a server that asks questions (keyboard-interactive, RFC 4256):
// the password where one is asked for, and nothing else. It never shows a
// password to a question that asks for another thing, and gives it once.
type answers struct {
	login    *login
	password string
	given    bool
}

// oneTime are the words of questions that a password does not answer.
var oneTime = regexp.MustCompile(`(?i)(one.?time|otp|token|code|passcode|verification|duo|yubi|second factor|2fa|\bpin\b|new password|retype|change)`)

func (a *answers) challenge(_, instruction string, questions []string, echos []bool) ([]string, error) {
	list := make([]string, len(questions))
	for i, question := range questions {
		switch {
		case echos[i], oneTime.MatchString(question):
			return nil, a.stop(question, instruction, "which a password does not answer")
		case a.password == "":
			return nil, a.stop(question, instruction, "and there is no password")
		case a.given:
			return nil, a.stop(question, instruction, "after the password was given: it is wrong, or a second factor is wanted")
		}
		list[i] = a.password
	}
	a.given = a.given || len(questions) > 0
	return list, nil
}

// stop remembers what the server asked: the library would only say that it failed.
func (a *answers) stop(question, instruction, why string) error {
	text := fmt.Sprintf("the server asks %q, %s", strings.TrimSpace(question), why)
	if instruction = strings.TrimSpace(instruction); instruction != "" {
		text += fmt.Sprintf("; it says %q", instruction)
	}
	a.login.refusal = errors.New(text + "; an unattended login needs a key or a password alone")
	return a.login.refusal
}
