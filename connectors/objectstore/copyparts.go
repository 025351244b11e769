package objectstore

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"golang.org/x/sync/errgroup"

	"gantry/connectors"
)

const (
	// copyPart is the size of a part that the store copies, in bytes, where the
	// number of parts allows it. No byte of it comes here.
	copyPart = 512 << 20

	// copiers is how many parts are copied at once.
	copiers = 4
)

// copyParts copies in parts. The upload is aborted if that fails, with or without
// the caller.
func (p *Place) copyParts(ctx context.Context, o original, target string) (etag string, err error) {
	properties, header, err := p.likeness(ctx, o)
	if err != nil {
		return "", err
	}
	if !p.badCopySums.Load() {
		err = p.sums.try(func(sums bool) error {
			properties.Checksum = sums
			etag, err = p.copyBy(ctx, o, target, properties, header)
			return err
		})
		if !errors.Is(err, errBadCopySums) {
			return etag, err
		}
		p.badCopySums.Store(true)
	}
	properties.Checksum = false
	return p.copyBy(ctx, o, target, properties, header)
}

// errBadCopySums says that the store takes the checksum of the whole original for
// that of each part which it copies, as versitygw 1.8.0 does. Such a copy is made
// without a checksum.
var errBadCopySums = errors.New("the store states checksums of copied parts that cannot be right")

// copyBy makes one upload of it.
func (p *Place) copyBy(ctx context.Context, o original, target string, properties Properties, header http.Header) (etag string, err error) {
	id, err := p.client.CreateUpload(given(ctx, merged(header, ctx)), target, properties)
	if err != nil {
		return "", err
	}
	etag, err = p.copyInto(ctx, o, target, id, properties.Checksum)
	if err != nil {
		alone, cancel := context.WithTimeout(context.WithoutCancel(ctx), abortTimeout)
		defer cancel()
		if left := p.client.AbortUpload(alone, target, id); left != nil && status(left) != http.StatusNotFound {
			err = fmt.Errorf("%w; and the upload %s is left behind: %v", err, id, left)
		}
	}
	return etag, err
}

// likeness gives what the copy is begun with, so that it is like the original. Who
// may not read tags is not told that there are any: the copy has none then.
func (p *Place) likeness(ctx context.Context, o original) (Properties, http.Header, error) {
	properties, header := o.properties()
	if o.header.Get("X-Amz-Tagging-Count") == "0" {
		return properties, header, nil
	}
	var t tagging
	_, err := o.place.ask(ctx, Request{Method: http.MethodGet, Key: o.Key, Query: sub("tagging")}, &t)
	switch kind := connectors.KindOf(p.failed(ctx, "get tags", o.Key, err)); {
	case err == nil, code(err) == "NoSuchTagSet":
	case o.header.Get("X-Amz-Tagging-Count") != "":
		return properties, header, err // there are some, and they would be lost
	case kind != connectors.KindUnsupported && kind != connectors.KindPermission:
		return properties, header, err
	}
	tags := make(url.Values)
	for _, tag := range t.Tags {
		tags.Set(tag.Key, tag.Value)
	}
	if len(tags) > 0 {
		header.Set("X-Amz-Tagging", strings.ReplaceAll(tags.Encode(), "+", "%20"))
	}
	return properties, header, nil
}

// merged puts what ctx was [given] over the headers.
func merged(h http.Header, ctx context.Context) http.Header {
	if before, ok := ctx.Value(givenKey{}).(http.Header); ok {
		maps.Copy(h, before)
	}
	return h
}

func (p *Place) copyInto(ctx context.Context, o original, target, id string, sums bool) (etag string, err error) {
	size := p.copyPartFor(o.Size)
	parts := make([]StoredPart, (o.Size-1)/size+1)
	group, inner := errgroup.WithContext(ctx)
	group.SetLimit(copiers)
	for i := range parts {
		group.Go(func() error {
			first := int64(i) * size
			parts[i] = StoredPart{Number: i + 1, Size: min(size, o.Size-first)}
			return p.copyOne(inner, o, target, id, first, &parts[i])
		})
	}
	if err := group.Wait(); err != nil {
		return "", err
	}
	completion := Completion{Parts: parts, Size: o.Size, Checksum: sums}
	if sums {
		completion.CRC = o.Sums[connectors.CRC64NVME] // the store compares it, if it has one
	}
	receipt, err := p.client.CompleteUpload(ctx, target, id, completion)
	return receipt.ETag, err
}

// copyOne copies the range of a part that begins at first.
func (p *Place) copyOne(ctx context.Context, o original, target, id string, first int64, part *StoredPart) error {
	h := p.sourceHeader(o)
	h.Set("X-Amz-Copy-Source-Range", fmt.Sprintf("bytes=%d-%d", first, first+part.Size-1))
	var result copyResult
	query := url.Values{"uploadId": {id}, "partNumber": {strconv.Itoa(part.Number)}}
	if _, err := p.result(ctx, Request{Method: http.MethodPut, Key: target, Query: query, Header: h}, &result); err != nil {
		return err
	}
	if result.ETag == "" {
		return connectors.Errorf(connectors.KindIncomplete, "copy", target, "the store says nothing of part %d", part.Number)
	}
	if result.CRC != "" && result.CRC == o.Sums[connectors.CRC64NVME] && part.Size < o.Size {
		return errBadCopySums
	}
	part.ETag, part.CRC = unquoted(result.ETag), result.CRC
	return nil
}

// copyPartFor gives the size of parts in which the store copies so many bytes.
func (p *Place) copyPartFor(size int64) int64 {
	part := p.config.Habits.CopyPart
	if part == 0 {
		part = copyPart
	}
	const step = 1 << 20
	least := ((size-1)/MaxParts/step + 1) * step
	return min(max(part, least), MaxPart)
}
