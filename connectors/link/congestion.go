package link

import (
	"errors"
	"regexp"
	"time"

	"gantry/connectors"
)

// Congestion is how TCP reacts to loss in what we send: auto, system (as the kernel is
// set), or an algorithm of the kernel, such as bbr or cubic. The zero Congestion is
// auto.
type Congestion string

// The choices that are no algorithm.
const (
	Auto   Congestion = "auto"
	System Congestion = "system"
)

var algorithm = regexp.MustCompile(`^[a-z][a-z0-9_]{0,14}$`)

// ReadCongestion reads the option congestion. KindInvalid if it can be no algorithm;
// whether the kernel has it comes out when a connection is made.
func ReadCongestion(text string) (Congestion, error) {
	if text == "" {
		return Auto, nil
	}
	if !algorithm.MatchString(text) {
		return "", &connectors.Error{
			Kind: connectors.KindInvalid, Op: "read option", Path: "congestion", Err: errors.New("it is no algorithm of TCP"),
			Remedy: "write auto, system, bbr, or another of sysctl net.ipv4.tcp_available_congestion_control",
		}
	}
	return Congestion(text), nil
}

// Options declare what every connector has that dials through this package.
func Options() []connectors.Option {
	return []connectors.Option{{
		Name: "congestion", Default: string(Auto), Example: "bbr",
		Help: "how TCP reacts to loss in what is sent: auto (bbr on long ways where the kernel has it), system (as the kernel is set), or an algorithm of the kernel",
	}}
}

// Far is from where on a way is long, in time to the peer and back: what moves there
// depends on how much is under way, more than on the processors at its ends.
const Far = 5 * time.Millisecond

// Long is from where on several connections are worth their opening before it is known
// what one of them moves: to get fast, and to recover from a loss, takes each of them many
// times the way there and back.
const Long = 30 * time.Millisecond

// near is up to where the peer is next door. Between the two the system's choice
// stands.
const near = time.Millisecond

// choose gives the algorithms to try in turn, the best first, for a way of this
// round-trip time over which the system would use another. None: leave it alone.
func (c Congestion) choose(roundTrip time.Duration, system string) (try []string, must bool) {
	switch {
	case c == System:
		return nil, false
	case c != Auto && c != "":
		return []string{string(c)}, true
	case roundTrip >= Far && system != "bbr":
		return []string{"bbr"}, false
	case roundTrip > 0 && roundTrip <= near && system == "bbr":
		return []string{"cubic", "reno"}, false
	}
	return nil, false
}
