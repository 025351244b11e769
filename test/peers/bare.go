package main

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/binary"
	"encoding/xml"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/minio/crc64nvme"
	"golang.org/x/sync/errgroup"

	"gantry/connectors/objectstore"
)

const (
	barePart  = 32 << 20
	bareParts = 4
	bareFiles = 32
)

// A naked client has net/http, a signature and CRC64NVME, and nothing else: no
// journal, no proof, no retries, no names of its own.
type naked struct {
	base   *url.URL
	keys   objectstore.Keys
	signer objectstore.Signer
	http   *http.Client
}

// bare runs put|get|puts|gets ENDPOINT/BUCKET KEY PATH [COUNT].
func bare(args []string) error {
	if len(args) < 4 {
		return fmt.Errorf("bare put|get|puts|gets ENDPOINT/BUCKET KEY PATH [COUNT]")
	}
	base, err := url.Parse(args[1])
	if err != nil {
		return err
	}
	n := &naked{
		base: base, keys: objectstore.Keys{Access: os.Getenv("PEER_ACCESS"), Secret: os.Getenv("PEER_SECRET")},
		http: &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 64, WriteBufferSize: 128 << 10, ReadBufferSize: 128 << 10, DisableCompression: true}},
	}
	n.signer.Service, n.signer.Region = "s3", "us-east-1"
	key, path := args[2], args[3]
	switch args[0] {
	case "put":
		return n.put(key, path)
	case "get":
		return n.get(key, path)
	case "puts":
		return n.puts(key, path)
	case "gets":
		return n.gets(key, path, args[len(args)-1])
	}
	return fmt.Errorf("bare does not do %q", args[0])
}

func (n *naked) do(method, key, query string, body []byte, header http.Header) (*http.Response, error) {
	r, err := objectstore.Request{Method: method, Key: key, Header: header}.New(context.Background(), n.base)
	if err != nil {
		return nil, err
	}
	r.URL.RawQuery = query
	if body != nil {
		r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	}
	n.signer.Sign(r, n.keys, objectstore.UnsignedPayload, time.Now())
	resp, err := n.http.Do(r)
	if err == nil && resp.StatusCode/100 != 2 {
		text, _ := io.ReadAll(resp.Body)
		return nil, fmt.Errorf("%s %s: %s: %s", method, key, resp.Status, text)
	}
	return resp, err
}

// send makes a request with a body and its checksum, and gives the ETag and that.
func (n *naked) send(method, key, query string, body []byte) (etag, crc string, err error) {
	sum := crc64nvme.New()
	_, _ = sum.Write(body)
	crc = base64.StdEncoding.EncodeToString(binary.BigEndian.AppendUint64(nil, sum.Sum64()))
	resp, err := n.do(method, key, query, body, http.Header{"X-Amz-Checksum-Crc64nvme": {crc}})
	if err != nil {
		return "", "", err
	}
	_, err = io.Copy(io.Discard, resp.Body)
	_ = resp.Body.Close()
	return resp.Header.Get("ETag"), crc, err
}

func (n *naked) put(key, path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	info, err := f.Stat()
	if err != nil {
		return err
	}
	resp, err := n.do(http.MethodPost, key, "uploads=", nil, http.Header{"X-Amz-Checksum-Algorithm": {"CRC64NVME"}, "X-Amz-Checksum-Type": {"FULL_OBJECT"}})
	if err != nil {
		return err
	}
	var begun struct{ UploadId string }
	err = xml.NewDecoder(resp.Body).Decode(&begun)
	_ = resp.Body.Close()
	if err != nil {
		return err
	}
	etags := make([]string, (info.Size()-1)/barePart+1)
	crcs := make([]string, len(etags))
	buffers := make(chan []byte, bareParts)
	for range bareParts {
		buffers <- make([]byte, barePart)
	}
	var parts errgroup.Group
	for i := range etags {
		buffer := <-buffers
		parts.Go(func() error {
			defer func() { buffers <- buffer }()
			size, err := f.ReadAt(buffer, int64(i)*barePart)
			if err != nil && err != io.EOF {
				return err
			}
			etags[i], crcs[i], err = n.send(http.MethodPut, key, fmt.Sprintf("partNumber=%d&uploadId=%s", i+1, url.QueryEscape(begun.UploadId)), buffer[:size])
			return err
		})
	}
	if err := parts.Wait(); err != nil {
		return err
	}
	var b strings.Builder
	b.WriteString("<CompleteMultipartUpload>")
	for i, etag := range etags {
		fmt.Fprintf(&b, "<Part><PartNumber>%d</PartNumber><ETag>%s</ETag><ChecksumCRC64NVME>%s</ChecksumCRC64NVME></Part>", i+1, etag, crcs[i])
	}
	b.WriteString("</CompleteMultipartUpload>")
	resp, err = n.do(http.MethodPost, key, "uploadId="+url.QueryEscape(begun.UploadId), []byte(b.String()), http.Header{"X-Amz-Checksum-Type": {"FULL_OBJECT"}})
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	_, err = io.Copy(io.Discard, resp.Body)
	return err
}

func (n *naked) puts(prefix, dir string) error {
	list, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	var files errgroup.Group
	files.SetLimit(bareFiles)
	for _, e := range list {
		files.Go(func() error {
			data, err := os.ReadFile(filepath.Join(dir, e.Name()))
			if err == nil {
				_, _, err = n.send(http.MethodPut, prefix+"/"+e.Name(), "", data)
			}
			return err
		})
	}
	return files.Wait()
}
