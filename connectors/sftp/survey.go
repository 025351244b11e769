package sftp

import (
	"bytes"
	"context"
	"crypto/md5"
	"crypto/rand"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/zeebo/xxh3"

	"gantry/connectors"
)

// Survey implements connectors.Surveyor: it finds out by which programs the server digests
// the very files that the protocol shows, with a small one of random bytes that nobody can
// know. A server that has a root of its own for SFTP, runs nothing, or always the same,
// does not tell their digest. It is tried once, on servers that are known to be shells'
// next of kin, and only for a file that is worth it: others may be alarmed.
func (p *place) Survey(ctx context.Context, size int64) (missing string) {
	p.prepare(size)
	if !p.mayCommand() || size >= 0 && size < p.computesFrom() {
		return ""
	}
	select {
	case p.commands.turn <- struct{}{}:
		defer func() { <-p.commands.turn }()
	case <-ctx.Done():
		return ""
	}
	if p.commands.trial.Load() != nil {
		return p.commands.missing()
	}
	t, err := p.try(ctx)
	const mostTries = 3
	switch p.commands.tries++; {
	case ctx.Err() != nil:
		return ""
	case err != nil && p.commands.tries < mostTries:
		return err.Error() // the next file tries again
	case err != nil:
		t = &trial{missing: err.Error()}
	}
	p.commands.trial.Store(t)
	return t.missing
}

// try has the programs digest a file.
func (p *place) try(ctx context.Context) (*trial, error) {
	ctx, cancel := context.WithTimeout(ctx, trialTime)
	defer cancel()
	c, err := p.take(ctx)
	if err != nil {
		return nil, err
	}
	shells := c.link.willShell(ctx)
	c.release()
	defer shells.drop()
	data := make([]byte, 1000)
	_, _ = rand.Read(data) // it never fails
	const called = "a trial of digests"
	up, err := p.Begin(ctx, called, connectors.UploadOptions{Size: int64(len(data))})
	if err != nil {
		return nil, err
	}
	defer p.discard(ctx, up)
	if _, err := up.WritePart(ctx, connectors.Part{Number: 1, Size: int64(len(data))}, bytes.NewReader(data)); err != nil {
		return nil, err
	}
	var judged *trial
	err = p.do(ctx, "try commands", called, func(ctx context.Context, c *conn) error {
		mark := newMark()
		s, err := shells.wait()
		if err == nil {
			var printed string
			printed, err = s.run(ctx, trialScript(mark, c.abs(up.(*upload).staged())), mark+" end", false)
			judged = judge(tried(mark, printed), data)
		}
		switch {
		case declined(err):
			judged = &trial{missing: err.Error()}
		case errors.Is(err, context.DeadlineExceeded):
			judged = &trial{missing: fmt.Sprintf("a command did not end within %s", trialTime)}
		default:
			return err
		}
		return nil
	})
	return judged, err
}

// discard removes the file, over a long way while its copy begins. What stays is swept, as
// other uploads are.
func (p *place) discard(ctx context.Context, up connectors.Upload) {
	remove := func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
		defer cancel()
		_ = up.Abort(ctx)
	}
	if p.distant() {
		p.trials.Go(remove)
		return
	}
	remove()
}

// judge believes those programs that know the digest.
func judge(sums map[int]string, data []byte) *trial {
	t := &trial{programs: map[connectors.Algorithm]program{}, missing: "the account has none of the commands that Gantry knows"}
	var wrong []string
	for i, q := range programs {
		switch sum, ok := sums[i]; {
		case !ok || t.programs[q.algorithm].command != "":
		case sum == ownSum(q.algorithm, data):
			t.programs[q.algorithm] = q
			t.computes = append(t.computes, q.algorithm)
		default:
			wrong = append(wrong, fmt.Sprintf("%q", q.command))
		}
	}
	switch {
	case len(t.computes) > 0:
		t.missing = ""
	case len(wrong) > 0:
		t.missing = "what it digests is another file than the one that was written: " + strings.Join(wrong, ", ")
	}
	return t
}

func ownSum(a connectors.Algorithm, data []byte) string {
	switch a {
	case connectors.XXH128:
		sum := xxh3.Hash128(data).Bytes()
		return hex.EncodeToString(sum[:])
	case connectors.SHA256:
		sum := sha256.Sum256(data)
		return hex.EncodeToString(sum[:])
	case connectors.SHA1:
		sum := sha1.Sum(data)
		return hex.EncodeToString(sum[:])
	default:
		sum := md5.Sum(data)
		return hex.EncodeToString(sum[:])
	}
}
