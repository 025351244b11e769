package probe

import (
	"bytes"
	"context"
	"os"
	"path/filepath"

	"gantry/connectors"
)

// move sends a file by the protocol's own program, and brings it back.
func (p *probe) move(ctx context.Context, mover connectors.Mover) error {
	dir, err := os.MkdirTemp("", "gantry-probe-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	sent, back, data := filepath.Join(dir, "sent"), filepath.Join(dir, "back"), bytesOf(1, 100_000)
	if err := os.WriteFile(sent, data, 0o600); err != nil {
		return err
	}
	path := p.path("sent")
	err = p.carry(ctx, mover, connectors.Movement{Path: path, File: sent, Size: int64(len(data)), ModTime: p.Now()})
	if err := p.can("write", err); err != nil || p.profile.Can["write"] != "yes" {
		return orReadOnly(err)
	}
	p.profile.Commit = p.commit()
	err = p.carry(ctx, mover, connectors.Movement{Receive: true, Path: path, File: back, Size: int64(len(data))})
	if err == nil {
		got, failed := os.ReadFile(back)
		if err = failed; err == nil && !bytes.Equal(got, data) {
			err = connectors.Errorf(connectors.KindIntegrity, "read back", path, "other bytes come back than were sent")
			p.quirk("wrong-bytes", "a file came back otherwise than it was sent: do not use this place")
		}
	}
	if err := p.can("read", err); err != nil {
		return err
	}
	if p.profile.Proof = "none"; p.profile.Can["read"] == "yes" {
		p.profile.Proof = "readback"
	}
	p.quirk("whole-files", "files are moved whole, by the protocol's own program: nothing else could be tried")
	return errReadOnly
}

func (p *probe) carry(ctx context.Context, mover connectors.Mover, m connectors.Movement) error {
	moving, err := mover.Start(ctx, m)
	if err == nil {
		_, err = moving.Wait()
	}
	if err == nil && !m.Receive {
		_, err = moving.Publish(ctx)
	}
	return err
}

// orReadOnly ends the probe, with an error if there is one.
func orReadOnly(err error) error {
	if err != nil {
		return err
	}
	return errReadOnly
}
