package objectstore

import (
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"

	"gantry/connectors"
	"gantry/connectors/link"
)

// Options declare what both connectors have: what ReadTerms, ReadKeys and
// ReadTransport read.
func Options() []connectors.Option {
	return append(append(KeyOptions(), []connectors.Option{
		{Name: "anonymous", Help: "true: requests are not signed, as public buckets allow", Default: "false"},
		{Name: "checksum", Help: "whether the store checks CRC64NVME: auto, crc64nvme or none", Default: "auto"},
		{Name: "storageClass", Help: "storage class of new objects", Example: "STANDARD_IA"},
		{Name: "acl", Help: "canned access control list of new objects, as partners ask for it", Example: "bucket-owner-full-control"},
		{Name: "tags", Help: "tags of new objects, at most ten, written like the query of a URL", Example: "project=cup&retention=7y"},
		{Name: "requesterPays", Help: "true: whoever asks pays for requests and traffic, and not the bucket's owner", Default: "false"},
		{Name: "encryption", Help: "how the store encrypts new objects: none (as the bucket is set), sse-s3, sse-kms or sse-c", Default: "none", Example: "sse-kms"},
		{Name: "kmsKey", Help: "key of KMS for sse-kms; the account's own without it", Example: "arn:aws:kms:eu-central-1:111122223333:key/1234abcd"},
		{Name: "customerKey", Help: "key for sse-c, 32 bytes in base64; without it, nobody reads the objects again", Example: "file:/run/secrets/sse-c", Secret: true},
		{Name: "retain", Help: "locks new objects from the first second: governance or compliance, and days or years; the bucket needs Object Lock", Example: "compliance 30d"},
		{Name: "hold", Help: "true: new objects are under a legal hold until somebody takes it off", Default: "false"},
		{Name: "caFile", Help: "PEM file of further certificate authorities", Example: "/etc/ssl/store-ca.pem"},
		{Name: "timeout", Help: "a connection on which not one byte moves for so long is given up", Default: "3m", Example: "30s"},
		{Name: "connections", Help: "most connections at once; 0 = no limit", Default: "0", Example: "32"},
	}...), link.Options()...)
}

// ReadTerms reads the options of Terms. secure tells whether the store is asked
// over TLS.
func ReadTerms(option func(name string) string, secure bool, now func() time.Time) (t Terms, err error) {
	t = Terms{Class: option("storageClass"), ACL: option("acl"), Now: now}
	if t.RequesterPays, err = ReadBool(option, "requesterPays"); err != nil {
		return t, err
	}
	if t.Hold, err = ReadBool(option, "hold"); err != nil {
		return t, err
	}
	if t.Tags, err = readTags(option("tags")); err != nil {
		return t, err
	}
	if t.Retain, err = ParseRetain(option("retain")); err != nil {
		return t, err
	}
	if strings.ContainsFunc(t.Class+t.ACL+option("kmsKey"), func(r rune) bool { return r <= ' ' || r > '~' }) {
		return t, invalidOption("storageClass", errors.New("storageClass, acl or kmsKey has a character that no header may have"), "write the words of the store's documents")
	}
	t.Encryption, err = readEncryption(option, secure)
	return t, err
}

// ReadBool reads an option that is true or false.
func ReadBool(option func(name string) string, name string) (bool, error) {
	value := option(name)
	if value == "" {
		return false, nil
	}
	on, err := strconv.ParseBool(value)
	if err != nil {
		return false, invalidOption(name, errors.New("it is neither true nor false"), "write true or false")
	}
	return on, nil
}

// maxTags is the limit of S3 for the tags of one object.
const maxTags = 10

// readTags writes tags anew, so that what is sent is well-formed.
func readTags(value string) (string, error) {
	tags, err := url.ParseQuery(value)
	if err != nil {
		return "", invalidOption("tags", errors.New("they are not written like the query of a URL"), "write name=value&name=value, with % as %25 and & as %26")
	}
	if len(tags) > maxTags {
		return "", invalidOption("tags", fmt.Errorf("there are %d of them, and an object has at most %d", len(tags), maxTags), "leave some out")
	}
	for name, values := range tags {
		if name == "" || len(values) != 1 {
			return "", invalidOption("tags", fmt.Errorf("the name %q is empty, or there twice", name), "give each tag a name of its own")
		}
	}
	return strings.ReplaceAll(tags.Encode(), "+", "%20"), nil
}
