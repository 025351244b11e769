package transfer

import (
	"context"
	"io"
	"strings"
	"sync/atomic"
	"testing"

	"gantry/connectors"
	"gantry/transfer/digest"
)

func TestTheProofIsChosenByWhatIsKnown(t *testing.T) {
	computes := connectors.Traits{Computes: []connectors.Algorithm{connectors.SHA256, connectors.SHA1, connectors.MD5}}
	probed := func(answer string, features ...string) connectors.Profile {
		return connectors.Profile{Can: map[string]string{"digests on demand": answer}, Features: features}
	}
	wrong := connectors.Profile{Quirks: []connectors.Quirk{{Name: "wrong-digest", Meaning: "the md5 is not that of the bytes"}}}
	echoes := connectors.Profile{Quirks: []connectors.Quirk{{Name: "echoed-digest", Meaning: "it is what it was told"}}}
	for name, test := range map[string]struct {
		l      ladder
		proof  Proof
		digest connectors.Algorithm
		reason string
	}{
		"a store's digest":              {ladder{traits: connectors.Traits{WholeDigest: connectors.CRC64NVME}, readable: true}, ProofNative, connectors.CRC64NVME, "states the crc64nvme"},
		"a digest that is too short":    {ladder{traits: connectors.Traits{WholeDigest: connectors.CRC32C}, readable: true}, ProofReadback, "", "too short"},
		"a store that repeats ours":     {ladder{traits: connectors.Traits{WholeDigest: connectors.CRC64NVME}, readable: true, profile: echoes}, ProofReadback, "", "it is what it was told"},
		"a server that computes":        {ladder{traits: computes, readable: true}, ProofNative, connectors.SHA256, "computes the sha256"},
		"what is wanted anyway":         {ladder{traits: computes, readable: true, wanted: []connectors.Algorithm{connectors.XXH128, connectors.MD5}}, ProofNative, connectors.MD5, "computes the md5"},
		"found right by a probe":        {ladder{traits: computes, readable: true, profile: probed("yes", "digest md5")}, ProofNative, connectors.MD5, "computes the md5"},
		"refused when it was probed":    {ladder{traits: computes, readable: true, profile: probed("no: the server offers none")}, ProofReadback, "", "no digest that a probe found right"},
		"found wrong by a probe":        {ladder{traits: connectors.Traits{WholeDigest: connectors.MD5}, readable: true, profile: wrong}, ProofReadback, "", "the md5 is not that of the bytes"},
		"nothing of its own":            {ladder{readable: true}, ProofReadback, "", "no digest of its own"},
		"reading that is asked for":     {ladder{traits: computes, readable: true, verify: VerifyReadback}, ProofReadback, "", "asked for"},
		"reading where it is not to be": {ladder{traits: connectors.Traits{WholeDigest: connectors.CRC64NVME}, verify: VerifyReadback}, ProofNative, connectors.CRC64NVME, "states"},
		"size that is allowed":          {ladder{readable: true, verify: VerifySize}, ProofSize, "", "allowed"},
		"size where there is more":      {ladder{traits: computes, readable: true, verify: VerifySize}, ProofNative, connectors.SHA256, "computes"},
		"a drop box":                    {ladder{traits: connectors.Traits{WriteOnly: true}}, "", "", "cannot be read"},
		"a drop box where size will do": {ladder{traits: connectors.Traits{WriteOnly: true}, verify: VerifySize}, ProofSize, "", "allowed"},
		"nothing but its own answers":   {ladder{hashes: true}, ProofNative, "", "may know a digest"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := test.l.choose(); got.Proof != test.proof || got.Digest != test.digest || !strings.Contains(got.Reason, test.reason) {
				t.Errorf("got %+v, want %s %s because %s", got, test.proof, test.digest, test.reason)
			}
		})
	}
}

// A computing place computes digests of what is staged, the way hash says.
type computing struct {
	*script
	hash  func(call int, right connectors.Digests) (connectors.Digests, error)
	asked atomic.Int32
	read  atomic.Int32 // how often something staged was opened
}

