package objectstore

import (
	"context"
	"encoding/hex"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"gantry/connectors"
)

// Where a store keeps no digest of the whole object, we leave our own with it, for
// whoever reads it later: as metadata if the object is sent in one request, and as
// a tag otherwise, since the digests of a large file are known when all of it is
// sent, and metadata are set before. A tag also names the ETag that it was written
// for, and says nothing of another. It is our word and not the store's: it becomes
// Entry.Stated, which proves nothing, and never Entry.Digests.

// StatedName is the name of the metadata, and of the tag.
const StatedName = "gantry-digests"

// maxStated is the longest value of a tag that S3 takes, in characters.
const maxStated = 256

// preferred are the digests that are stated, as far as there is room, with their
// lengths in bytes.
var preferred = []struct {
	algorithm connectors.Algorithm
	length    int
}{
	{connectors.XXH128, 16}, {connectors.CRC64NVME, 8}, {connectors.SHA256, 32}, {connectors.MD5, 16}, {connectors.SHA1, 20}, {connectors.CRC32C, 4},
}

// formatStated writes digests as "xxh128:… crc64nvme:…", with characters that tags
// may have. etag is that of the object, "" if it is not known yet.
func formatStated(digests connectors.Digests, etag string) string {
	var words []string
	room := maxStated
	if etag != "" {
		room -= len(" etag:" + etag)
	}
	for _, p := range preferred {
		word := string(p.algorithm) + ":" + digests[p.algorithm]
		if digests[p.algorithm] != "" && len(word)+1 <= room {
			words, room = append(words, word), room-len(word)-1
		}
	}
	if len(words) > 0 && etag != "" {
		words = append(words, "etag:"+etag)
	}
	return strings.Join(words, " ")
}

// parseStated reads what formatStated has written, and gives the ETag that it is
// for, "" for any. Words that nobody knows are left out.
func parseStated(text string) (digests connectors.Digests, etag string) {
	for word := range strings.FieldsSeq(text) {
		name, value, _ := strings.Cut(word, ":")
		if name == "etag" {
			etag = value
			continue
		}
		for _, p := range preferred {
			if raw, err := hex.DecodeString(value); string(p.algorithm) == name && err == nil && len(raw) == p.length && strings.ToLower(value) == value {
				if digests == nil {
					digests = make(connectors.Digests)
				}
				digests[p.algorithm] = value
			}
		}
	}
	return digests, etag
}

// stating gives the properties of an object that is sent in one request, with our
// digests.
func (p *Place) stating(properties Properties, digests connectors.Digests) Properties {
	text := formatStated(digests, "")
	if !p.config.Habits.State || text == "" {
		return properties
	}
	properties.Metadata = maps.Clone(properties.Metadata)
	if properties.Metadata == nil {
		properties.Metadata = make(map[string]string, 1)
	}
	properties.Metadata[StatedName] = text
	return properties
}

// state leaves our digests as a tag with an object that was just made, if the store
// says nothing of its own of which they can be compared. It is a service for those
// who come later: the object is whole without it, so what goes wrong here is no error of the commit. A store
// that takes no tags, or not from us, is not asked again.
func (p *Place) state(ctx context.Context, o Object, entry *connectors.Entry, digests connectors.Digests) {
	common, _ := entry.Digests.Agree(digests)
	stated, _ := entry.Stated.Agree(digests)
	text := formatStated(digests, o.ETag)
	if !p.config.Habits.State || common+stated > 0 || text == "" || o.ETag == "" || p.noTags.Load() {
		return
	}
	// The object is new: its tags are those that the location's options gave it.
	tags, err := url.ParseQuery(p.config.Terms.Tags)
	if err != nil || len(tags) >= maxTags {
		return
	}
	tags.Set(StatedName, text)
	var t tagging
	for _, name := range slices.Sorted(maps.Keys(tags)) {
		t.Tags = append(t.Tags, tag{name, tags.Get(name)})
	}
	_, err = p.send(ctx, Request{Method: http.MethodPut, Key: o.Key, Query: sub("tagging")}, t)
	switch kind := connectors.KindOf(p.failed(ctx, "state digests", o.Key, err)); kind {
	case "":
		entry.Stated, _ = parseStated(text)
	case connectors.KindUnsupported, connectors.KindPermission, connectors.KindInvalid, connectors.KindHeld:
		p.noTags.Store(true)
	}
}

// stated gives what somebody has stated of an object that the store itself says
// nothing of.
func (p *Place) stated(ctx context.Context, o Object) (connectors.Digests, error) {
	if digests, _ := parseStated(o.Stated); digests != nil || o.Tags == 0 || len(digestsOf(o.Sums)) > 0 {
		return digests, nil
	}
	var t tagging
	if _, err := p.ask(ctx, Request{Method: http.MethodGet, Key: o.Key, Query: sub("tagging")}, &t); err != nil {
		if kind := connectors.KindOf(p.failed(ctx, "get tags", o.Key, err)); kind == connectors.KindCanceled || kind == connectors.KindTimeout {
			return nil, err
		}
		return nil, nil // who may not read tags reads none
	}
	for _, tag := range t.Tags {
		if digests, etag := parseStated(tag.Value); tag.Key == StatedName && etag == o.ETag && etag != "" {
			return digests, nil
		}
	}
	return nil, nil
}
