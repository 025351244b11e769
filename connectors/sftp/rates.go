package sftp

import (
	"slices"
	"time"

	"gantry/connectors"
)

// A copy is read back about as quickly as it was sent. Next door that is quicker than some
// programs digest it: what was sent tells which of them are not worth their while.

// sentBy tells when an upload of this size, in bytes, was sent that took so long.
func (c *commands) sentBy(size int64, took time.Duration) {
	if size < worthDigestingFar || took <= 0 {
		return
	}
	rate := int64(float64(size) / took.Seconds())
	for was := c.rate.Load(); rate > was && !c.rate.CompareAndSwap(was, rate); was = c.rate.Load() {
	}
}

// keepingUp are the digests that the server computes more quickly than copies are read.
func (c *commands) keepingUp() []connectors.Algorithm {
	t := c.trial.Load()
	if t == nil {
		return nil
	}
	rate := c.rate.Load()
	slow := func(a connectors.Algorithm) bool { return t.programs[a].rate < rate }
	if !slices.ContainsFunc(t.computes, slow) {
		return t.computes
	}
	return slices.DeleteFunc(slices.Clone(t.computes), slow)
}

// missing says why nothing is asked of the server, "" if something is, or may be.
func (c *commands) missing() string {
	switch t := c.trial.Load(); {
	case t == nil:
		return ""
	case t.missing != "" || len(c.keepingUp()) > 0:
		return t.missing
	default:
		return "the commands that the account has digest more slowly than copies are read back here"
	}
}
