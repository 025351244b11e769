package objectstore

import (
	"fmt"
	"strings"
	"time"

	"gantry/connectors"
)

// A meaning is what an answer means whose code alone does not tell.
type meaning struct {
	code, says string // says: part of the message, in lower case; "" for any
	kind       connectors.Kind
	remedy     string
}

const noLock = "the bucket has no Object Lock: make a bucket that has it from the start, or have its owner turn it on"

var meanings = []meaning{
	{"", "worm protected", connectors.KindHeld, "it is locked: ask for its lock, and wait or have it taken off"},
	{"", "object protected by object lock", connectors.KindHeld, "it is locked: ask for its lock, and wait or have it taken off"},
	{"", "missing objectlockconfiguration", connectors.KindUnsupported, noLock},
	{"", "missing object lock configuration", connectors.KindUnsupported, noLock},
	{"", "object lock configuration does not exist", connectors.KindUnsupported, noLock},
	{"", "object lock is not enabled", connectors.KindUnsupported, noLock},
	{"InvalidBucketObjectLockConfiguration", "", connectors.KindUnsupported, noLock},
	{"ObjectLockConfigurationNotFoundError", "", connectors.KindUnsupported, noLock},
	{"AccessControlListNotSupported", "", connectors.KindInvalid, "the bucket knows no access control lists: leave the option acl out"},
	{"", "copy an object to itself without changing", connectors.KindUnsupported, "this store has no other class for it"},
	{"InvalidStorageClass", "", connectors.KindInvalid, "write a storage class that this store has in the option storageClass"},
	{"", "form of server side encryption", connectors.KindInvalid, "the object needs its customer's key: set encryption to sse-c, and customerKey to the key that it was stored with"},
	{"", "sse-c key", connectors.KindInvalid, "set customerKey to the key that the object was stored with"},
	{"", "calculated md5 hash of the key", connectors.KindInvalid, "set customerKey to the key that the object was stored with"},
	{"KMS.NotFoundException", "", connectors.KindInvalid, "check the option kmsKey"},
	{"KMS.DisabledException", "", connectors.KindPermission, "have the key of KMS enabled"},
	{"KMS.KMSInvalidStateException", "", connectors.KindPermission, "have the key of KMS enabled"},
	{"InvalidTag", "", connectors.KindInvalid, "a tag's name has at most 128 characters, its value 256: letters, digits, spaces and + - = . _ : / @"},
	{"AccessDenied", "kms:", connectors.KindPermission, "have the key's owner grant kms:GenerateDataKey and kms:Decrypt"},
	{"AccessDenied", "requester pays", connectors.KindPermission, "the bucket's owner does not pay: set requesterPays to true, and pay"},
}

func byMessage(f *Fault) (connectors.Kind, string, bool) {
	message := strings.ToLower(f.Message)
	for _, m := range meanings {
		if (m.code == "" || m.code == f.Code) && strings.Contains(message, m.says) {
			return m.kind, m.remedy, true
		}
	}
	return "", "", false
}

// skew says by how much this machine's clock is wrong, if it is.
func (p *Place) skew(clock time.Time) string {
	switch ahead := p.now().Sub(clock).Round(time.Minute); {
	case ahead > 0:
		return fmt.Sprintf(": it is %v ahead of the store's", ahead)
	case ahead < 0:
		return fmt.Sprintf(": it is %v behind the store's", -ahead)
	default:
		return ""
	}
}
