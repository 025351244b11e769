package objectstore

import (
	"crypto/md5"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"

	"gantry/connectors"
)

// An Encryption is how the store encrypts new objects. With a customer's key, the
// store keeps none: the key goes with each request, and without it nobody reads
// the object again.
type Encryption struct {
	Kind   string // "", sse-s3, sse-kms or sse-c
	KMSKey string // "" for the account's own
	key    []byte // of the customer; never printed
}

// String does not tell the key.
func (e Encryption) String() string { return e.Kind }

// GoString does not tell the key.
func (e Encryption) GoString() string { return e.Kind }

// keyHeaders carry a customer's key.
const (
	keyHeaders     = "X-Amz-Server-Side-Encryption-Customer-"
	copyKeyHeaders = "X-Amz-Copy-Source-Server-Side-Encryption-Customer-"
)

func (e Encryption) dress(h http.Header, j job) {
	switch e.Kind {
	case "sse-s3":
		if j == creates {
			unlessSet(h, "X-Amz-Server-Side-Encryption", "AES256")
		}
	case "sse-kms":
		if j == creates {
			unlessSet(h, "X-Amz-Server-Side-Encryption", "aws:kms")
			unlessSet(h, "X-Amz-Server-Side-Encryption-Aws-Kms-Key-Id", e.KMSKey)
		}
	case "sse-c":
		e.carryKey(h, keyHeaders)
		if h.Get("X-Amz-Copy-Source") != "" {
			e.carryKey(h, copyKeyHeaders)
		}
	}
}

func (e Encryption) carryKey(h http.Header, prefix string) {
	sum := md5.Sum(e.key)
	h.Set(prefix+"Algorithm", "AES256")
	h.Set(prefix+"Key", base64.StdEncoding.EncodeToString(e.key))
	h.Set(prefix+"Key-Md5", base64.StdEncoding.EncodeToString(sum[:]))
}

// readEncryption reads the options encryption, kmsKey and customerKey. secure
// tells whether the endpoint is asked over TLS.
func readEncryption(option func(name string) string, secure bool) (Encryption, error) {
	e := Encryption{Kind: option("encryption"), KMSKey: option("kmsKey")}
	switch e.Kind {
	case "sse-s3", "sse-kms", "sse-c":
	case "none", "":
		e.Kind = ""
	default:
		return e, invalidOption("encryption", fmt.Errorf("there is no value %q", e.Kind), "write none, sse-s3, sse-kms or sse-c")
	}
	if e.KMSKey != "" && e.Kind != "sse-kms" {
		return e, invalidOption("kmsKey", errors.New("it is of use with sse-kms only"), "set encryption to sse-kms, or leave kmsKey out")
	}
	if (option("customerKey") != "") != (e.Kind == "sse-c") {
		return e, invalidOption("customerKey", errors.New("sse-c needs a customer's key, and nothing else does"), "give both: encryption sse-c, and customerKey as env:NAME or file:PATH")
	}
	if e.Kind != "sse-c" {
		return e, nil
	}
	if !secure {
		return e, invalidOption("customerKey", errors.New("the key would cross the network in the clear"), "take an endpoint with https")
	}
	text, err := connectors.Secret(option("customerKey"))
	if err != nil {
		return e, err
	}
	if e.key, err = base64.StdEncoding.DecodeString(text); err != nil || len(e.key) != 32 {
		return e, invalidOption("customerKey", errors.New("it is not 32 bytes in base64"), "make one with: openssl rand -base64 32")
	}
	return e, nil
}

func invalidOption(name string, err error, remedy string) error {
	return &connectors.Error{Kind: connectors.KindInvalid, Op: "read option", Path: name, Err: err, Remedy: remedy}
}
