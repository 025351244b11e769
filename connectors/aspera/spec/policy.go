package spec

import (
	"encoding/json"
	"fmt"
	"strings"
)

// A RatePolicy says how a transfer shares the line.
type RatePolicy string

// A Cipher encrypts what is on the wire.
type Cipher string

// An Overwrite says when a file at the destination is replaced.
type Overwrite string

// A Checksum is what ascp reports of each file.
type Checksum string

var (
	ratePolicies = []RatePolicy{"fixed", "high", "fair", "low"}
	ciphers      = []Cipher{
		"none", "aes-128", "aes-192", "aes-256", "aes-128-cfb", "aes-192-cfb", "aes-256-cfb",
		"aes-128-gcm", "aes-192-gcm", "aes-256-gcm",
	}
	overwrites = []Overwrite{"never", "always", "diff", "older", "diff+older"}
	checksums  = []Checksum{"none", "md5", "sha1", "sha-256", "sha-384", "sha-512"}
)

// Resume is how ascp decides that what the destination has of a file can stay.
type Resume string

// The ways to resume. The transfer daemon spells them otherwise; both are read.
const (
	ResumeNone   Resume = "none"        // everything is sent again
	ResumeAttrs  Resume = "attrs"       // where size and time of the source are the same
	ResumeSparse Resume = "sparse_csum" // and samples of the content are
	ResumeFull   Resume = "full_csum"   // and all of the content is
)

var resumeWords = map[string]Resume{
	"none": ResumeNone, "attrs": ResumeAttrs, "attributes": ResumeAttrs,
	"sparse": ResumeSparse, "sparse_csum": ResumeSparse, "sparse_checksum": ResumeSparse,
	"full": ResumeFull, "full_csum": ResumeFull, "full_checksum": ResumeFull,
}

var resumeLevels = map[Resume]string{ResumeNone: "0", ResumeAttrs: "1", ResumeSparse: "2", ResumeFull: "3"}

// ParseResume reads a policy in any spelling: none, attrs, sparse or full, with
// "_csum" as in transfer specifications or "_checksum" as the transfer daemon has it.
func ParseResume(word string) (Resume, error) {
	r, ok := resumeWords[word]
	if !ok {
		return "", fmt.Errorf("there is no resume policy %q: write none, attrs, sparse or full", word)
	}
	return r, nil
}

// UnmarshalJSON implements json.Unmarshaler.
func (r *Resume) UnmarshalJSON(data []byte) error {
	var word string
	if err := json.Unmarshal(data, &word); err != nil {
		return err
	}
	if word == "" {
		*r = ""
		return nil
	}
	parsed, err := ParseResume(word)
	if err == nil {
		*r = parsed
	}
	return err
}

// Daemon is the policy in the transfer daemon's spelling.
func (r Resume) Daemon() string {
	switch r {
	case ResumeAttrs:
		return "attributes"
	case ResumeSparse, ResumeFull:
		return strings.Replace(string(r), "_csum", "_checksum", 1)
	default:
		return string(r)
	}
}

// onCommandLine is the cipher as ascp's option -c takes it: "aes128gcm".
func (c Cipher) onCommandLine() string { return strings.ReplaceAll(string(c), "-", "") }
