package sftp

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"golang.org/x/crypto/ssh"

	"gantry/connectors"
)

// commands are what is known of the programs by which a server digests files, where its
// account may run some.
type commands struct {
	turn    chan struct{} // held by who tries
	atOnce  chan struct{} // held by each digest
	trial   atomic.Pointer[trial]
	tries   int          // that the connection broke; for who has the turn
	refused atomic.Int32 // digests in a row
	rate    atomic.Int64 // bytes/s of the quickest upload
}

// A trial is what came of trying the programs.
type trial struct {
	programs map[connectors.Algorithm]program
	computes []connectors.Algorithm // the quickest first
	missing  string                 // why there is none
}

const (
	// mostDigests at once: OpenSSH opens ten sessions on a connection, those of the
	// protocol among them.
	mostDigests = 4

	// mostRefusals in a row, and nothing is asked any more.
	mostRefusals = 2

	// slowestDigest is the rate, in bytes/s, at which a server is still at work.
	slowestDigest = 5 << 20

	// trialTime is what a server has to answer the trial, from its greeting to the end.
	trialTime = 10 * time.Second
)

// From these sizes on, in bytes, a file is digested sooner by the server than read back:
// a command costs one process more, and two round trips.
const (
	worthDigesting    = 16 << 20
	worthDigestingFar = 4 << 20
)

func newCommands() *commands {
	return &commands{turn: make(chan struct{}, 1), atOnce: make(chan struct{}, mostDigests)}
}

// computing are the digests that the server computes, as far as is known.
func (p *place) computing() []connectors.Algorithm {
	if len(p.computes) > 0 {
		return p.computes
	}
	return p.commands.keepingUp()
}

// computesFrom is the size from which on it is worth to ask; see connectors.Traits.
func (p *place) computesFrom() int64 {
	switch {
	case len(p.computes) > 0 || !p.mayCommand() || p.commands.missing() != "":
		return 0
	case p.distant():
		return worthDigestingFar
	default:
		return worthDigesting
	}
}

// runsCommands tells whether a server is of a kind that runs commands for its accounts, in
// a shell as POSIX has it.
func (l *link) runsCommands() bool {
	return l.isOpenSSH() && !strings.Contains(l.software(), "Windows")
}

// mayCommand tells whether commands may be tried here: where it is not forbidden, the
// server has no check-file, and files can be looked at.
func (p *place) mayCommand() bool { return p.runsCommands && p.digestCommands && !p.dropBox }

// byCommands adds digests to sums: of those that are wanted the first that the server
// computes, since each costs a reading. A refusal is of no use to repeat.
func (p *place) byCommands(ctx context.Context, c *conn, name string, size int64, want []connectors.Algorithm, sums connectors.Digests) (refusal, err error) {
	known := p.computing()
	i := slices.IndexFunc(known, func(a connectors.Algorithm) bool { return slices.Contains(want, a) })
	if i < 0 {
		return errors.New("no command is known to compute it"), nil
	}
	sum, refusal, err := p.digestByCommand(ctx, c, name, size, known[i])
	if sum != "" {
		sums[known[i]] = sum
	}
	return refusal, err
}

// digestByCommand has a program digest the file at name.
func (p *place) digestByCommand(ctx context.Context, c *conn, name string, size int64, a connectors.Algorithm) (sum string, refusal, err error) {
	t := p.commands.trial.Load()
	if t == nil || t.programs[a].command == "" {
		return "", fmt.Errorf("%s: no command of the server computes it", a), nil
	}
	select {
	case p.commands.atOnce <- struct{}{}:
		defer func() { <-p.commands.atOnce }()
	case <-ctx.Done():
		return "", nil, ctx.Err()
	}
	limited, cancel := context.WithTimeout(ctx, 2*p.timeout+time.Duration(size/slowestDigest)*time.Second)
	defer cancel()
	mark := newMark()
	printed, err := c.link.digest(limited, digestScript(mark, t.programs[a].command, c.abs(name)), mark)
	sum, ok := digested(mark, printed, a)
	switch {
	case ctx.Err() != nil:
		return "", nil, ctx.Err()
	case err == nil && ok:
		p.commands.refused.Store(0)
		return sum, nil, nil
	case limited.Err() != nil:
		err = fmt.Errorf("%s: the command was not done within the time of a server at work", a)
	case err == nil:
		err = fmt.Errorf("%s: the command %q failed: %s", a, t.programs[a].command, answer(printed))
	case !declined(err):
		return "", nil, err
	}
	if p.commands.refused.Add(1) >= mostRefusals {
		p.commands.trial.Store(&trial{missing: err.Error()})
	}
	return "", err, nil
}

func (l *link) digest(ctx context.Context, script, mark string) (string, error) {
	s, err := l.newShell(ctx)
	if err != nil {
		return "", err
	}
	return s.run(ctx, script, mark+" end", true)
}

// declined tells whether the server has said no, so that the connection still works.
func declined(err error) bool {
	var no *ssh.OpenChannelError
	return errors.As(err, &no) || errors.Is(err, errNoShell)
}

// quirk says that a server was asked in vain.
func (c *commands) quirk() []connectors.Quirk {
	t := c.trial.Load()
	if t == nil || len(t.computes) > 0 {
		return nil
	}
	return []connectors.Quirk{{Name: "no-commands", Meaning: "the server computes no digest by a command, and copies are proved by reading them back: " + t.missing}}
}

// features are the commands that were found right.
func (c *commands) features() (list []string) {
	if t := c.trial.Load(); t != nil {
		for _, a := range t.computes {
			list = append(list, fmt.Sprintf("%s by the command %q", a, t.programs[a].command))
		}
	}
	return slices.Clip(list)
}
