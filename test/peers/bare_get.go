package main

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strconv"

	"github.com/minio/crc64nvme"
	"golang.org/x/sync/errgroup"
)

// get reads ranges, some at once, and hashes them; it compares nothing.
func (n *naked) get(key, path string) error {
	resp, err := n.do(http.MethodHead, key, "", nil, nil)
	if err != nil {
		return err
	}
	_ = resp.Body.Close()
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	buffers := make(chan []byte, bareParts)
	for range bareParts {
		buffers <- make([]byte, barePart)
	}
	var parts errgroup.Group
	for at := int64(0); at < resp.ContentLength; at += barePart {
		buffer := <-buffers
		parts.Go(func() error {
			defer func() { buffers <- buffer }()
			part := buffer[:min(barePart, resp.ContentLength-at)]
			resp, err := n.do(http.MethodGet, key, "", nil, http.Header{"Range": {fmt.Sprintf("bytes=%d-%d", at, at+int64(len(part))-1)}})
			if err != nil {
				return err
			}
			defer resp.Body.Close()
			if _, err := io.ReadFull(resp.Body, part); err != nil {
				return err
			}
			_, _ = crc64nvme.New().Write(part)
			_, err = f.WriteAt(part, at)
			return err
		})
	}
	if err := parts.Wait(); err != nil {
		return err
	}
	return f.Close()
}

// gets reads files whose names are numbers, as those of the sources are.
func (n *naked) gets(prefix, dir, count string) error {
	number, err := strconv.Atoi(count)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	var files errgroup.Group
	files.SetLimit(bareFiles)
	for i := range number {
		name := fmt.Sprintf("%06d.bin", i)
		files.Go(func() error {
			resp, err := n.do(http.MethodGet, prefix+"/"+name, "", nil, nil)
			if err != nil {
				return err
			}
			defer resp.Body.Close()
			data, err := io.ReadAll(resp.Body)
			if err != nil {
				return err
			}
			_, _ = crc64nvme.New().Write(data)
			return os.WriteFile(filepath.Join(dir, name), data, 0o644)
		})
	}
	return files.Wait()
}
