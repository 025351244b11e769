package transfer

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"sync"

	"github.com/zeebo/xxh3"

	"gantry/connectors"
	"gantry/transfer/digest"
)

// A checkpoint is how the journal holds how far the source was read: the states of
// the hashes of the whole after its first parts, all of which a destination has
// accepted. A later run reads on from there.
type checkpoint struct {
	Parts  int                             `json:"parts"`
	CRC    string                          `json:"crc"` // CRC64NVME of those parts
	States map[connectors.Algorithm][]byte `json:"states"`
	Check  string                          `json:"check"` // of all that, so that a wrong one is not believed
}

func (c checkpoint) sum() string {
	set := xxh3.New()
	fmt.Fprintf(set, "%d %s", c.Parts, c.CRC)
	for _, a := range slices.Sorted(maps.Keys(c.States)) {
		fmt.Fprintf(set, " %s %x", a, c.States[a])
	}
	return digest.Hex64(set.Sum64())
}

// A trail holds the states of the hashes until their parts are accepted.
type trail struct {
	hashes int // how many there are

	mu     sync.Mutex
	crc    uint64                                  // of what was read so far
	crcs   map[int]uint64                          // at the end of each part
	states map[int]map[connectors.Algorithm][]byte // by the number of the part at whose end they were taken
	kept   int                                     // parts of the last checkpoint
}

// longestTrail bounds what is kept for a destination that is far behind.
const longestTrail = 256

func newTrail(hashes int) *trail {
	return &trail{hashes: hashes, crcs: map[int]uint64{}, states: map[int]map[connectors.Algorithm][]byte{}}
}

// expect says how many hashes there are in the end.
func (t *trail) expect(hashes int) {
	if t == nil {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.hashes = hashes
}

// read takes in each part as it is read, in order.
func (t *trail) read(p connectors.Part) {
	crc, err := strconv.ParseUint(p.Digests[connectors.CRC64NVME], 16, 64)
	if t == nil || err != nil {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.crc = digest.Combine(t.crc, crc, p.Size)
	t.crcs[p.Number] = t.crc
}

// note takes in the state of one hash.
func (t *trail) note(part int, states map[connectors.Algorithm][]byte) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.states[part] == nil {
		t.states[part] = map[connectors.Algorithm][]byte{}
	}
	maps.Copy(t.states[part], states)
	if len(t.states) <= longestTrail {
		return
	}
	for i, number := range slices.Sorted(maps.Keys(t.states)) {
		if i%2 == 0 && number < part {
			delete(t.states, number)
			delete(t.crcs, number)
		}
	}
}

// upTo gives the checkpoint that has the most of the first so many parts, unless
// it has none that is new.
func (t *trail) upTo(parts int) *checkpoint {
	t.mu.Lock()
	defer t.mu.Unlock()
	var best *checkpoint
	for number, states := range t.states {
		if number <= parts && number > t.kept && len(states) == t.hashes && (best == nil || number > best.Parts) {
			best = &checkpoint{Parts: number, CRC: digest.Hex64(t.crcs[number]), States: states}
		}
	}
	if best != nil {
		t.kept, best.Check = best.Parts, best.sum()
		maps.DeleteFunc(t.states, func(number int, _ map[connectors.Algorithm][]byte) bool { return number <= best.Parts })
		maps.DeleteFunc(t.crcs, func(number int, _ uint64) bool { return number <= best.Parts })
	}
	return best
}
