package agent

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"gantry/connectors"
	"gantry/transfer"
)

// Options of an agent. Name, Site, Hub, Dir and Open are required.
type Options struct {
	Name, Site string
	Hub        string       // base URL of the hub: https://host:port
	Client     *http.Client // carries the agent's credentials; nil is a plain one. Calls bring their own time limits
	Dir        string       // the agent's own folder, on a local file system: journal and configuration
	Open       func(context.Context, connectors.Location) (connectors.Place, error)
	Version    string

	Engine transfer.Options // its limits; journal, logger, clock and jitter are the agent's

	Moves  int // arrivals that are moved at once; 0 = 4
	Orders int // orders that are carried out at once; 0 = 4

	Refresh  time.Duration // how often the hub is asked for the configuration; 0 = 5 s
	Wait     time.Duration // how long the hub may hold a request for work; 0 = 20 s
	Retry    time.Duration // first pause after a failure, doubled up to RetryMax; 0 = 1 s
	RetryMax time.Duration // 0 = 1 min
	Mend     time.Duration // pause before a file is tried again whose failure a person has to mend; 0 = 10 min

	Logger *slog.Logger     // nil discards
	Now    func() time.Time // nil = time.Now
	Jitter func() float64   // in [0,1); nil = rand.Float64
}

// patience is how long one call that fails is waited for. It is short: a place that
// is down must not hold the few orders and moves that run at once, and what is given
// back is tried again later, from where it stopped.
const patience = 5 * time.Second

func (o Options) complete() (Options, error) {
	switch {
	case o.Name == "" || o.Site == "":
		return o, errors.New("agent: it needs a name, and the site that it stands at")
	case o.Dir == "":
		return o, errors.New("agent: no folder given for its journal")
	case o.Open == nil:
		return o, errors.New("agent: nothing given to open locations with")
	}
	dir, err := filepath.Abs(o.Dir)
	if err == nil {
		err = os.MkdirAll(dir, 0o700)
	}
	if err != nil {
		return o, fmt.Errorf("agent: folder %q: %w", o.Dir, err)
	}
	o.Dir = dir
	o.Moves, o.Orders = orDefault(o.Moves, 4), orDefault(o.Orders, 4)
	o.Refresh, o.Wait = orDefault(o.Refresh, 5*time.Second), orDefault(o.Wait, 20*time.Second)
	o.Retry, o.RetryMax = orDefault(o.Retry, time.Second), orDefault(o.RetryMax, time.Minute)
	o.Mend = orDefault(o.Mend, 10*time.Minute)
	if o.Engine.Patience <= 0 {
		o.Engine.Patience = patience
	}
	if o.Client == nil {
		o.Client = &http.Client{}
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Jitter == nil {
		o.Jitter = rand.Float64
	}
	return o, nil
}

func orDefault[T int | time.Duration](value, fallback T) T {
	if value <= 0 {
		return fallback
	}
	return value
}
