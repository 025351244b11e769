package transfer

import "gantry/connectors"

// astray are the digests of what attempts have sent that failed, by the numbers of
// their parts: a server may have the bytes yet, or a connection that hangs, and write
// them when nobody waits for them any more. It does no harm where the same bytes were
// sent again, and undoes what was mended where others were.
type astray map[int][]connectors.Digests

// touch is told that an attempt to send a part begins: what was read back of it counts
// no more. It tells whether it is not the first.
func (d *delivery) touch(p connectors.Part) (repeated bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	repeated = d.tried[p.Number]
	d.tried[p.Number] = true
	d.touched[p.Number]++
	delete(d.proved, p.Number)
	return repeated
}

// landed is told how the attempt ended.
func (d *delivery) landed(p connectors.Part, err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.touched[p.Number]++
	if err == nil {
		return
	}
	for _, sums := range d.astray[p.Number] {
		if _, equal := sums.Agree(p.Digests); equal {
			return
		}
	}
	d.astray[p.Number] = append(d.astray[p.Number], p.Digests)
}

// seal is for a part that is about to be read back. What it returns notes that it was
// proved, unless the part was sent again meanwhile, the upload was given up, or the
// recording was found to be finished.
func (d *delivery) seal(number int) (proved func(connectors.Part)) {
	d.mu.Lock()
	defer d.mu.Unlock()
	touched, life, ends := d.touched[number], d.lives, d.ends
	return func(p connectors.Part) {
		d.mu.Lock()
		defer d.mu.Unlock()
		if d.touched[number] == touched && d.lives == life && d.ends == ends {
			d.proved[number] = p
		}
	}
}

// doubtful are the parts of which other bytes than those of the whole are astray.
func (d *delivery) doubtful() (list []connectors.Part) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, p := range d.r.pass.whole.Parts {
		for _, sums := range d.astray[p.Number] {
			if _, equal := sums.Agree(p.Digests); !equal {
				list = append(list, p)
				break
			}
		}
	}
	return list
}
