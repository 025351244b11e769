package ftp

import (
	"context"
	"time"

	"gantry/connectors"
	"gantry/connectors/promise"
)

var _ connectors.Resting = (*upload)(nil)

// restWithin is how long whoever leaves an upload waits for it to be at rest. What has
// not ended by then ends by itself.
const restWithin = time.Second

// Rest implements connectors.Resting: a transfer that waits for its next part ends, and
// its session is others'. What was sent stays, and is gone on with by the next part. Where
// nothing can be added to a file, what was sent is given up.
func (u *upload) Rest() {
	ctx, cancel := context.WithTimeout(context.Background(), restWithin)
	defer cancel()
	_ = promise.Do(ctx, func() error { u.endTransfer(); return nil })
}

// endTransfer waits for the call that is under way.
func (u *upload) endTransfer() {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.place.dropBox || u.place.whole.Load() {
		u.endStream()
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), u.place.timeout)
	defer cancel()
	if err := u.endAcross(ctx); err != nil {
		u.length, u.contended = -1, true // what the server has is asked for by the next part
	}
}