func (c *computing) Traits() connectors.Traits {
	traits := c.Place.Traits()
	traits.Computes = []connectors.Algorithm{connectors.SHA256}
	return traits
}

func (c *computing) Begin(ctx context.Context, path string, o connectors.UploadOptions) (connectors.Upload, error) {
	up, err := c.script.Begin(ctx, path, o)
	if err != nil {
		return nil, err
	}
	return computed{up.(stagedUpload), c}, nil
}

type computed struct {
	stagedUpload
	c *computing
}

func (u computed) OpenStaged(ctx context.Context, offset, length int64) (io.ReadCloser, error) {
	u.c.read.Add(1)
	return u.stagedUpload.OpenStaged(ctx, offset, length)
}

func (u computed) HashStaged(ctx context.Context, want ...connectors.Algorithm) (connectors.Digests, error) {
	r, err := u.stagedUpload.OpenStaged(ctx, 0, -1)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	data, err := io.ReadAll(r)
	if err != nil {
		return nil, err
	}
	right, err := digest.Of(data, want...)
	if err != nil || u.c.hash == nil {
		u.c.asked.Add(1)
		return right, err
	}
	return u.c.hash(int(u.c.asked.Add(1)), right)
}

func TestAPlaceThatComputesIsNotReadBack(t *testing.T) {
	s := newStage(t)
	data := s.file("clip", 4*part+5)
	to := &computing{script: &script{Place: s.folder("a")}}
	to.write = spoilOnce(to.script, 3)
	receipt := s.run(s.job("clip", to))
	s.holds("a", "clip", data)
	c := receipt.Copies[0]
	if c.Proof != ProofNative || c.ProofDigest != connectors.SHA256 || receipt.Digests[connectors.SHA256] == "" || !strings.Contains(c.ProofReason, "computes") {
		t.Errorf("got %+v", c)
	}
	if to.asked.Load() != 2 || to.read.Load() != 5 || to.attempts(3) != 2 || to.writes.Load() != 6 {
		t.Errorf("asked %d times, read %d parts to find the wrong one, sent %d", to.asked.Load(), to.read.Load(), to.writes.Load())
	}
	if len(c.Notes) != 1 || !strings.Contains(c.Notes[0], "3") || c.Resent != part {
		t.Errorf("notes %q, %d bytes sent again", c.Notes, c.Resent)
	}
}

// spoilOnce flips a bit of a part the first time that it is sent.
func spoilOnce(s *script, number int) func(context.Context, int, connectors.Part, io.ReadSeeker, writer) (connectors.Part, error) {
	return func(_ context.Context, _ int, p connectors.Part, r io.ReadSeeker, next writer) (connectors.Part, error) {
		if p.Number == number && s.attempts(number) == 1 {
			return next(flipped(r, 5))
		}
		return next(r)
	}
}

func TestAPlaceThatDoesNotComputeIsReadBack(t *testing.T) {
	for name, test := range map[string]struct {
		hash func(call int, right connectors.Digests) (connectors.Digests, error)
		note string
	}{
		"refused": {func(int, connectors.Digests) (connectors.Digests, error) {
			return nil, connectors.Errorf(connectors.KindUnsupported, "hash", "clip", "552 the file is too large for it")
		}, "552 the file is too large"},
		"busy": {func(int, connectors.Digests) (connectors.Digests, error) {
			return nil, connectors.Errorf(connectors.KindBusy, "hash", "clip", "450 not now")
		}, "450 not now"},
		"silent": {func(int, connectors.Digests) (connectors.Digests, error) { return nil, nil }, "gave none"},
		"lost": {func(int, connectors.Digests) (connectors.Digests, error) {
			return nil, connectors.Errorf(connectors.KindUnavailable, "hash", "clip", "the connection was lost")
		}, "connection was lost"},
		"lying": {func(int, connectors.Digests) (connectors.Digests, error) {
			return connectors.Digests{connectors.SHA256: strings.Repeat("0", 64)}, nil
		}, "not believed"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStage(t)
			data := s.file("clip", 3*part)
			to := &computing{script: &script{Place: s.folder("a")}, hash: test.hash}
			c := s.run(s.job("clip", to)).Copies[0]
			s.holds("a", "clip", data)
			if c.Proof != ProofReadback || c.ProofDigest != connectors.XXH128 || len(c.Notes) != 1 || !strings.Contains(c.Notes[0], test.note) {
				t.Errorf("got %+v", c)
			}
			if to.writes.Load() != 3 {
				t.Errorf("%d parts were sent", to.writes.Load())
			}
		})
	}
}

