package aspera

import (
	"context"
	"errors"
	"io"
	"path"
	"strings"
	"time"
	"unicode/utf8"

	"gantry/connectors"
	"gantry/connectors/aspera/node"
	"gantry/connectors/promise"
)

// place is for use by many goroutines.
type place struct {
	config
	clock  clock
	node   *node.Client  // nil without one
	slots  chan struct{} // a movement holds one
	open   context.Context
	closed context.CancelCauseFunc
}

var (
	_ connectors.Place     = (*place)(nil)
	_ connectors.Describer = (*place)(nil)
)

// Everything that needs the Node API is a noded place's, so that a place without
// it does not claim to have it.
type noded struct{ *place }

var (
	_ connectors.Renamer = noded{}
	_ connectors.Sweeper = noded{}
	_ connectors.Mover   = (*place)(nil)
)

func newPlace(l connectors.Location, c clock) (connectors.Place, error) {
	config, err := configure(l)
	if err != nil {
		return nil, err
	}
	p := &place{config: config, clock: c, slots: make(chan struct{}, config.parallel)}
	p.open, p.closed = context.WithCancelCause(context.Background())
	if config.node == "" {
		return p, nil
	}
	o := node.Options{
		URL: config.node, User: config.nodeUser, Authorities: config.caFile, Timeout: config.timeout, Connections: config.parallel,
		Password: func() (string, error) { return connectors.Secret(config.password) },
	}
	if config.token != "" {
		o.Token = func() (string, error) { return connectors.Secret(config.token) }
	}
	if p.node, err = node.New(o); err != nil {
		return nil, err
	}
	return noded{p}, nil
}

// Close implements connectors.Place. Movements end.
func (p *place) Close() error {
	p.closed(errClosed)
	if p.node != nil {
		p.node.Close()
	}
	return nil
}

var errClosed = errors.New("the place was closed")

// Traits implements connectors.Place. A file that stands at the path is moved aside
// for a moment where there is a node; where there is none, the server decides.
func (p *place) Traits() connectors.Traits {
	return connectors.Traits{TimePrecision: time.Second, Concurrency: p.parallel}
}

// Open implements connectors.Source, and says what to do instead.
func (p *place) Open(_ context.Context, path string, _, _ int64) (io.ReadCloser, error) {
	return nil, wholeFiles("open", path)
}

// Begin implements connectors.Sink, and says what to do instead.
func (p *place) Begin(_ context.Context, path string, _ connectors.UploadOptions) (connectors.Upload, error) {
	return nil, wholeFiles("begin upload", path)
}

func wholeFiles(op, path string) error {
	return &connectors.Error{
		Kind: connectors.KindUnsupported, Op: op, Path: path, Err: errors.New("ascp moves whole files between the server and a disk, and no streams"),
		Remedy: "move it by a job (`gantry copy`), which stages it on disk",
	}
}

// ready tells whether the place can ask the node, and gives the path there.
func (p *place) ready(op, path string) (string, error) {
	clean, err := promise.CleanPath(path)
	if err != nil {
		return "", err
	}
	if p.node == nil {
		return "", noNode(op, path)
	}
	if err := carried(clean); err != nil {
		return "", err
	}
	return p.abs(clean), p.usable(op, path)
}

// carried refuses names that would become others on their way: JSON has no bytes
// that are no UTF-8, and ascp's lists no line breaks.
func carried(path string) error {
	if utf8.ValidString(path) && !strings.ContainsAny(path, "\r\n") {
		return nil
	}
	return &connectors.Error{
		Kind: connectors.KindInvalid, Op: "use path", Path: path, Err: errors.New("it has a line break in it, or is no UTF-8, which ascp's lists and the Node API cannot carry"),
		Remedy: "rename it",
	}
}

func (p *place) usable(op, path string) error {
	if p.open.Err() != nil {
		return connectors.Errorf(connectors.KindOther, op, path, "%w", errClosed)
	}
	return nil
}

func noNode(op, path string) error {
	return &connectors.Error{
		Kind: connectors.KindUnsupported, Op: op, Path: path, Err: errors.New("without the Node API, ascp can only move files"),
		Remedy: "name the Node API by the option node, as https://host:9092, with nodeUser and password",
	}
}

// abs gives the path as the server has it.
func (p *place) abs(clean string) string { return path.Join(p.root, clean) }

// rel is the other way. ok is false for what is not below the root.
func (p *place) rel(abs string) (string, bool) {
	if p.root == "/" {
		return strings.CutPrefix(abs, "/")
	}
	return strings.CutPrefix(abs, p.root+"/")
}

// Stat implements connectors.Source and connectors.Sink.
func (p *place) Stat(ctx context.Context, path string) (connectors.Entry, error) {
	if _, err := p.ready("stat", path); err != nil {
		return connectors.Entry{}, err
	}
	return p.file(ctx, path)
}

// file describes a file that may be hidden.
func (p *place) file(ctx context.Context, path string) (connectors.Entry, error) {
	item, err := p.node.Stat(ctx, p.abs(path))
	if err != nil {
		return connectors.Entry{}, err
	}
	if item.Type != "file" {
		return connectors.Entry{}, connectors.Errorf(connectors.KindNotFound, "stat", path, "what is there is no file (%s)", item.Type)
	}
	return entryOf(path, item), nil
}

func entryOf(path string, i node.Item) connectors.Entry {
	return connectors.Entry{Path: path, Size: i.Size, ModTime: i.ModTime.UTC()}
}

// Remove implements connectors.Sink. The Node API would remove a folder with all
// that is in it, so a look goes first.
func (p *place) Remove(ctx context.Context, path string) error {
	if _, err := p.Stat(ctx, path); err != nil {
		return err
	}
	return p.node.Delete(ctx, p.abs(path))
}

// Describe implements connectors.Describer.
func (p *place) Describe(ctx context.Context) (connectors.Description, error) {
	d := connectors.Description{Quirks: []connectors.Quirk{
		{Name: "whole-files-only", Meaning: "files move by ascp as a whole, through this machine's disk; a proof is made by receiving a file again"},
		{Name: "no-atomic-replace", Meaning: "a file that is replaced is missing for a moment, or grows in place where there is no Node API"},
	}}
	if p.anyHost && p.base.SSHHostDigest == "" {
		d.Quirks = append(d.Quirks, connectors.Quirk{Name: "any-host-key", Meaning: "whoever answers at the address is taken for the server, and gets the password: set hostKey"})
	}
	if p.node == nil {
		return d, nil
	}
	info, err := p.node.Info(ctx)
	if err != nil {
		return d, err
	}
	d.Software, d.Features, d.Clock = strings.TrimSpace("IBM Aspera "+info.Application+" "+info.Version), info.Can(), info.Time
	return d, nil
}
