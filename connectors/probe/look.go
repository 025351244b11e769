package probe

import (
	"context"
	"slices"
	"time"

	"gantry/connectors"
)

// describe takes over what the connector has found out when it connected.
func (p *probe) describe(ctx context.Context) error {
	p.traits = p.place.Traits()
	describer, ok := connectors.As[connectors.Describer](p.place)
	if !ok {
		return nil
	}
	d, err := describer.Describe(ctx)
	if err != nil {
		return err
	}
	p.traits = p.place.Traits() // some of it is known only now
	p.profile.Software, p.profile.Features, p.profile.Quirks, p.profile.Options = d.Software, d.Features, d.Quirks, d.Options
	if !d.Clock.IsZero() {
		p.profile.ClockSkew = seconds(d.Clock.Sub(p.Now()))
	}
	return nil
}

// learned takes over what has been found out since.
func (p *probe) learned(ctx context.Context) error {
	describer, ok := connectors.As[connectors.Describer](p.place)
	if !ok {
		return nil
	}
	d, err := describer.Describe(ctx)
	for _, q := range d.Quirks {
		if !slices.ContainsFunc(p.profile.Quirks, func(known connectors.Quirk) bool { return known.Name == q.Name }) {
			p.profile.Quirks = append(p.profile.Quirks, q)
		}
	}
	for _, f := range d.Features {
		if !slices.Contains(p.profile.Features, f) {
			p.profile.Features = append(p.profile.Features, f)
		}
	}
	if len(d.Options) > 0 {
		p.profile.Options = d.Options
	}
	return err
}

func (p *probe) list(ctx context.Context) error {
	for _, err := range p.place.List(ctx, "") {
		if connectors.KindOf(err) == connectors.KindNotFound {
			return err // the root itself
		}
		return p.can("list", err)
	}
	return p.can("list", nil)
}

// clock compares the server's clock with ours, by the time that it gives a file of
// which we say none.
func (p *probe) clock(ctx context.Context) error {
	if p.profile.ClockSkew != 0 || p.traits.WriteOnly {
		return nil
	}
	before := p.Now()
	entry, err := p.put(ctx, p.path("clock"), []byte("tick"), connectors.UploadOptions{})
	if err != nil {
		return p.can("tell the time", err)
	}
	if entry.ModTime.IsZero() {
		p.cannot("tell the time", "it tells none of a file")
		return nil
	}
	p.profile.Can["tell the time"] = "yes"
	after := p.Now()
	switch skew := entry.ModTime; {
	case skew.Before(before.Add(-2 * time.Second)):
		p.profile.ClockSkew = seconds(skew.Sub(before))
	case skew.After(after.Add(2 * time.Second)):
		p.profile.ClockSkew = seconds(skew.Sub(after))
	}
	return nil
}

func seconds(d time.Duration) float64 { return d.Round(time.Second).Seconds() }

// extras looks for what only some places have, without changing anything.
func (p *probe) extras(ctx context.Context) error {
	path := p.folder + "/sent"
	for _, extra := range []struct {
		what string
		try  func() (has bool, err error)
	}{
		{"tags", func() (bool, error) {
			tagger, ok := connectors.As[connectors.Tagger](p.place)
			if ok {
				_, err := tagger.Tags(ctx, path)
				return true, err
			}
			return false, nil
		}},
		{"versions", func() (bool, error) {
			versioner, ok := connectors.As[connectors.Versioner](p.place)
			if ok {
				for v, err := range versioner.Versions(ctx, path) {
					if err == nil && (v.ID == "" || v.ID == "null") {
						err = connectors.Errorf(connectors.KindUnsupported, "look", path, "versions are not kept")
					}
					return true, err
				}
			}
			return ok, nil
		}},
		{"locks", func() (bool, error) {
			locker, ok := connectors.As[connectors.Locker](p.place)
			if ok {
				_, err := locker.Lock(ctx, path)
				return true, err
			}
			return false, nil
		}},
		{"tiers", func() (bool, error) {
			tierer, ok := connectors.As[connectors.Tierer](p.place)
			if ok {
				_, err := tierer.Tier(ctx, path)
				return true, err
			}
			return false, nil
		}},
		{"find unfinished uploads", func() (bool, error) {
			sweeper, ok := connectors.As[connectors.Sweeper](p.place)
			if ok {
				for _, err := range sweeper.Unfinished(ctx, "") {
					return true, err
				}
			}
			return ok, nil
		}},
	} {
		has, err := extra.try()
		if !has {
			p.cannot(extra.what, "the protocol has none")
			continue
		}
		if err := p.can(extra.what, err); err != nil {
			return err
		}
	}
	return nil
}