func TestADigestThatIsTooShortIsNoProofAndStillShowsADifference(t *testing.T) {
	s := newStage(t)
	data := s.file("clip", 3*part)
	to := vouching(s.folder("a"))
	to.traits.WholeDigest = connectors.CRC32C
	to.commit = func(call int, next func() (connectors.Entry, error)) (connectors.Entry, error) {
		e, err := next()
		e.Digests = sums(t, data[:len(data)-min(1, 2-call)], connectors.CRC32C)
		return e, err
	}
	c := s.run(s.job("clip", to)).Copies[0]
	s.holds("a", "clip", data)
	if c.Proof != ProofReadback || to.commits.Load() != 2 || !strings.Contains(c.ProofReason, "too short") {
		t.Errorf("%d commits, %+v", to.commits.Load(), c)
	}
}

// What an uploader has left beside a file proves nothing, but shows that it is another.
func TestAStatedDigestFindsADifferenceEarly(t *testing.T) {
	s := newStage(t)
	data := s.file("clip", 3*part)
	to := &script{Place: s.folder("a"), unstaged: true}
	to.commit = func(call int, next func() (connectors.Entry, error)) (connectors.Entry, error) {
		e, err := next()
		e.Stated = sums(t, data[:len(data)-min(1, 2-call)], connectors.XXH128)
		return e, err
	}
	to.open = func(_ int, _ int64, r io.ReadCloser) (io.ReadCloser, error) { return r, nil } // so that they are counted
	c := s.run(s.job("clip", to)).Copies[0]
	if c.Proof != ProofReadback || to.commits.Load() != 2 || to.opens.Load() != 3 {
		t.Errorf("%d commits, %d reads, %+v", to.commits.Load(), to.opens.Load(), c)
	}
}

func TestReadingBackCanBeAskedFor(t *testing.T) {
	s := newStage(t)
	data := s.file("clip", 3*part)
	to := vouching(s.folder("a"))
	to.commit = func(_ int, next func() (connectors.Entry, error)) (connectors.Entry, error) {
		e, err := next()
		e.Digests = sums(t, data, connectors.SHA256)
		return e, err
	}
	job := s.job("clip", to)
	job.Verify = VerifyReadback
	if c := s.run(job).Copies[0]; c.Proof != ProofReadback || c.ProofReason != "it was asked for" {
		t.Errorf("got %+v", c)
	}
}

func TestAReceiptTellsWhenWhatHappened(t *testing.T) {
	s := newStage(t, func(o *Options) { o.Version = "gantry 1.2.3" })
	s.file("clip", 3*part)
	receipt := s.run(s.job("clip", s.folder("a")))
	c := receipt.Copies[0].Times
	if c.Started.Before(receipt.Started) || c.FirstByte.Before(c.Started) || c.Sent.Before(c.FirstByte) || c.Verified.Before(c.Sent) || c.Committed.Before(c.Verified) || receipt.Finished.Before(c.Committed) {
		t.Errorf("got %+v of %v to %v", c, receipt.Started, receipt.Finished)
	}
	if receipt.Engine != "gantry 1.2.3" {
		t.Errorf("engine %q", receipt.Engine)
	}
}
