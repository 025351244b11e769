package sftp

import (
	"context"
	"testing"
	"time"

	"gantry/connectors"
	"gantry/connectors/servers"
)

// Connections that nobody needs any more are closed, but for one.
func TestPoolShrinks(t *testing.T) {
	t.Parallel()
	s, err := servers.StartSSHD(t.Context(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = s.Stop() }()
	c, err := configure(connectors.Location{URL: s.URL(t.TempDir()), Options: map[string]string{"identityFile": s.IdentityFile, "knownHosts": s.KnownHosts}})
	if err != nil {
		t.Fatal(err)
	}
	p := newPool(c)
	p.idle = 50 * time.Millisecond
	defer func() { _ = (&place{pool: p}).Close() }()
	links := func() int {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.prune()
		return len(p.links())
	}
	await := func(what string, is func() bool) {
		t.Helper()
		for deadline := time.Now().Add(20 * time.Second); !is(); time.Sleep(5 * time.Millisecond) {
			if time.Now().After(deadline) {
				t.Fatal(what)
			}
		}
	}
	var taken []*conn
	await("the pool does not grow", func() bool {
		one, err := p.take(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		taken = append(taken, one)
		return links() == 3
	})
	for _, one := range taken {
		one.release()
	}
	await("the pool does not shrink", func() bool { return links() == 1 })
	one, err := p.take(context.Background())
	if err != nil || !one.alive() {
		t.Fatalf("the connection that is left: %v", err)
	}
	one.release()
}

// A pool that was refused asks more and more rarely.
func TestPoolBacksOff(t *testing.T) {
	t.Parallel()
	now := time.Unix(0, 0)
	p := newPool(config{connections: 3, timeout: time.Second, hops: []hop{{name: "nobody", host: "127.0.0.1", port: "1"}}})
	p.now = func() time.Time { return now }
	attempts := 0
	for range 3600 {
		p.mu.Lock()
		p.grow()
		p.mu.Unlock()
		p.group.Wait()
		p.mu.Lock()
		if p.patience.After(now) && p.refusal != nil {
			attempts++
			p.refusal = nil
		}
		p.mu.Unlock()
		now = now.Add(time.Second)
	}
	if attempts < 5 || attempts > 15 {
		t.Errorf("%d attempts in an hour", attempts)
	}
}
