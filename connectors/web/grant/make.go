package grant

import (
	"context"
	"fmt"
	"time"
)

// A Signer makes URLs, each of which lets whoever holds it make one request about
// one multipart upload, until a time that all of them share.
type Signer interface {
	Part(ctx context.Context, number int) (string, error)
	Complete(ctx context.Context) (string, error)
	Abort(ctx context.Context) (string, error)
	Get(ctx context.Context) (string, error) // "" if the holder may not read the file
}

// Terms are what a grant is to be good for.
type Terms struct {
	Path     string
	Size     int64 // bytes of the file at most
	PartSize int64
	Expires  time.Time
	Headers  map[string]string // that the Signer has signed with each part
}

// Make has everything signed that it takes to send a file of t.Size bytes in parts.
// The signer's errors are returned as they are; terms that cannot be are
// KindInvalid.
func Make(ctx context.Context, s Signer, t Terms) (Grant, error) {
	g := Grant{Path: t.Path, Expires: t.Expires, Headers: t.Headers, PartSize: t.PartSize, Body: S3}
	if t.Size < 0 || t.PartSize <= 0 || t.Expires.IsZero() {
		return Grant{}, refused(fmt.Errorf("a grant needs a size, a size of parts, and a time when it expires"))
	}
	count := max(1, (t.Size+t.PartSize-1)/t.PartSize)
	if count > MaxParts {
		return Grant{}, refused(fmt.Errorf("%d bytes are more than %d parts of %d", t.Size, MaxParts, t.PartSize))
	}
	var err error
	sign := func(call func(context.Context) (string, error)) (address string) {
		if err == nil {
			address, err = call(ctx)
		}
		return address
	}
	g.Complete, g.Abort, g.Get = sign(s.Complete), sign(s.Abort), sign(s.Get)
	for number := 1; number <= int(count); number++ {
		part := func(ctx context.Context) (string, error) { return s.Part(ctx, number) }
		g.Parts = append(g.Parts, Part{Number: number, URL: sign(part)})
	}
	if err != nil {
		return Grant{}, err
	}
	return g, g.Check()
}
