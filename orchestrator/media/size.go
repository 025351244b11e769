package media

import "math"

// size is the size of a picture.
type size struct {
	width, height int
	square        bool // the pixels are made square
}

// outSize is the size of the picture in a rendition: within the box, never enlarged, with even sides. Without a box it
// is the size of the source, with the source's pixels.
func outSize(v VideoStream, box *Box) size {
	if box == nil {
		w, h := v.Width, v.Height
		if v.Rotation == 90 || v.Rotation == 270 {
			w, h = h, w
		}
		return size{w, h, false}
	}
	w, h := v.DisplaySize()
	boxW, boxH := box.Width, box.Height
	if h > w {
		boxW, boxH = boxH, boxW
	}
	scale := math.Min(1, math.Min(float64(boxW)/float64(w), float64(boxH)/float64(h)))
	return size{even(float64(w) * scale), even(float64(h) * scale), true}
}

// even rounds to the nearest even number, down where that would enlarge.
func even(f float64) int {
	return max(2, 2*int(math.Floor(f/2+0.25)))
}

// outRate is the constant frame rate of a rendition. MXF knows the standard rates only.
func outRate(v VideoStream, maxRate float64, container string) rate {
	r := parseRate(v.FrameRate)
	switch {
	case !r.valid() || r.fps() > 1000:
		r = rate{25, 1}
	case v.VariableFrameRate, container == "mxf", r.near(nearestStandard(r), 0.0005):
		r = nearestStandard(r)
	}
	for maxRate > 0 && r.fps() > maxRate*1.001 {
		r.den *= 2
	}
	if g := int64(gcd(int(r.num), int(r.den))); g > 1 {
		r = rate{r.num / g, r.den / g}
	}
	return r
}

// step is a rung as it is used for one source.
type step struct {
	size
	bitRate BitRate
}

// ladder chooses the rungs: the lowest that is at least as high as the source comes first, cut down to the source's
// size; those below follow, without those that hardly differ.
func ladder(v VideoStream, h HLSOut) []step {
	w, ht := v.DisplaySize()
	short := min(w, ht)
	first := 0
	for i, r := range h.Rungs {
		if r.Height >= short {
			first = i
		}
	}
	var steps []step
	for _, r := range h.Rungs[first:] {
		box := Box{Width: 16384, Height: r.Height}
		s := outSize(v, &box)
		if len(steps) > 0 && float64(min(s.width, s.height)) > 0.85*float64(min(steps[len(steps)-1].width, steps[len(steps)-1].height)) {
			continue
		}
		// Fewer pixels than the rung was made for need fewer bits, though not in proportion.
		share := math.Pow(math.Min(1, float64(min(s.width, s.height))/float64(r.Height)), 1.5)
		steps = append(steps, step{s, BitRate(math.Round(float64(r.BitRate)*share/1000) * 1000)})
		if len(steps) == h.MaxRungs {
			break
		}
	}
	return steps
}
