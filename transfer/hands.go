package transfer

// Hands are goroutines that make calls for others, one after the other. A new one for
// each of the ten calls of a small file would have to grow its stack each time, which
// costs more than the call.
type hands struct {
	free chan func() // taken by one that waits
	room chan struct{}
}

// mostHands is how many of them wait for the next call, at most.
const mostHands = 64

var crew = &hands{free: make(chan func()), room: make(chan struct{}, mostHands)}

// call has somebody make a call, and does not wait for it.
func (h *hands) call(f func()) {
	select {
	case h.free <- f:
		return
	default:
	}
	go h.work(f)
}

// work makes calls, as long as there is room to wait for the next.
func (h *hands) work(f func()) {
	for {
		f()
		select {
		case h.room <- struct{}{}:
		default:
			return
		}
		f = <-h.free
		<-h.room
	}
}
