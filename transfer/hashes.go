package transfer

import (
	"sync"

	"gantry/connectors"
	"gantry/transfer/digest"
)

// hashes are those of the whole, each in a goroutine of its own.
type hashes struct {
	queues []chan *piece
	sets   []*digest.Set
	wait   sync.WaitGroup
}

func (r *run) startHashes() (*hashes, error) {
	h := &hashes{}
	seen := map[connectors.Algorithm]bool{connectors.CRC64NVME: true, "": true}
	wanted := r.job.algorithms()
	for _, d := range r.deliveries {
		wanted = append(wanted, d.traits.WholeDigest)
	}
	for _, a := range wanted {
		if seen[a] {
			continue
		}
		seen[a] = true
		set, err := digest.New(a)
		if err != nil {
			return nil, err
		}
		h.sets = append(h.sets, set)
		h.queues = append(h.queues, make(chan *piece, 2))
	}
	for i := range h.sets {
		h.wait.Go(func() {
			for p := range h.queues[i] {
				h.sets[i].Write(p.data)
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
