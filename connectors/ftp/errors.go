package ftp

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/textproto"
	"os"
	"strings"
	"syscall"

	"github.com/jlaffaye/ftp"

	"gantry/connectors"
)

var remedies = map[connectors.Kind]string{
	connectors.KindNoSpace:     "make room on the server, or have the quota raised",
	connectors.KindPermission:  "ask the server's operator for the right to it; if the account may only send files, set the option dropBox",
	connectors.KindAuth:        "check the user in the URL and the option password",
	connectors.KindBusy:        "try again later, or lower the option connections",
	connectors.KindUnavailable: "the connection is made anew by the next call",
}

const remedyReuse = "the server wants data connections to resume the TLS session of the control connection: set the option tlsVersion to 1.2"

const remedyTLS = "the server wants TLS: write ftpes:// (or ftps:// where TLS begins at once)"

const remedyWrite = "the server does not say why: ask its operator for the right to write there"

const remedyOOPS = "the server's operator has to put right what it says, such as a login's folder that is missing"

// fail gives err its kind.
func fail(op, path string, err error) error {
	var known *connectors.Error
	if err == nil || errors.As(err, &known) {
		return err
	}
	kind, remedy := connectors.KindUnavailable, ""
	var refused *replyError
	switch err = translated(err); {
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		kind = connectors.KindOf(err)
	case errors.Is(err, ftp.ErrInvalidCommand):
		kind = connectors.KindInvalid
	case errors.As(err, &refused):
		kind, remedy = kindOf(refused.code, refused.text)
	case errors.Is(err, os.ErrDeadlineExceeded):
		kind = connectors.KindTimeout
	}
	if remedy == "" {
		remedy = remedies[kind]
	}
	return &connectors.Error{Kind: kind, Op: op, Path: path, Remedy: remedy, Err: err}
}

// hungUp says what to do about a server that answers and ends the connection before the login is done.
func hungUp(err error) error {
	var e *connectors.Error
	if errors.As(err, &e) && (errors.Is(e.Err, io.EOF) || errors.Is(e.Err, io.ErrUnexpectedEOF) || errors.Is(e.Err, syscall.ECONNRESET)) {
		e.Remedy = "it answers, and ended the connection: look into the server's log (too many sessions, an address that is blocked, or no FTP server at all)"
	}
	return err
}

// translated makes our own error of the library's for a reply.
func translated(err error) error {
	var theirs *textproto.Error
	if errors.As(err, &theirs) {
		return &replyError{theirs.Code, theirs.Msg}
	}
	return err
}

// kindOf reads a refusal: the code says little, so that the text has to help. The
// texts are those of the system that the server runs on, most often.
func kindOf(code int, text string) (kind connectors.Kind, remedy string) {
	text = strings.ToLower(text)
	says := func(words ...string) bool {
		for _, w := range words {
			if strings.Contains(text, w) {
				return true
			}
		}
		return false
	}
	switch {
	case code == 500 && strings.HasPrefix(text, "oops"): // vsftpd, before it ends the session
		return connectors.KindUnavailable, remedyOOPS
	case (code == 425 || code == 522) && says("reuse", "resum"):
		return connectors.KindUnsupported, remedyReuse
	case code == 534, code != 425 && says("use auth", "ssl required", "tls required", "ssl/tls required", "must use encryption", "must be encrypted", "cleartext", "clear text", "require secure"):
		return connectors.KindAuth, remedyTLS
	case (code == 421 || code == 530) && says("too many", "maximum number", "maximum login", "limit", "max connections", "server full", "no more connections", "sessions"):
		return connectors.KindBusy, ""
	case code == 430, code == 530, code == 331, code == 332:
		return connectors.KindAuth, ""
	case code == 421, code == 425, code == 426:
		return connectors.KindUnavailable, ""
	case code == 452, says("no space", "quota", "disk full", "disk is full", "exceeded storage", "insufficient disk"):
		return connectors.KindNoSpace, ""
	case code == 500, code == 502, code == 504, code == 202:
		return connectors.KindUnsupported, ""
	}
	return kindOfFile(code, says)
}

// kindOfFile reads a refusal that is about the file.
func kindOfFile(code int, says func(...string) bool) (connectors.Kind, string) {
	switch {
	case says("no such file", "no such directory", "not found", "not exist", "n't exist", "cannot find", "can't find", "not a directory", "file unavailable, file not found"):
		return connectors.KindNotFound, ""
	case says("file exists", "already exist", "directory not empty", "is a directory"):
		return connectors.KindExists, ""
	case says("name too long", "prohibited file name", "illegal", "invalid", "bad file", "not allowed in file name"):
		return connectors.KindInvalid, ""
	case says("denied", "not permitted", "not allowed", "forbidden", "read-only", "read only", "prohibited", "insufficient priv", "not authorized"):
		return connectors.KindPermission, ""
	case says("busy", "in use", "locked", "used by another"), code == 450:
		return connectors.KindBusy, ""
	case code == 451:
		return connectors.KindUnavailable, ""
	case code == 532, code == 553:
		return connectors.KindPermission, ""
	case code == 552:
		return connectors.KindNoSpace, ""
	case code == 501:
		return connectors.KindInvalid, ""
	default:
		return connectors.KindOther, ""
	}
}

// codeOf gives the code of a refusal, 0 if err is none.
func codeOf(err error) int {
	var refused *replyError
	if errors.As(translated(err), &refused) {
		return refused.code
	}
	return 0
}

// unknown tells whether the server does not know a command, or has switched it off.
func unknown(err error) bool {
	switch codeOf(err) {
	case 202, 500, 501, 502, 504:
		return true
	default:
		return false
	}
}

// missing makes KindNotFound of a refusal that does not say why, for commands that
// servers refuse in this way when there is no such file.
func missing(op, path string, err error) error {
	err = fail(op, path, err)
	if connectors.KindOf(err) == connectors.KindOther || connectors.KindOf(err) == connectors.KindInvalid {
		if code := codeOf(err); code == 550 || code == 553 {
			return connectors.Errorf(connectors.KindNotFound, op, path, "%w", errors.Unwrap(err))
		}
	}
	return err
}

// unexplained makes KindPermission of a 550 that does not say why, for commands that
// write, once every other cause has been looked for: vsftpd says no more of a place
// that may not be written to than that it failed.
func unexplained(op, path string, err error) error {
	if codeOf(err) != 550 || connectors.KindOf(fail(op, path, err)) != connectors.KindOther {
		return err
	}
	var known *connectors.Error
	if errors.As(err, &known) {
		op, path, err = known.Op, known.Path, known.Err
	}
	return &connectors.Error{Kind: connectors.KindPermission, Op: op, Path: path, Remedy: remedyWrite, Err: translated(err)}
}

// cut is the error of a transfer that ended early.
func cut(op, path, format string, args ...any) error {
	return &connectors.Error{
		Kind: connectors.KindIncomplete, Op: op, Path: path, Err: fmt.Errorf(format, args...),
		Remedy: "try again",
	}
}
