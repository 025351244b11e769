package aspera

import (
	"cmp"
	"context"
	"errors"
	"os"
	"path/filepath"

	"gantry/connectors"
	"gantry/connectors/aspera/ascp"
	"gantry/connectors/aspera/spec"
	"gantry/connectors/promise"
)

// Start implements connectors.Mover. Failures that are worth another attempt are
// retried here, before and after the far end has agreed.
func (p *place) Start(ctx context.Context, m connectors.Movement) (connectors.Moving, error) {
	clean := promise.CleanPath
	if m.Receive {
		clean = connectors.CleanPath // what is not published yet is received too
	}
	path, err := clean(m.Path)
	if err == nil {
		err = carried(path)
	}
	if err != nil {
		return nil, err
	}
	if err := p.usable("move", path); err != nil {
		return nil, err
	}
	program, err := ascp.Find(p.ascp)
	if err != nil {
		return nil, err
	}
	job, err := p.plan(m)
	if err != nil {
		return nil, err
	}
	w := &moving{place: p, movement: m, plan: job, program: program, agreed: make(chan struct{}), done: make(chan struct{})}
	if err := p.enter(ctx, path); err != nil {
		return nil, err
	}
	go w.run(ctx)
	select {
	case <-w.agreed:
		return w, nil
	case <-w.done:
		if w.err == nil {
			return w, nil // a file so small that nothing was reported but its end
		}
		return nil, w.err
	}
}

// enter waits for a free slot.
func (p *place) enter(ctx context.Context, path string) error {
	select {
	case p.slots <- struct{}{}:
		return nil
	case <-ctx.Done():
		return promise.Ended("move", path, context.Cause(ctx))
	case <-p.open.Done():
		return p.usable("move", path)
	}
}

// A plan is what stays the same however often a movement is started.
type plan struct {
	staged string      // the hidden path of a file that is sent; "" = its own
	remote string      // where ascp writes or reads, as the server has it
	local  os.FileInfo // of a file that is sent
}

func (p *place) plan(m connectors.Movement) (plan, error) {
	refuse := func(kind connectors.Kind, text, remedy string) (plan, error) {
		return plan{}, &connectors.Error{Kind: kind, Op: "move", Path: m.Path, Err: errors.New(text), Remedy: remedy}
	}
	if !filepath.IsAbs(m.File) {
		return refuse(connectors.KindInvalid, "the file on this machine is not named by an absolute path", "")
	}
	if m.Receive {
		if m.Growing {
			return refuse(connectors.KindUnsupported, "ascp can follow a growing file only when it sends it", "receive it when it is whole")
		}
		return plan{remote: p.abs(m.Path) + p.sealed()}, nil
	}
	info, err := os.Stat(m.File)
	switch {
	case errors.Is(err, os.ErrNotExist):
		return plan{}, connectors.Errorf(connectors.KindNotFound, "move", m.Path, "%w", err)
	case err != nil:
		return plan{}, connectors.Errorf(connectors.KindPermission, "move", m.Path, "%w", err)
	case !info.Mode().IsRegular():
		return refuse(connectors.KindInvalid, "what is to be sent is no regular file", "")
	case m.Size >= 0 && !m.Growing && info.Size() != m.Size:
		return refuse(connectors.KindChanged, "the file to be sent has another size by now", "run the job again once it has settled")
	}
	if p.node == nil && m.Exclusive {
		return refuse(connectors.KindUnsupported, "without the Node API nobody can tell whether there is a file already", "name the Node API by the option node, or let files be replaced")
	}
	if p.node == nil {
		return plan{remote: p.abs(m.Path), local: info}, nil
	}
	id := cmp.Or(m.ID, promise.NewID(m.Path))
	if promise.CheckID(id, m.Path) != nil {
		return refuse(connectors.KindInvalid, "its ID is not one of this path", "")
	}
	return plan{staged: stagedPath(id), remote: p.abs(stagedPath(id)), local: info}, nil
}

// sealed is what a server appends to the names of files that are encrypted at rest.
func (p *place) sealed() string {
	if p.encryption == "" {
		return ""
	}
	return ".aspera-env"
}

// transfer says what ascp is to do this time.
func (p *place) transfer(ctx context.Context, m connectors.Movement, job plan) (spec.Spec, error) {
	t, err := p.authorized(ctx, m, job)
	if err != nil {
		return t, err
	}
	t.Resume, t.Overwrite, t.PreserveTimes = p.resume, "diff", true
	if m.Afresh {
		t.Resume, t.Overwrite = spec.ResumeNone, "always"
	}
	if p.encryption != "" {
		t.ContentProtection = map[bool]string{false: "encrypt", true: "decrypt"}[m.Receive]
		if t.ContentPassword, err = connectors.Secret(p.encryption); err != nil {
			return t, err
		}
	}
	if m.Receive {
		t.Direction, t.DestinationRoot = spec.Receive, filepath.Dir(m.File)
		t.Paths = []spec.Path{{Source: t.Paths[0].Source, Destination: filepath.Base(m.File)}}
		return t, nil
	}
	t.Direction, t.SourceRoot = spec.Send, ""
	if m.Growing {
		t.DestinationRoot, t.Paths = job.remote, []spec.Path{{Source: m.File}}
		return t, nil
	}
	t.DestinationRoot, t.CreateDir = filepath.Dir(job.remote), true
	t.Paths = []spec.Path{{Source: m.File, Destination: filepath.Base(job.remote)}}
	return t, nil
}
