package web

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"slices"
	"strings"

	"gantry/connectors"
	"gantry/connectors/promise"
)

// List implements connectors.Source: by WebDAV, or by the file that the option list
// names, the entries of which are asked for one by one. Without either, a prefix
// that is a file's path yields that file; anything else is KindUnsupported.
func (p *place) List(ctx context.Context, prefix string) iter.Seq2[connectors.Entry, error] {
	return func(yield func(connectors.Entry, error) bool) {
		if err := p.listAll(ctx, prefix, yield); err != nil && err != errStopped {
			yield(connectors.Entry{}, err)
		}
	}
}

func (p *place) listAll(ctx context.Context, prefix string, yield func(connectors.Entry, error) bool) error {
	if prefix != "" {
		if _, err := clean(ctx, "list", prefix); err != nil {
			return err
		}
	}
	if err := ctx.Err(); err != nil {
		return promise.Ended("list", orRoot(prefix, p.wire), err)
	}
	switch {
	case p.dav:
		w := &walk{p: p, ctx: ctx, yield: yield}
		return w.list(prefix)
	case p.config.list != "":
		return p.listNamed(ctx, prefix, yield)
	case prefix != "":
		e, err := p.stat(ctx, ask{op: "list"}, prefix)
		if err == nil {
			yield(e, nil)
			return nil
		}
		if connectors.KindOf(err) != connectors.KindNotFound {
			return err
		}
	}
	return &connectors.Error{
		Kind: connectors.KindUnsupported, Op: "list", Path: orRoot(prefix, p.wire), Err: errors.New("a web server lists nothing"),
		Remedy: "name the file, or give a file that lists the paths by the option list",
	}
}

// mostNames bounds the file that lists the paths, in bytes.
const mostNames = 64 << 20

func (p *place) listNamed(ctx context.Context, prefix string, yield func(connectors.Entry, error) bool) error {
	names, err := p.names(ctx)
	if err != nil {
		return err
	}
	for _, name := range names {
		if prefix != "" && name != prefix && !strings.HasPrefix(name, prefix+"/") {
			continue
		}
		e, err := p.stat(ctx, ask{op: "list"}, name)
		switch {
		case connectors.KindOf(err) == connectors.KindNotFound:
			connectors.PassOver(ctx, name, err)
		case err != nil:
			return err
		case !yield(e, nil):
			return errStopped
		}
	}
	return nil
}

// names fetches the file that lists the paths, and puts those that can be in order.
func (p *place) names(ctx context.Context) ([]string, error) {
	at, err := p.folderURL("").Parse(p.config.list)
	if !strings.Contains(p.config.list, "://") {
		at, err = p.url(p.config.list), nil
	}
	if err != nil || at.User != nil || (at.Scheme != "http" && at.Scheme != "https") {
		return nil, invalid(p.shown, "the option list is no web address", "write a path below the location, or a URL")
	}
	a := ask{op: "list", path: shown(at), url: at, follow: true}
	r, err := p.wire.open(ctx, a, 0, -1, mark{}, false)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	data, err := io.ReadAll(io.LimitReader(r, mostNames+1))
	if err == nil && len(data) > mostNames {
		err = connectors.Errorf(connectors.KindInvalid, "list", a.path, "it is larger than %d bytes: is it the right file?", mostNames)
	}
	if err != nil {
		return nil, err
	}
	found, err := parseNames(data)
	if err != nil {
		return nil, &connectors.Error{Kind: connectors.KindInvalid, Op: "list", Path: a.path, Err: err, Remedy: "write one path a line, or an array of strings as JSON"}
	}
	names := found[:0]
	for _, name := range found {
		if _, err := promise.CleanPath(name); err != nil {
			connectors.PassOver(ctx, name, err)
			continue
		}
		names = append(names, name)
	}
	slices.Sort(names)
	return slices.Compact(names), nil
}

// parseNames reads an array of strings as JSON, or one path a line.
func parseNames(data []byte) (names []string, err error) {
	data = bytes.TrimPrefix(data, []byte("\ufeff"))
	if trimmed := bytes.TrimSpace(data); len(trimmed) > 0 && trimmed[0] == '[' {
		if err := json.Unmarshal(trimmed, &names); err != nil {
			return nil, fmt.Errorf("it is no array of strings: %w", err)
		}
		return names, nil
	}
	for line := range strings.Lines(string(data)) {
		if line = strings.TrimRight(line, "\r\n"); line != "" {
			names = append(names, line)
		}
	}
	return names, nil
}
