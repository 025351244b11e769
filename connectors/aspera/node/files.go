package node

import (
	"context"
	"net/http"
	"path"
	"time"

	"gantry/connectors"
)

// An Item is a file or folder as the Node API tells it.
type Item struct {
	Path     string    `json:"path"` // absolute, below the user's document root
	Basename string    `json:"basename"`
	Type     string    `json:"type"` // file, directory, container, symbolic_link, …
	Size     int64     `json:"size"`
	ModTime  time.Time `json:"mtime"`
	Partial  bool      `json:"partial_file"` // it is still arriving
}

// Folder tells whether other items are below it.
func (i Item) Folder() bool { return i.Type == "directory" || i.Type == "container" }

// A Page is part of a folder.
type Page struct {
	Self  *Item  `json:"self"`
	Items []Item `json:"items"`
	Total int    `json:"total_count"`
}

// Browse gives count items of a folder after skipping some. Of a file it gives
// Self alone.
func (c *Client) Browse(ctx context.Context, path string, skip, count int) (p Page, err error) {
	k := call{op: "list", path: path, method: http.MethodPost, to: "files/browse", answer: &p}
	k.body = map[string]any{"path": path, "skip": skip, "count": count}
	_, err = c.do(ctx, k)
	return p, err
}

// Stat describes one file or folder, by browsing it.
func (c *Client) Stat(ctx context.Context, path string) (Item, error) {
	page, err := c.Browse(ctx, path, 0, 1)
	if err != nil {
		return Item{}, err
	}
	if page.Self == nil || page.Self.Type == "" {
		return Item{}, connectors.Errorf(connectors.KindUnsupported, "stat", path, "the Node API does not describe what it browses: the server is too old")
	}
	return *page.Self, nil
}

// results are the answer to calls about several paths.
type results struct {
	Paths []struct {
		Path  string `json:"path"`
		Error *Fault `json:"error"`
	} `json:"paths"`
}

// change makes a call that answers for each path. One that is not answered for is
// an error like one that failed.
func (c *Client) change(ctx context.Context, op, path, to string, entry map[string]any) error {
	var r results
	k := call{op: op, path: path, method: http.MethodPost, to: to, answer: &r}
	k.body = map[string]any{"paths": []any{entry}}
	if _, err := c.do(ctx, k); err != nil {
		return err
	}
	if len(r.Paths) == 0 {
		return connectors.Errorf(connectors.KindUnavailable, op, path, "the Node API's answer does not say what became of it")
	}
	if f := r.Paths[0].Error; f != nil {
		return c.fault(k, f)
	}
	return nil
}

// MakeFolder makes one folder. KindExists if there is one, KindNotFound if what it
// is to be in is not there.
func (c *Client) MakeFolder(ctx context.Context, path string) error {
	return c.change(ctx, "make folder", path, "files/create", map[string]any{"type": "directory", "path": path})
}

// MakeFolders makes a folder and what it is in.
func (c *Client) MakeFolders(ctx context.Context, folder string) error {
	err := c.MakeFolder(ctx, folder)
	if kind := connectors.KindOf(err); kind == "" || kind == connectors.KindExists || folder == "/" {
		return nil
	}
	if item, stat := c.Stat(ctx, folder); stat == nil && item.Folder() {
		return nil // servers tell in words of their own that it is there
	}
	if parent := path.Dir(folder); parent != folder && parent != "/" {
		if above := c.MakeFolders(ctx, parent); above != nil {
			return above
		}
		err = c.MakeFolder(ctx, folder)
	}
	if connectors.KindOf(err) == connectors.KindExists {
		return nil
	}
	return err
}

// Delete removes a file, or a folder with all that is in it.
func (c *Client) Delete(ctx context.Context, path string) error {
	return c.change(ctx, "remove", path, "files/delete", map[string]any{"path": path})
}

// Rename moves a file. What a server does with a file that stands at the target is
// its own: ask before.
func (c *Client) Rename(ctx context.Context, from, to string) error {
	return c.change(ctx, "rename", from, "files/rename", map[string]any{"path": "/", "source": from[1:], "destination": to[1:]})
}
