package ascp

import (
	"errors"
	"fmt"

	"gantry/connectors"
)

// A Failure is an error that ascp reports by its code. It is inside of the
// *connectors.Error that a session returns.
type Failure struct {
	Code        int
	Description string // ascp's words, or the server's
}

// Error implements error.
func (f *Failure) Error() string {
	switch name := table[f.Code].name; {
	case f.Description != "":
		return fmt.Sprintf("ascp says: %s (code %d)", f.Description, f.Code)
	case name != "":
		return fmt.Sprintf("ascp says: %s (code %d)", name, f.Code)
	default:
		return fmt.Sprintf("ascp failed with code %d", f.Code)
	}
}

// noAddress is what code 14 says when no number of attempts will help.
const noAddress = "Target address not available"

// Retryable tells whether another session may do better. It is narrower than
// connectors.Retryable: some of what can be tried again later by a person, such as
// a full disk, is of no use to be tried again at once.
func Retryable(err error) bool {
	var f *Failure
	if !errors.As(err, &f) {
		return connectors.Retryable(err)
	}
	return table[f.Code].retry && (f.Code != 14 || f.Description != noAddress)
}

// asError gives a code its kind and its remedy.
func (f *Failure) asError(path string) *connectors.Error {
	c := table[f.Code]
	if f.Code == 14 && f.Description == noAddress {
		c = code{kind: connectors.KindInvalid, remedy: "check the host's name and address"}
	}
	if c.kind == "" {
		c.kind = connectors.KindOther
	}
	return &connectors.Error{Kind: c.kind, Op: "move by ascp", Path: path, Err: f, Remedy: c.remedy}
}

type code struct {
	name   string
	kind   connectors.Kind
	retry  bool
	remedy string
}

const (
	ssh     = "check the SSH port (33001 at most servers, 22 at some) and the firewall"
	udp     = "check the UDP port (33001 as a rule) and the firewall"
	account = "check the user, the password, the key or the token; a token ends after a while"
	license = "ask the server's operator: its license does not allow this"
	server  = "ask the server's operator"
	room    = "make room where the file is written"
	rights  = "ask the server's operator for the right to it, or check the permissions on this machine"
	reading = "check the disk that is read from or written to"
)

// table has the codes of the management protocol.
var table = map[int]code{
	1:  {"protocol error", connectors.KindOther, false, server},
	2:  {"error of ascp", connectors.KindOther, false, server},
	3:  {"the target is ambiguous", connectors.KindInvalid, false, ""},
	4:  {"no such file or folder", connectors.KindNotFound, false, ""},
	5:  {"no permission", connectors.KindPermission, false, rights},
	6:  {"the target is no folder", connectors.KindInvalid, false, ""},
	7:  {"a folder stands where a file should be", connectors.KindInvalid, false, ""},
	8:  {"usage", connectors.KindInvalid, false, "this version of ascp does not know an option that Gantry uses: install a newer one"},
	9:  {"duplicate license", connectors.KindPermission, false, license},
	10: {"the rate is above the license's", connectors.KindInvalid, false, "lower the option rate"},
	11: {"internal error", connectors.KindOther, false, server},
	12: {"the control connection failed", connectors.KindUnavailable, true, ssh},
	13: {"the control connection timed out", connectors.KindTimeout, true, ssh},
	14: {"the data connection failed", connectors.KindUnavailable, true, udp},
	15: {"the data connection timed out", connectors.KindTimeout, true, udp},
	16: {"the connection was lost", connectors.KindUnavailable, true, ""},
	17: {"the receiver cannot send", connectors.KindUnavailable, true, ""},
	18: {"the receiver cannot receive", connectors.KindUnavailable, true, ""},
	19: {"authentication failed", connectors.KindAuth, false, account},
	20: {"nothing to transfer", connectors.KindNotFound, false, ""},
	21: {"not a regular file", connectors.KindInvalid, false, ""},
	22: {"too many files", connectors.KindOther, false, ""},
	23: {"too many open files", connectors.KindBusy, true, ""},
	24: {"the file is too big for the file system", connectors.KindInvalid, false, ""},
	25: {"no space left", connectors.KindNoSpace, false, room},
	26: {"the file system is read-only", connectors.KindPermission, false, rights},
	27: {"some files failed", connectors.KindOther, false, ""},
	28: {"cancelled", connectors.KindCanceled, false, ""},
	29: {"no license", connectors.KindPermission, false, license},
	30: {"the license has expired", connectors.KindPermission, false, license},
	31: {"no socket", connectors.KindUnavailable, false, udp},
	32: {"out of memory", connectors.KindBusy, true, ""},
	33: {"no thread", connectors.KindBusy, true, ""},
	34: {"unauthorized", connectors.KindAuth, false, account},
	35: {"the disk cannot be read", connectors.KindUnavailable, true, reading},
	36: {"the disk cannot be written", connectors.KindUnavailable, true, reading},
	37: {"authorization failed", connectors.KindAuth, true, account},
	38: {"not permitted by the license", connectors.KindPermission, false, license},
	39: {"the peer ended the session", connectors.KindUnavailable, true, ""},
	40: {"the transfer stalled", connectors.KindTimeout, true, ""},
	41: {"the path is outside of the document root", connectors.KindPermission, false, "name a path below the user's document root"},
	42: {"the file is there already", connectors.KindExists, false, ""},
	43: {"the file cannot be looked at", connectors.KindNotFound, false, ""},
	44: {"the UDP session failed", connectors.KindUnavailable, true, udp},
	45: {"the bandwidth could not be measured", connectors.KindUnavailable, true, udp},
	46: {"virtual link", connectors.KindOther, false, server},
	47: {"the HTTP connection failed", connectors.KindUnavailable, false, ""},
	48: {"file encryption", connectors.KindIntegrity, false, ""},
	49: {"wrong passphrase of an encrypted file", connectors.KindAuth, false, "check the option encryption"},
	50: {"configuration of ascp", connectors.KindInvalid, false, "check the aspera.conf of the ascp that is installed"},
	51: {"host key", connectors.KindHostKey, false, "compare the server's fingerprint with the option hostKey"},
	52: {"validation at the start", connectors.KindPermission, false, server},
	53: {"validation at the end", connectors.KindPermission, false, server},
	54: {"validation", connectors.KindPermission, false, server},
	55: {"the path is too long", connectors.KindInvalid, false, ""},
	56: {"a character that the server's Windows cannot have", connectors.KindInvalid, false, "rename the file"},
	57: {"alignment", connectors.KindInvalid, false, server},
	58: {"validation ended the session", connectors.KindPermission, false, server},
	59: {"the server's storage failed", connectors.KindUnavailable, false, server},
	60: {"a script of the server ended the session", connectors.KindPermission, false, server},
	61: {"encryption at rest", connectors.KindUnavailable, true, ""},
	62: {"encryption at rest", connectors.KindOther, false, server},
	63: {"a loop of links", connectors.KindInvalid, false, ""},
	64: {"a partial file cannot be renamed", connectors.KindPermission, false, server},
	65: {"the cipher is not allowed here", connectors.KindInvalid, false, "choose another option cipher"},
	66: {"the server wants another cipher", connectors.KindInvalid, false, "choose another option cipher"},
}
