package journal

import (
	"os"
)

const (
	reserveSize = 32 << 20
	lowWater    = 64 << 20 // below it, nothing new is taken on
	highWater   = lowWater + 2*reserveSize
)

// room watches the free space of the volume. The store dies when its mapped
// files find no room, so it is kept away from that: below lowWater the reserve is
// given back to the volume and new work is refused, while work under way can
// still be written down.
type room struct {
	f    *folder
	free func(dir string) (uint64, error)
	held bool // the reserve stands
	low  bool
}

// look is called before each write, by one goroutine. It tells how much is free.
func (r *room) look() uint64 {
	free, err := r.free(r.f.dir)
	if err != nil {
		return highWater // a file system that does not tell is taken to have room
	}
	r.low = free < lowWater
	switch {
	case r.low && r.held:
		r.held = os.Remove(r.f.reserve()) != nil
	case free > highWater && !r.held:
		r.held = allocate(r.f.reserve(), reserveSize) == nil
	}
	return free
}

// leave gives the reserve back to the volume, when the folder is closed.
func (r *room) leave() error {
	r.held = false
	return r.f.freeReserve()
}

// essential is the room below which nothing at all is written any more.
const essential = 16 << 20
