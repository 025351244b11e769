package probe

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"gantry/connectors"
)

// cleanUp removes everything that the probe may have made, also after it was
// interrupted.
func (p *probe) cleanUp(ctx context.Context, cause error) error {
	if len(p.made) == 0 || p.traits.WriteOnly {
		return cause
	}
	p.Step("clean up")
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Minute)
	defer cancel()
	errs := []error{cause}
	for _, path := range p.made {
		if err := p.place.Remove(ctx, path); p.left(err) {
			errs = append(errs, fmt.Errorf("the probe's file %q is left behind: remove it: %w", path, err))
		}
	}
	errs = append(errs, p.sweep(ctx), p.removeFolders(ctx))
	return errors.Join(errs...)
}

// left tells whether a removal that failed has left something behind.
func (p *probe) left(err error) bool {
	switch connectors.KindOf(err) {
	case "", connectors.KindNotFound, connectors.KindInvalid: // a name that the place does not take
		return false
	default:
		return p.profile.Can["write"] == "yes"
	}
}

// sweep discards uploads of ours that were not committed.
func (p *probe) sweep(ctx context.Context) error {
	sweeper, ok := connectors.As[connectors.Sweeper](p.place)
	if !ok {
		return nil
	}
	for u, err := range sweeper.Unfinished(ctx, "") {
		if err != nil {
			return nil // who may not list uploads has left none that could be told from others'
		}
		if !strings.HasPrefix(u.Path, p.folder+"/") {
			continue
		}
		if err := sweeper.Discard(ctx, u); err != nil {
			return fmt.Errorf("an upload of the probe is left behind: %w", err)
		}
	}
	return nil
}

func (p *probe) removeFolders(ctx context.Context) error {
	foldered, ok := connectors.As[connectors.Foldered](p.place)
	if !ok && p.traits.Streamed {
		p.quirk("left-behind", "a server that makes folders keeps the empty one of the probe, %q: the protocol cannot remove it", p.folder)
	}
	if !ok {
		return nil
	}
	for _, folder := range []string{p.folder + "/sub", p.folder} {
		if err := foldered.RemoveFolder(ctx, folder); err != nil && connectors.KindOf(err) != connectors.KindNotFound {
			return fmt.Errorf("the probe's folder %q is left behind: remove it: %w", folder, err)
		}
	}
	return nil
}
