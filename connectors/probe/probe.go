package probe

import (
	"context"
	"crypto/rand"
	"fmt"
	"strings"
	"time"

	"gantry/connectors"
)

// Options of a probe.
type Options struct {
	Connector string                                              // name of the protocol, for the profile
	Open      func(ctx context.Context) (connectors.Place, error) // each call is a connection of its own
	Speed     bool                                                // measure the throughput as well
	FileSize  int64                                               // bytes of the large file of the measurement; 0 = 64 MiB
	Now       func() time.Time                                    // nil = time.Now
	Step      func(what string)                                   // told what comes next; may be nil
}

// Run probes a place. The error joins what ended the probe early and what could not
// be cleaned up; the profile has what was found until then.
func Run(ctx context.Context, o Options) (profile connectors.Profile, err error) {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Step == nil {
		o.Step = func(string) {}
	}
	if o.FileSize <= 0 {
		o.FileSize = 64 << 20
	}
	o.Step("connect")
	place, err := o.Open(ctx)
	if err != nil {
		return connectors.Profile{}, err
	}
	defer place.Close()
	p := &probe{
		Options: o, place: place, folder: ".gantry-probe-" + strings.ToLower(rand.Text()[:10]),
		profile: connectors.Profile{ProbedAt: o.Now().UTC().Truncate(time.Second), Connector: o.Connector, Can: make(map[string]string)},
	}
	err = p.cleanUp(ctx, p.run(ctx))
	return p.profile, err
}

// A probe is one run.
type probe struct {
	Options
	place   connectors.Place
	traits  connectors.Traits
	folder  string
	made    []string // paths below folder that may be there
	profile connectors.Profile
}

// run tries one thing after the other. What fails with a fatal error ends it; what
// the place merely cannot do does not.
func (p *probe) run(ctx context.Context) error {
	for _, step := range []struct {
		what string
		try  func(context.Context) error
	}{
		{"ask the server what it is", p.describe},
		{"list", p.list},
		{"write a file and read it back", p.roundTrip},
		{"replace a file", p.replace},
		{"refuse to replace a file", p.exclusive},
		{"take up an upload", p.resume},
		{"rename", p.rename},
		{"copy on the server", p.copy},
		{"ask the server for digests", p.hash},
		{"tell it a wrong digest", p.contradict},
		{"try names", p.names},
		{"look at what else there is", p.extras},
		{"compare the clocks", p.clock},
		{"measure", p.measure},
	} {
		p.Step(step.what)
		err := step.try(ctx)
		if err == errReadOnly {
			return nil
		}
		if err != nil {
			return fmt.Errorf("probe: %s: %w", step.what, err)
		}
	}
	return nil
}

// can notes whether something worked. Errors that say no more than that the place
// cannot do it are taken down; all others are given back.
func (p *probe) can(what string, err error) error {
	switch connectors.KindOf(err) {
	case "":
		p.profile.Can[what] = "yes"
	case connectors.KindAuth, connectors.KindHostKey, connectors.KindCanceled, connectors.KindTimeout, connectors.KindUnavailable:
		return err
	default:
		p.profile.Can[what] = "no: " + reason(err)
	}
	return nil
}

func (p *probe) cannot(what, why string, args ...any) {
	p.profile.Can[what] = "no: " + fmt.Sprintf(why, args...)
}

func (p *probe) quirk(name, meaning string, args ...any) {
	p.profile.Quirks = append(p.profile.Quirks, connectors.Quirk{Name: name, Meaning: fmt.Sprintf(meaning, args...)})
}

func (p *probe) path(name string) string {
	path := p.folder + "/" + name
	p.made = append(p.made, path)
	return path
}
