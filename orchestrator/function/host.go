package function

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"gantry/orchestrator/catalog"
	"gantry/orchestrator/media"
	"gantry/orchestrator/resources"
	"gantry/transfer/agent/wire"
)

// A Host is what the functions work with.
type Host struct {
	Store     *catalog.Store
	Resources *resources.Store
	Media     *media.Tools
	Files     *Files
	HTTP      *http.Client // guarded against requests to inner addresses
	Now       func() time.Time
}

// Catalogue lists all functions, by name.
func Catalogue(h *Host) []Function {
	return []Function{
		h.archive(),
		h.deliver(),
		h.http(),
		h.notify(),
		h.probe(),
		h.qc(),
		h.quarantine(),
		h.still(),
		h.tier(),
		h.transcode(),
		h.transfer(),
	}
}

// place finds a location and the site whose agents reach it.
func (h *Host) place(name string) (resources.Location, error) {
	l, ok := h.Resources.Current().Locations[name]
	if !ok {
		return l, noLocation(name)
	}
	return l, nil
}

func noLocation(name string) *Fault {
	return &Fault{Type: "configuration", Status: 400, Title: fmt.Sprintf("there is no location %q", name), Detail: "apply a Location of that name, or correct the workflow"}
}

func notReached(l resources.Location, who string) *Fault {
	return &Fault{
		Type: "configuration", Status: 400, Title: fmt.Sprintf("the location %q is a folder of the site %s, which %s cannot reach", l.Name, l.Site, who),
		Detail: "name a location of the file's own site, or give this one a URL that is reached over the network",
	}
}

// withRole finds the location that has a role and is reached from a site, or from
// any if site is empty.
func (h *Host) withRole(role, site string) (resources.Location, error) {
	found := resources.Location{}
	for name, l := range h.Resources.Current().Locations {
		if l.Role == role && (site == "" || l.ReachedFrom(site)) && (found.Name == "" || name < found.Name) {
			found = l
		}
	}
	if found.Name == "" {
		return found, &Fault{Type: "configuration", Status: 400, Title: "no location that is reached from here has the role " + role, Detail: "set spec.role of a Location to " + role}
	}
	return found, nil
}

// asset reads the asset that the call is about.
func (h *Host) asset(ctx context.Context, c Call) (a catalog.Asset, err error) {
	if c.Asset == "" {
		return a, &Fault{Type: "validation", Status: 400, Title: "the run is not about an asset", Detail: "start it with one: gantry run start WORKFLOW --asset ID"}
	}
	err = h.Store.Read(ctx, func(ctx context.Context, r catalog.Reader) error {
		a, err = r.Asset(ctx, c.Asset)
		return err
	})
	return a, err
}

// A Source is a file that a step works on.
type Source = wire.FileRef
