package web

import (
	"encoding/base64"
	"encoding/hex"
	"net/http"
	"strings"

	"gantry/connectors"
)

// registered are the digest algorithms of RFC 9530 and RFC 3230 that we know, by
// their names in lower case, with the bytes that they have.
var registered = map[string]struct {
	algorithm connectors.Algorithm
	size      int
}{
	"sha-256": {connectors.SHA256, 32}, "sha": {connectors.SHA1, 20}, "md5": {connectors.MD5, 16}, "crc32c": {connectors.CRC32C, 4},
}

// wholeDigests reads the server's digests of the whole file from an answer about
// the whole file. Of those that contradict each other none counts.
func wholeDigests(h http.Header) connectors.Digests {
	found, doubted := connectors.Digests{}, map[connectors.Algorithm]bool{}
	add := func(name, value string) {
		r, ok := registered[strings.ToLower(strings.TrimSpace(name))]
		sum, err := base64.StdEncoding.DecodeString(strings.TrimSpace(value))
		if !ok || err != nil || len(sum) != r.size {
			return
		}
		text := hex.EncodeToString(sum)
		if other, known := found[r.algorithm]; known && other != text {
			doubted[r.algorithm] = true
		}
		found[r.algorithm] = text
	}
	for _, name := range []string{"Repr-Digest", "Content-Digest"} { // RFC 9530: sha-256=:base64:, …
		for item := range strings.SplitSeq(strings.Join(h.Values(name), ","), ",") {
			key, value, _ := strings.Cut(item, "=")
			if value = strings.TrimSpace(value); len(value) > 2 && value[0] == ':' && value[len(value)-1] == ':' {
				add(key, value[1:len(value)-1])
			}
		}
	}
	for item := range strings.SplitSeq(strings.Join(h.Values("Digest"), ","), ",") { // RFC 3230: SHA-256=base64, …
		key, value, _ := strings.Cut(item, "=")
		add(key, value)
	}
	add("md5", h.Get("Content-MD5"))
	for algorithm := range doubted {
		delete(found, algorithm)
	}
	if len(found) == 0 {
		return nil
	}
	return found
}

// s3Digest reads a checksum as S3 writes it: base64, with the number of parts
// behind it if it is not one of the whole.
func s3Digest(d connectors.Digests, algorithm connectors.Algorithm, size int, text string) {
	sum, err := base64.StdEncoding.DecodeString(text)
	if err == nil && len(sum) == size {
		d[algorithm] = hex.EncodeToString(sum)
	}
}

// reprDigest writes the header of RFC 9530; "" if there is no SHA-256.
func reprDigest(d connectors.Digests) string {
	sum, err := hex.DecodeString(d[connectors.SHA256])
	if err != nil || len(sum) != 32 {
		return ""
	}
	return "sha-256=:" + base64.StdEncoding.EncodeToString(sum) + ":"
}

// contentMD5 writes the header; "" if there is no MD5.
func contentMD5(d connectors.Digests) string {
	sum, err := hex.DecodeString(d[connectors.MD5])
	if err != nil || len(sum) != 16 {
		return ""
	}
	return base64.StdEncoding.EncodeToString(sum)
}
