package media

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// rate is an exact number of frames per second.
type rate struct{ num, den int64 }

// parseRate reads "30000/1001" or "25"; anything that is not a positive rate gives the zero rate.
func parseRate(s string) rate {
	a, b, found := strings.Cut(s, "/")
	num, err1 := strconv.ParseInt(a, 10, 64)
	den := int64(1)
	var err2 error
	if found {
		den, err2 = strconv.ParseInt(b, 10, 64)
	}
	if err1 != nil || err2 != nil || num <= 0 || den <= 0 {
		return rate{}
	}
	return rate{num, den}
}

func (r rate) valid() bool { return r.num > 0 && r.den > 0 }

func (r rate) fps() float64 {
	if !r.valid() {
		return 0
	}
	return float64(r.num) / float64(r.den)
}

// frame is the duration of one frame, in seconds.
func (r rate) frame() float64 {
	if !r.valid() {
		return 0
	}
	return float64(r.den) / float64(r.num)
}

func (r rate) String() string {
	if !r.valid() {
		return ""
	}
	return fmt.Sprintf("%d/%d", r.num, r.den)
}

func (r rate) near(o rate, share float64) bool {
	return r.valid() && o.valid() && math.Abs(r.fps()-o.fps()) <= share*o.fps()
}

// standardRates are those of television and cinema, in rising order.
var standardRates = []rate{{24000, 1001}, {24, 1}, {25, 1}, {30000, 1001}, {30, 1}, {50, 1}, {60000, 1001}, {60, 1}}

// nearestStandard is the standard rate closest to r.
func nearestStandard(r rate) rate {
	best := rate{25, 1}
	for _, s := range standardRates {
		if !r.valid() {
			break
		}
		if math.Abs(s.fps()-r.fps()) < math.Abs(best.fps()-r.fps()) {
			best = s
		}
	}
	return best
}
