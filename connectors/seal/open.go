package seal

import (
	"bytes"
	"errors"
	"io"
	"strings"

	"filippo.io/age"
	"filippo.io/age/agessh"
	"github.com/klauspost/compress/zstd"

	"gantry/connectors"
)

// An Opener unpacks files by what their names end in.
type Opener struct {
	layers     []string // from the outside in
	identities []age.Identity
}

// Stem is the name without the endings of packed files. ok tells whether it had any.
func Stem(name string) (stem string, ok bool) {
	stem = strings.TrimSuffix(name, endAge)
	stem = strings.TrimSuffix(stem, endZstd)
	return stem, stem != name && stem != "" && !strings.HasSuffix(stem, "/")
}

// Keys are private keys, as age-keygen and ssh-keygen write them.
type Keys struct{ identities []age.Identity }

// ParseKeys reads a file of private keys. SSH keys with a passphrase are refused.
func ParseKeys(file []byte) (Keys, error) {
	if bytes.Contains(file, []byte("PRIVATE KEY-----")) {
		id, err := agessh.ParseIdentity(file)
		if err != nil {
			return Keys{}, badKeys(errors.New("the SSH key cannot be read, or wants a passphrase"))
		}
		return Keys{[]age.Identity{id}}, nil
	}
	list, err := age.ParseIdentities(bytes.NewReader(file))
	if err != nil {
		return Keys{}, badKeys(errors.New("there is a line that is no private key of age")) // age's own words may quote it
	}
	return Keys{list}, nil
}

func badKeys(why error) error {
	return &connectors.Error{
		Kind: connectors.KindInvalid, Op: "read keys", Path: "private keys", Err: why, Remedy: "give a file as age-keygen writes it, or an SSH private key without a passphrase",
	}
}

// Opener unpacks the file of that name. KindInvalid where the name does not end as
// packed files do.
func (k Keys) Opener(name string) (*Opener, error) {
	o := &Opener{identities: k.identities}
	if stem, ok := strings.CutSuffix(name, endAge); ok {
		name, o.layers = stem, append(o.layers, endAge)
	}
	if strings.HasSuffix(name, endZstd) {
		o.layers = append(o.layers, endZstd)
	}
	switch {
	case len(o.layers) == 0:
		return nil, connectors.Errorf(connectors.KindInvalid, "unpack", name, "its name ends neither in %s nor in %s", endZstd, endAge)
	case o.layers[0] == endAge && len(o.identities) == 0:
		return nil, &connectors.Error{Kind: connectors.KindInvalid, Op: "unpack", Path: name, Err: errors.New("it is encrypted"), Remedy: "give the file with the private key"}
	}
	return o, nil
}

// Recipe says in one line how files are unpacked.
func (o *Opener) Recipe() string { return "open " + strings.Join(o.layers, "") }

// Apply unpacks src into dst. KindAuth if none of the keys opens it, KindIntegrity if
// it was altered or cut.
func (o *Opener) Apply(dst io.Writer, src io.Reader) error {
	at, inner := &told{Reader: src}, &told{}
	src = at
	for _, layer := range o.layers {
		switch layer {
		case endAge:
			r, err := age.Decrypt(src, o.identities...)
			if err != nil {
				return at.blame(err)
			}
			inner.Reader = r
			src = inner
		case endZstd:
			r, err := zstd.NewReader(src, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxWindow(128<<20))
			if err != nil {
				return at.blame(err)
			}
			defer r.Close()
			src = r
		}
	}
	to := &kept{Writer: dst}
	if _, err := io.CopyBuffer(struct{ io.Writer }{to}, struct{ io.Reader }{src}, make([]byte, 1<<20)); err != nil {
		if to.err != nil {
			return to.err
		}
		return at.blame(err)
	}
	switch {
	case at.n == 0:
		return at.blame(errors.New("it is empty"))
	case inner.err != nil: // a decoder of zstd takes what is cut before its first frame for empty
		return at.blame(inner.err)
	}
	return nil
}

// told remembers what reading the packed file itself, or what was encrypted in it, has failed with.
type told struct {
	io.Reader
	n   int64
	err error
}

func (t *told) Read(p []byte) (int, error) {
	n, err := t.Reader.Read(p)
	t.n += int64(n)
	if err != nil && !errors.Is(err, io.EOF) {
		t.err = err
	}
	return n, err
}

type kept struct {
	io.Writer
	err error
}

func (t *kept) Write(p []byte) (int, error) {
	n, err := t.Writer.Write(p)
	t.err = err
	return n, err
}

// blame says whether the place, the key or the content is at fault.
func (t *told) blame(err error) error {
	var none *age.NoIdentityMatchError
	switch {
	case t.err != nil:
		return t.err
	case errors.As(err, &none):
		return &connectors.Error{Kind: connectors.KindAuth, Op: "unpack", Path: "packed file", Err: errors.New("none of the private keys opens it"), Remedy: "give the key that it was encrypted to"}
	default:
		return connectors.Errorf(connectors.KindIntegrity, "unpack", "packed file", "it was altered, cut short, or is not what its name says: %w", err)
	}
}
