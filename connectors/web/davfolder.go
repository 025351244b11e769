package web

import (
	"context"
	"errors"
	"net/http"
	"path"
	"strings"

	"gantry/connectors"
	"gantry/connectors/promise"
)

// staging sees to it that the staging folder is there.
func (p *place) staging(ctx context.Context) error {
	err := p.folders(ctx, promise.Folder)
	if connectors.KindOf(err) != connectors.KindNotFound && connectors.KindOf(err) != connectors.KindBusy {
		return err
	}
	if err := p.root(ctx); err != nil {
		return err
	}
	return p.folders(ctx, promise.Folder)
}

// folders makes a folder and those above it, below the root; "." is the root.
func (p *place) folders(ctx context.Context, folder string) error {
	if _, ok := p.made.Load(folder); ok || folder == "." {
		return nil
	}
	p.making.Lock() // servers refuse to make a folder twice at once
	defer p.making.Unlock()
	return p.makeFolders(ctx, folder)
}

func (p *place) makeFolders(ctx context.Context, folder string) error {
	if _, ok := p.made.Load(folder); ok || folder == "." {
		return nil
	}
	status, err := p.makeFolder(ctx, folder)
	if folderMissing(status) && path.Dir(folder) != "." {
		if err := p.makeFolders(ctx, path.Dir(folder)); err != nil {
			return err
		}
		status, err = p.makeFolder(ctx, folder)
	}
	switch {
	case folderMissing(status):
		return connectors.Errorf(connectors.KindNotFound, "make folder", folder, "the folder above it is not there")
	case status == http.StatusMethodNotAllowed: // there is something
		r, err := p.resource(ctx, ask{op: "make folder"}, folder)
		if err != nil && connectors.KindOf(err) != connectors.KindNotFound {
			return err
		}
		if !r.collection {
			return connectors.Errorf(connectors.KindInvalid, "make folder", folder, "there is a file of this name, or above it")
		}
	case err != nil:
		return err
	}
	p.made.Store(folder, true)
	return nil
}

// folderMissing tells whether a folder cannot be made because the one above is not
// there: 409 after RFC 4918, 404 by some.
func folderMissing(status int) bool {
	return status == http.StatusConflict || status == http.StatusNotFound
}

// makeFolder makes one. It is no error if there is something already.
func (p *place) makeFolder(ctx context.Context, folder string) (status int, err error) {
	a := ask{op: "make folder", path: folder, method: "MKCOL", url: p.folderURL(folder)}
	r, err := p.send(ctx, a)
	if err != nil {
		return 0, err
	}
	switch r.StatusCode {
	case http.StatusCreated, http.StatusOK, http.StatusNoContent, http.StatusMethodNotAllowed:
		_ = r.finish()
		return r.StatusCode, nil
	}
	return r.StatusCode, p.refused(a, r)
}

// root makes the location's root, and what is above it, where the option create
// allows it.
func (p *place) root(ctx context.Context) error {
	if !p.create {
		return &connectors.Error{
			Kind: connectors.KindNotFound, Op: "make folder", Path: p.shown, Err: errors.New("the location's root is not there"),
			Remedy: "make it, or set the option create to true",
		}
	}
	above := "/"
	for element := range strings.SplitSeq(strings.Trim(p.base.EscapedPath(), "/"), "/") {
		above += element + "/"
		at, err := p.base.Parse(above)
		if err != nil || element == "" {
			break // the root is the server's own
		}
		a := ask{op: "make folder", path: shown(at), method: "MKCOL", url: at}
		r, err := p.send(ctx, a)
		if err != nil {
			return err
		}
		_ = r.finish() // those above may be there, or not be ours: what is made in the root decides
	}
	return nil
}

// RemoveFolder implements connectors.Foldered. It looks first, as the server would
// delete what is in it as well.
func (p *davPlace) RemoveFolder(ctx context.Context, path string) error {
	path, err := clean(ctx, "remove folder", path)
	if err != nil {
		return err
	}
	r, err := p.resource(ctx, ask{op: "remove folder"}, path)
	if err != nil {
		return err
	}
	if !r.collection {
		return connectors.Errorf(connectors.KindNotFound, "remove folder", path, "it is a file")
	}
	if p.hidesDots {
		return &connectors.Error{
			Kind: connectors.KindUnsupported, Op: "remove folder", Path: path, Err: errors.New("nginx would delete what is in it, and does not show names that begin with a dot"),
			Remedy: "remove it on the server",
		}
	}
	if err := p.empty(ctx, path); err != nil {
		return err
	}
	p.made.Delete(path)
	a := ask{op: "remove folder", path: path, method: http.MethodDelete, url: p.folderURL(path)}
	answer, err := p.send(ctx, a)
	if err != nil {
		return err
	}
	if answer.StatusCode/100 != 2 {
		return p.refused(a, answer)
	}
	_ = answer.finish()
	return nil
}

func (p *davPlace) empty(ctx context.Context, path string) error {
	a := ask{op: "remove folder", path: path, url: p.folderURL(path)}
	return p.properties(ctx, a, "1", func(r resource) error {
		if name, err := nameIn(a.url, r.href); err != nil || name != "" {
			return connectors.Errorf(connectors.KindExists, a.op, path, "it holds %q", r.href)
		}
		return nil
	})
}
