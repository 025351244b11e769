package sftp

import (
	"context"
	"sync"

	"gantry/connectors/sftp/wire"
)

// kept are the handles of one file that stay open between calls, one a session,
// so that a part does not wait for an answer before it can be sent.
type kept struct {
	mu      sync.Mutex
	handles map[*conn]wire.Handle
	over    bool
}

// keep takes a handle into keeping, if the session does not keep enough, and one
// of this file, already. Otherwise it is the caller's to close.
func (k *kept) keep(c *conn, h wire.Handle) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	if _, has := k.handles[c]; has || k.over {
		return false
	}
	select {
	case c.handles <- struct{}{}:
	default:
		return false
	}
	if k.handles == nil {
		k.handles = map[*conn]wire.Handle{}
	}
	k.handles[c] = h
	return true
}

// end has no more handles kept: the file is done with.
func (k *kept) end() {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.over = true
}

// in gives the handle of a session, nil if there is none.
func (k *kept) in(c *conn) wire.Handle {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.handles[c]
}

// forget leaves a session's handle to the caller.
func (k *kept) forget(c *conn) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if _, has := k.handles[c]; has {
		delete(k.handles, c)
		<-c.handles
	}
}

// closeAll closes what is kept. A server that says only then that it could not
// store what was written is heard.
func (k *kept) closeAll(ctx context.Context) error {
	k.mu.Lock()
	handles := k.handles
	k.handles = nil
	k.mu.Unlock()
	results := make(chan error, len(handles))
	for c, h := range handles {
		<-c.handles
		go func() {
			err := c.CloseHandle(ctx, h)
			if !refused(err) {
				err = nil // of a lost session, the server closes the files
			}
			results <- err
		}()
	}
	var failure error
	for range handles {
		if err := <-results; failure == nil {
			failure = err
		}
	}
	return failure
}

// smallFile is up to where a file is worth one session: to open it in a second one takes
// longer than to wait for the first.
const smallFile = 1 << 20

// take gives a session for what is done with the upload: of a small file one in which it is
// open already, if there is one.
func (u *upload) take(ctx context.Context) (*conn, error) {
	if u.options.Size < 0 || u.options.Size > smallFile {
		return u.place.take(ctx)
	}
	return u.place.takeAmong(ctx, func(c *conn) bool { return u.files.in(c) != nil })
}
