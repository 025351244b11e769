package objectstore

import (
	"context"
	"encoding/xml"
	"maps"
	"net/http"
	"slices"

	"gantry/connectors"
)

type tagging struct {
	XMLName xml.Name `xml:"Tagging"`
	Tags    []tag    `xml:"TagSet>Tag"`
}

type tag struct{ Key, Value string }

// Tags asks for an object's tags. The one that keeps our digests ([StatedName]) is
// none of the user's and is left out.
func (p *Place) Tags(ctx context.Context, path string) (map[string]string, error) {
	key, err := p.key(path)
	if err != nil {
		return nil, err
	}
	ctx, done := p.use(ctx)
	defer done()
	tags, _, err := p.tags(ctx, key)
	return tags, p.failed(ctx, "get tags", path, err)
}

// tags gives the user's tags, and what is stated beside them.
func (p *Place) tags(ctx context.Context, key string) (tags map[string]string, stated string, err error) {
	var t tagging
	if _, err := p.ask(ctx, Request{Method: http.MethodGet, Key: key, Query: sub("tagging")}, &t); err != nil && code(err) != "NoSuchTagSet" {
		return nil, "", err
	}
	tags = make(map[string]string, len(t.Tags))
	for _, tag := range t.Tags {
		if tag.Key == StatedName {
			stated = tag.Value
			continue
		}
		tags[tag.Key] = tag.Value
	}
	return tags, stated, nil
}

// SetTags replaces all tags of an object. None takes them off. Our digests stay
// where there is room for them.
func (p *Place) SetTags(ctx context.Context, path string, tags map[string]string) error {
	key, err := p.key(path)
	if err != nil {
		return err
	}
	ctx, done := p.use(ctx)
	defer done()
	return p.failed(ctx, "set tags", path, p.setTags(ctx, key, tags))
}

func (p *Place) setTags(ctx context.Context, key string, tags map[string]string) error {
	// Some stores take the tags off an object that is not there.
	if _, err := p.head(ctx, key); err != nil {
		return err
	}
	_, stated, err := p.tags(ctx, key)
	if err != nil && connectors.KindOf(p.failed(ctx, "get tags", key, err)) != connectors.KindPermission {
		return err
	}
	t := tagging{XMLName: named("Tagging")}
	for _, name := range slices.Sorted(maps.Keys(tags)) {
		t.Tags = append(t.Tags, tag{name, tags[name]})
	}
	if stated != "" && len(t.Tags) < maxTags {
		t.Tags = append(t.Tags, tag{StatedName, stated})
	}
	r := Request{Method: http.MethodPut, Key: key, Query: sub("tagging")}
	if len(t.Tags) == 0 {
		r.Method = http.MethodDelete
		_, err := p.ask(ctx, r, nil)
		return err
	}
	_, err = p.send(ctx, r, t)
	return err
}
