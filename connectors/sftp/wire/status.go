package wire

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strconv"
	"strings"
	"unicode"

	"github.com/pkg/sftp"
)

// A Code is the server's verdict on a request.
type Code uint32

// The codes of version 3, and those of later versions that servers send anyway.
const (
	OK               Code = 0
	EOF              Code = 1
	NoSuchFile       Code = 2
	PermissionDenied Code = 3
	Failure          Code = 4
	BadMessage       Code = 5
	NoConnection     Code = 6
	ConnectionLost   Code = 7
	Unsupported      Code = 8
	NoSuchPath       Code = 10
	AlreadyExists    Code = 11
	WriteProtect     Code = 12
	NoSpace          Code = 14
	QuotaExceeded    Code = 15
)

var meanings = map[Code]string{
	EOF: "end of file", NoSuchFile: "no such file", PermissionDenied: "permission denied", Failure: "failure", BadMessage: "bad message",
	NoConnection: "no connection", ConnectionLost: "connection lost", Unsupported: "operation not supported", NoSuchPath: "no such path",
	AlreadyExists: "it exists already", WriteProtect: "write-protected", NoSpace: "no space left", QuotaExceeded: "quota exceeded",
}

// A Status is a refusal by the server. It Is fs.ErrNotExist, fs.ErrPermission,
// fs.ErrExist or io.EOF where its code says so.
type Status struct {
	Code    Code
	Message string // the server's own words, made safe to print
}

// Error tells the code, and the server's words if they say more.
func (s *Status) Error() string {
	meaning, ok := meanings[s.Code]
	if !ok {
		meaning = fmt.Sprintf("status %d", s.Code)
	}
	if s.Message == "" || strings.EqualFold(s.Message, meaning) {
		return "the server says: " + meaning
	}
	return fmt.Sprintf("the server says: %s (%s)", meaning, s.Message)
}

// Is implements the comparison of errors.Is.
func (s *Status) Is(target error) bool {
	switch target {
	case fs.ErrNotExist:
		return s.Code == NoSuchFile || s.Code == NoSuchPath
	case fs.ErrPermission:
		return s.Code == PermissionDenied || s.Code == WriteProtect
	case fs.ErrExist:
		return s.Code == AlreadyExists
	case io.EOF:
		return s.Code == EOF
	}
	return false
}

// statusOf reads a status; OK is no error.
func statusOf(body []byte) error {
	r := reader{rest: body}
	code := Code(r.uint32())
	switch {
	case r.bad:
		return garbled("a status without a code")
	case code == OK:
		return nil
	}
	return &Status{Code: code, Message: printable(r.string())} // some servers send no message
}

// verdict makes the library's errors those of this package. What is no answer of
// the server's has ended the client, or does.
func (c *Client) verdict(err error) error {
	var said *sftp.StatusError
	var ours *Status
	switch {
	case err == nil, errors.As(err, &ours), errors.Is(err, ErrProtocol), errors.Is(err, fs.ErrClosed):
		return err
	case errors.As(err, &said):
		return &Status{Code: Code(said.Code), Message: printable(wordsOf(said))}
	case err == io.EOF: // a wrapped one is the connection's
		return &Status{Code: EOF}
	case errors.Is(err, fs.ErrNotExist):
		return &Status{Code: NoSuchFile}
	case errors.Is(err, fs.ErrPermission):
		return &Status{Code: PermissionDenied}
	case c.Err() != nil:
		return c.Err()
	case errors.Is(err, sftp.ErrSSHFxConnectionLost):
		return c.broken("an answer that nobody asked for")
	}
	return c.broken(err.Error())
}

// wordsOf gives the server's own words, which the library shows between quotes
// only.
func wordsOf(s *sftp.StatusError) string {
	quoted, err := strconv.QuotedPrefix(strings.TrimPrefix(s.Error(), "sftp: "))
	if err != nil {
		return ""
	}
	words, _ := strconv.Unquote(quoted)
	return words
}

func isRefusal(err error) bool {
	var status *Status
	return errors.As(err, &status)
}

// printable keeps a server from writing into our terminals and logs.
func printable(s string) string {
	const most = 200
	s = strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return '?'
		}
		return r
	}, strings.TrimSpace(s[:min(len(s), most)]))
	return s
}
