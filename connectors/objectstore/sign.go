package objectstore

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"
)

// UnsignedPayload stands for the digest of a body that the signature leaves out:
// its checksum is a header, which is signed.
const UnsignedPayload = "UNSIGNED-PAYLOAD"

const payloadHeader = "X-Amz-Content-Sha256"

// A Signer signs requests by AWS Signature Version 4, for many goroutines at once.
// It derives its key once a day, and signs all headers but those that proxies and
// transports may change.
type Signer struct {
	Service, Region string

	mu      sync.Mutex
	derived derived
}

// A derived key is good for one day and one secret.
type derived struct {
	day, secret string
	key         []byte
}

// Sign adds the signature, the time and the session's token. payload is the
// SHA-256 of the body in hex, or [UnsignedPayload]. The query is put in order.
func (s *Signer) Sign(r *http.Request, keys Keys, payload string, now time.Time) {
	stamp := now.UTC().Format("20060102T150405Z")
	r.Header["X-Amz-Date"] = []string{stamp}
	r.Header[payloadHeader] = []string{payload}
	if keys.Token != "" {
		r.Header["X-Amz-Security-Token"] = []string{keys.Token}
	}
	if r.URL.RawQuery != "" {
		r.URL.RawQuery = ordered(r.URL.Query())
	}
	canonical := make([]byte, 0, 1<<10)
	for _, line := range []string{r.Method, Escape(r.URL.Path), r.URL.RawQuery} {
		canonical = append(append(canonical, line...), '\n')
	}
	canonical, names := appendHeaders(canonical, r)
	canonical = append(append(append(append(canonical, '\n'), names...), '\n'), payload...)

	scope := stamp[:8] + "/" + s.Region + "/" + s.Service + "/aws4_request"
	sum := sha256.Sum256(canonical)
	text := "AWS4-HMAC-SHA256\n" + stamp + "\n" + scope + "\n" + hex.EncodeToString(sum[:])
	signature := hex.EncodeToString(keyed(s.key(keys.Secret, stamp[:8]), text))
	r.Header["Authorization"] = []string{
		"AWS4-HMAC-SHA256 Credential=" + keys.Access + "/" + scope + ", SignedHeaders=" + names + ", Signature=" + signature,
	}
}

// ordered writes a query in the order of its names as they are written.
func ordered(query url.Values) string {
	pairs := strings.Split(strings.ReplaceAll(query.Encode(), "+", "%20"), "&")
	slices.SortStableFunc(pairs, func(a, b string) int {
		nameA, _, _ := strings.Cut(a, "=")
		nameB, _, _ := strings.Cut(b, "=")
		return strings.Compare(nameA, nameB)
	})
	return strings.Join(pairs, "&")
}

// unsignedHeaders may change on the way.
var unsignedHeaders = []string{"Accept-Encoding", "Authorization", "Connection", "Expect", "Transfer-Encoding", "User-Agent"}

// appendHeaders writes a line for each signed header, and gives their names.
func appendHeaders(to []byte, r *http.Request) (_ []byte, names string) {
	list := make([]string, 1, len(r.Header)+1)
	list[0] = "host"
	values := map[string][]string{"host": {hostOf(r)}}
	for name, v := range r.Header {
		if !slices.Contains(unsignedHeaders, name) {
			lower := strings.ToLower(name)
			list, values[lower] = append(list, lower), v
		}
	}
	slices.Sort(list)
	for _, name := range list {
		to = append(append(to, name...), ':')
		for i, value := range values[name] {
			if i > 0 {
				to = append(to, ',')
			}
			to = append(to, collapsed(value)...)
		}
		to = append(to, '\n')
	}
	return to, strings.Join(list, ";")
}

func hostOf(r *http.Request) string {
	if r.Host != "" {
		return r.Host
	}
	return r.URL.Host
}

// collapsed has no space around, and one at most in between.
func collapsed(value string) string {
	if strings.ContainsAny(value, " \t") {
		return strings.Join(strings.Fields(value), " ")
	}
	return value
}

func (s *Signer) key(secret, day string) []byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.derived.day != day || s.derived.secret != secret {
		key := keyed([]byte("AWS4"+secret), day)
		for _, each := range []string{s.Region, s.Service, "aws4_request"} {
			key = keyed(key, each)
		}
		s.derived = derived{day, secret, key}
	}
	return s.derived.key
}

func keyed(key []byte, text string) []byte {
	h := hmac.New(sha256.New, key)
	h.Write([]byte(text))
	return h.Sum(nil)
}
