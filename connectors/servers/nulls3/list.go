package nulls3

import (
	"encoding/xml"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// pageSize is how many keys a page of a listing has.
const pageSize = 1000

// list answers ListObjectsV2, without delimiters: everything is one flat folder.
func (s *store) list(w http.ResponseWriter, bucket string, query url.Values) {
	bucket = strings.TrimSuffix(bucket, "/") + "/"
	prefix := bucket + query.Get("prefix")
	after := bucket + query.Get("start-after")
	if token := query.Get("continuation-token"); token != "" {
		after = bucket + token
	}
	keys, more := s.page(prefix, after)
	var b strings.Builder
	b.WriteString(`<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">`)
	escape := func(key string) string { return key }
	if query.Get("encoding-type") == "url" {
		b.WriteString(`<EncodingType>url</EncodingType>`)
		escape = url.PathEscape
	}
	fmt.Fprintf(&b, `<KeyCount>%d</KeyCount><MaxKeys>%d</MaxKeys><IsTruncated>%t</IsTruncated>`, len(keys), pageSize, more)
	if more {
		b.WriteString(`<NextContinuationToken>`)
		_ = xml.EscapeText(&b, []byte(strings.TrimPrefix(keys[len(keys)-1], bucket)))
		b.WriteString(`</NextContinuationToken>`)
	}
	at := s.began.UTC().Truncate(time.Second).Format(time.RFC3339)
	for _, key := range keys {
		b.WriteString(`<Contents><Key>`)
		_ = xml.EscapeText(&b, []byte(escape(strings.TrimPrefix(key, bucket))))
		fmt.Fprintf(&b, `</Key><LastModified>%s</LastModified><ETag>%s</ETag><Size>%d</Size><StorageClass>STANDARD</StorageClass></Contents>`, at, etag, s.size(key))
	}
	b.WriteString(`</ListBucketResult>`)
	answer(w, b.String())
}

// page gives the first keys below prefix that come after a key.
func (s *store) page(prefix, after string) (keys []string, more bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.keys == nil {
		s.keys = slices.Sorted(maps.Keys(s.objects))
	}
	from, _ := slices.BinarySearch(s.keys, max(prefix, after))
	for _, key := range s.keys[from:] {
		if key == after {
			continue
		}
		if !strings.HasPrefix(key, prefix) {
			break
		}
		if len(keys) == pageSize {
			return keys, true
		}
		keys = append(keys, key)
	}
	return keys, false
}

func (s *store) size(key string) int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.objects[key].size
}

// parts answers ListParts, a thousand at a time being no limit here.
func (s *store) parts(w http.ResponseWriter, id string) {
	s.mu.Lock()
	parts, ok := s.uploads[id]
	var b strings.Builder
	b.WriteString(`<ListPartsResult><ChecksumAlgorithm>CRC64NVME</ChecksumAlgorithm><ChecksumType>FULL_OBJECT</ChecksumType><IsTruncated>false</IsTruncated>`)
	for _, n := range slices.Sorted(maps.Keys(parts)) {
		fmt.Fprintf(&b, `<Part><PartNumber>%d</PartNumber><ETag>%s</ETag><Size>%d</Size><ChecksumCRC64NVME>%s</ChecksumCRC64NVME></Part>`, n, etag, parts[n].size, parts[n].crc)
	}
	s.mu.Unlock()
	if !ok {
		refuse(w, "NoSuchUpload")
		return
	}
	b.WriteString(`</ListPartsResult>`)
	answer(w, b.String())
}

// counted gives the number of bytes that were taken in, for whoever wants to know
// what was sent twice.
func (s *store) counted(w http.ResponseWriter) {
	_, _ = io.WriteString(w, strconv.FormatInt(s.taken.Load(), 10))
}
