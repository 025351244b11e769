package transfer

import "gantry/connectors"

// An upload that is sent at its commit keeps a copy of its part until then. The part stays
// in memory as long, so that the copies of all jobs are bounded by the budget, too.

// keep holds on to a part that was accepted.
func (d *delivery) keep(p *piece) {
	if _, copies := connectors.As[connectors.Fleeting](d.upload); !copies {
		return
	}
	p.hold()
	d.mu.Lock()
	defer d.mu.Unlock()
	d.kept = append(d.kept, p)
}

// letGo drops what was kept: the upload was committed or given up, or is in such trouble
// that others must not wait for the memory.
func (d *delivery) letGo() {
	d.mu.Lock()
	kept := d.kept
	d.kept = nil
	d.mu.Unlock()
	for _, p := range kept {
		p.drop()
	}
}
