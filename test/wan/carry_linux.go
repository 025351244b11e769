package wan

import (
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"runtime/debug"
	"strconv"
	"time"

	"golang.org/x/sys/unix"
)

// carrying is the setting that makes a program the carrier of a link.
const carrying = "GANTRY_WAN_CARRY"

// order is what the carrier is told.
func (l Link) order(seed uint64) string {
	return fmt.Sprintf("%s=%d %d %g %d %d", carrying, l.Rate, l.RoundTrip, l.Loss, l.Queue, seed)
}

// Carry is the program that [Open] starts: it carries packets between its third and fourth
// file until its standard input ends. It does nothing, and gives false, if it was started
// for something else.
func Carry() (was bool, err error) {
	text := os.Getenv(carrying)
	if text == "" {
		return false, nil
	}
	var l Link
	var seed uint64
	if _, err := fmt.Sscan(text, &l.Rate, &l.RoundTrip, &l.Loss, &l.Queue, &seed); err != nil {
		return true, fmt.Errorf("%s=%q: %w", carrying, text, err)
	}
	ahead()
	debug.SetGCPercent(1000)
	var seen [2]traffic
	near, far := os.NewFile(3, "near"), os.NewFile(4, "far")
	go carry(near, far, direction{link: l, random: rand.New(rand.NewPCG(seed, 1))}, &seen[0])
	go carry(far, near, direction{link: l, random: rand.New(rand.NewPCG(seed, 2))}, &seen[1])
	go trace(os.Stdout, &seen)
	_, err = io.Copy(io.Discard, os.Stdin)
	return true, err
}

// ahead has this program go before all others: a link that waits for a processor passes
// nothing, and then loses what has piled up. Threads that come later are as their makers.
func ahead() {
	threads, _ := os.ReadDir("/proc/self/task")
	for _, thread := range threads {
		if id, err := strconv.Atoi(thread.Name()); err == nil {
			_ = unix.SchedSetAttr(id, &unix.SchedAttr{Size: unix.SizeofSchedAttr, Policy: unix.SCHED_FIFO, Priority: 10}, 0)
		}
	}
}

// A packet is on its way.
type packet struct {
	data    []byte
	arrives time.Time
}

// together is for how long packets are handed over at once, as by a network card.
const together = 200 * time.Microsecond

// carry takes packets from one end to the other, until one of them is closed.
func carry(from, to *os.File, d direction, seen *traffic) {
	way := make(chan packet, 1<<16)
	spare := make(chan []byte, 1<<12)
	go func() {
		for p := range way {
			if wait := time.Until(p.arrives); wait > 0 {
				time.Sleep(max(wait, together))
			}
			_, _ = to.Write(p.data) // a device that takes no more has lost it
			select {
			case spare <- p.data[:cap(p.data)]:
			default:
			}
		}
	}()
	defer close(way)
	for {
		var buffer []byte
		select {
		case buffer = <-spare:
		default:
			buffer = make([]byte, 2048)
		}
		n, err := from.Read(buffer)
		if err != nil {
			return
		}
		if at, ok := d.pass(time.Now(), n); ok {
			seen.bytes.Add(int64(n))
			way <- packet{buffer[:n], at}
		} else {
			seen.lost.Add(1)
		}
	}
}
