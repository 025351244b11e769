package web

import (
	"context"
	"net/http"
	"strings"

	"gantry/connectors"
)

// Describe implements connectors.Describer. It asks by OPTIONS and HEAD.
func (p *place) Describe(ctx context.Context) (connectors.Description, error) {
	s, err := p.options(ctx)
	if err != nil {
		return connectors.Description{}, err
	}
	h, err := p.folderHeader(ctx)
	if err != nil {
		return connectors.Description{}, err
	}
	d := connectors.Description{Software: s.header.Get("Server"), Features: []string{s.proto}, Clock: modified(s.header.Get("Date"))}
	for _, feature := range [][2]string{{"DAV", s.dav}, {"Allow", s.allow}, {"Accept-Ranges", h.Get("Accept-Ranges")}} {
		if feature[1] != "" {
			d.Features = append(d.Features, feature[0]+": "+feature[1])
		}
	}
	if d.Software == "" {
		d.Software = h.Get("Server")
	}
	if d.Clock.IsZero() {
		d.Clock = modified(h.Get("Date"))
	}
	d.Quirks = p.quirks(s)
	return d, nil
}

// folderHeader is the header of the root, which need not be anything.
func (p *place) folderHeader(ctx context.Context) (http.Header, error) {
	r, err := p.send(ctx, ask{op: "describe", method: http.MethodHead, url: p.folderURL(""), follow: true})
	if connectors.KindOf(err) == connectors.KindInvalid {
		return http.Header{}, nil // a redirect that is not followed
	}
	if err != nil {
		return nil, err
	}
	_ = r.finish()
	return r.Header, nil
}

func (p *place) quirks(s server) []connectors.Quirk {
	quirks := []connectors.Quirk{
		{Name: "no-resume", Meaning: "an upload is one request: after a cut it is sent again from the start"},
		{Name: "no-times", Meaning: "the modification time is that of the upload"},
	}
	if p.dav {
		quirks = append(quirks, connectors.Quirk{
			Name: "no-atomic-replace", Meaning: "an existing file is removed before the new one takes its name (RFC 4918, 9.9.3): for a moment there is none",
		})
	} else {
		quirks = append(quirks,
			connectors.Quirk{Name: "no-listing", Meaning: "the server lists nothing: name each file, or give the option list"},
			connectors.Quirk{Name: "in-place", Meaning: "the server decides what is visible during an upload: it may show a file that is too short"})
	}
	if p.hidesDots {
		quirks = append(quirks, connectors.Quirk{Name: "hides-dotfiles", Meaning: "listings of nginx lack names that begin with a dot: nothing is concluded from what is missing"})
	}
	if p.base.Scheme == "http" {
		quirks = append(quirks, connectors.Quirk{Name: "no-tls", Meaning: "files and passwords go over the network in the clear: take https"})
	}
	if s.allow != "" && !strings.Contains(s.allow, http.MethodPut) && p.dav {
		quirks = append(quirks, connectors.Quirk{Name: "read-only", Meaning: "the server says that nothing may be written here (Allow)"})
	}
	return quirks
}
