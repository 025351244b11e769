package sftp

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/crypto/ssh"

	"gantry/connectors"
)

// Describe implements connectors.Describer. The protocol does not tell the
// server's time.
func (p *place) Describe(ctx context.Context) (connectors.Description, error) {
	return ask(ctx, p, "describe", p.url, func(_ context.Context, c *conn) (connectors.Description, error) {
		d := connectors.Description{Software: c.link.software(), Quirks: append(c.quirks(), p.quirks()...), Options: p.fitting(), Features: p.commands.features()}
		for name, data := range c.Extensions() {
			d.Features = append(d.Features, strings.TrimSpace(printable(name)+" "+printable(data)))
		}
		slices.Sort(d.Features)
		if limits := c.Limits(); c.Can("limits@openssh.com", "1") {
			d.Features = append(d.Features, fmt.Sprintf("read %d bytes, write %d bytes, %d handles", limits.Read, limits.Write, limits.Handles))
		}
		if known, ok := c.link.Conn.(ssh.AlgorithmsConnMetadata); ok {
			a := known.Algorithms()
			d.Features = append(d.Features, "key exchange "+a.KeyExchange, "host key "+a.HostKey, "cipher "+a.Write.Cipher)
		}
		return d, nil
	})
}

// quirks are what the server's greeting lacks.
func (c *conn) quirks() []connectors.Quirk {
	var list []connectors.Quirk
	if !c.Can("posix-rename@openssh.com", "1") {
		list = append(list, noAtomicReplace)
	}
	if !c.Can("fsync@openssh.com", "1") {
		list = append(list, connectors.Quirk{Name: "no-sync", Meaning: "a file is as durable as the server makes it: a power cut there soon after a commit may lose it"})
	}
	if !c.Can("limits@openssh.com", "1") {
		list = append(list, connectors.Quirk{Name: "no-limits", Meaning: "the server does not tell how large requests may be: Gantry sends small ones of 32 KiB, which every server takes"})
	}
	if !c.Can("statvfs@openssh.com", "2") {
		list = append(list, connectors.Quirk{Name: "no-free-space", Meaning: "the server does not tell how much room it has: a full one is found out while writing"})
	}
	return list
}

var noAtomicReplace = connectors.Quirk{
	Name:    "no-atomic-replace",
	Meaning: "the server does not replace a file in one step: Gantry moves the old one aside first, and for a moment there is none",
}

// fitting are settings that live with what the server has refused.
func (p *place) fitting() map[string]string {
	p.mu.Lock()
	defer p.mu.Unlock()
	fit := map[string]string{}
	if p.refusal != nil && len(p.conns) > 0 {
		fit["connections"] = strconv.Itoa(len(p.links()))
	}
	if p.commands.quirk() != nil {
		fit["digestCommands"] = "none"
	}
	return fit
}

// quirks are what was found out in use.
func (p *place) quirks() []connectors.Quirk {
	list := p.commands.quirk()
	if p.undated.Load() {
		list = append(list, connectors.Quirk{Name: "no-times", Meaning: "the server does not let modification times be set: files carry the time of their arrival"})
	}
	if p.refuses.Load() {
		list = append(list, connectors.Quirk{Name: "refuses-replace", Meaning: "the server offers posix-rename and refuses it for a file that is there: Gantry moves the old one aside first"})
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.refusal != nil {
		list = append(list, connectors.Quirk{
			Name:    "few-connections",
			Meaning: fmt.Sprintf("the server refused a further connection or session, and Gantry gets by with %d: %s", len(p.conns), printable(p.refusal.Error())),
		})
	}
	return list
}
