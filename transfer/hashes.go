package transfer

import (
	"sync"

	"gantry/connectors"
	"gantry/transfer/digest"
)

// hashes are those of the whole, each in a goroutine of its own on the memory that
// the others and the destinations read, too. The slowest one holds up the reading
// once it is queued pieces behind: what is in memory is bounded.
type hashes struct {
	queues []chan *piece
	sets   []*digest.Set
	wait   sync.WaitGroup
}

const queued = 2

// atHand is the size up to which a file of one part is hashed where it is read, for
// all digests: then goroutines cost more than they gain.
const atHand = 1 << 20

func (r *run) readInOne() bool { return r.plan().Count() <= 1 && r.plan().Size <= atHand }

// wanted are the digests of the whole that have to be computed, beside CRC64NVME,
// which is combined from those of the parts.
func (r *run) wanted() (list []connectors.Algorithm) {
	seen := map[connectors.Algorithm]bool{connectors.CRC64NVME: true, "": true}
	all := r.job.algorithms()
	for _, d := range r.deliveries {
		all = append(all, d.traits.WholeDigest, d.way.Digest)
	}
	for _, a := range append(all, r.comparable()...) {
		if !seen[a] {
			seen[a] = true
			list = append(list, a)
		}
	}
	return list
}

func (r *run) startHashes(algorithms []connectors.Algorithm) (*hashes, error) {
	h := &hashes{}
	r.trail.expect(len(algorithms))
	for _, a := range algorithms {
		set, err := r.restored(a)
		if err != nil {
			return nil, err
		}
		h.sets = append(h.sets, set)
		h.queues = append(h.queues, make(chan *piece, queued))
	}
	for i := range h.sets {
		h.wait.Go(func() {
			for p := range h.queues[i] {
				h.sets[i].Write(p.data)
				if r.trail != nil {
					if states, err := h.sets[i].State(); err == nil { // without it, a later run reads from the beginning
						r.trail.note(p.part.Number, states)
					}
				}
				p.drop()
			}
		})
	}
	return h, nil
}

func (h *hashes) take(p *piece) {
	for _, queue := range h.queues {
		p.hold()
		queue <- p
	}
}

func (h *hashes) end() connectors.Digests {
	for _, queue := range h.queues {
		close(queue)
	}
	h.wait.Wait()
	sums := connectors.Digests{}
	for _, set := range h.sets {
		for a, sum := range set.Sums() {
			sums[a] = sum
		}
	}
	return sums
}
