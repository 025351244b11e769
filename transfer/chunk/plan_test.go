package chunk

import (
	"testing"

	"pgregory.net/rapid"

	"gantry/connectors"
)

const (
	kib = int64(1) << 10
	mib = int64(1) << 20
	gib = int64(1) << 30
)

var s3 = connectors.Traits{MinPart: 5 * mib, MaxPart: 5 * gib, MaxParts: 10_000, MaxSize: 5 << 40}

func TestPartSizes(t *testing.T) {
	for name, c := range map[string]struct {
		size, preferred int64
		places          []connectors.Traits
		part            int64
		count           int
	}{
		"nothing":                      {0, 0, []connectors.Traits{s3}, 16 * mib, 0},
		"one byte":                     {1, 0, []connectors.Traits{s3}, 16 * mib, 1},
		"exactly one part":             {16 * mib, 0, nil, 16 * mib, 1},
		"one byte more":                {16*mib + 1, 0, nil, 16 * mib, 2},
		"a smaller wish":               {20 * mib, mib, nil, mib, 20},
		"a wish below the minimum":     {20 * mib, mib, []connectors.Traits{{}, s3}, 5 * mib, 4},
		"a maximum below the wish":     {20 * mib, 0, []connectors.Traits{{MaxPart: 3 * mib}, {MaxPart: 4 * mib}}, 3 * mib, 7},
		"the last that 16 MiB reach":   {160_000 * mib, 0, []connectors.Traits{s3}, 16 * mib, 10_000},
		"one byte more than they do":   {160_000*mib + 1, 0, []connectors.Traits{s3}, 17 * mib, 9412},
		"rounding would pass the roof": {100 * kib, kib, []connectors.Traits{{MaxPart: 10 * kib, MaxParts: 10}}, 10 * kib, 10},
		"the largest object":           {5 << 40, 0, []connectors.Traits{s3}, 525 * mib, 9987},
	} {
		t.Run(name, func(t *testing.T) {
			p, err := New(c.size, c.preferred, c.places...)
			if err != nil || p.PartSize != c.part || p.Count() != c.count {
				t.Fatalf("got parts of %d, %d of them (%v)", p.PartSize, p.Count(), err)
			}
		})
	}
}

func TestImpossiblePlansAreRefused(t *testing.T) {
	for name, c := range map[string]struct {
		size   int64
		places []connectors.Traits
	}{
		"larger than a place takes":    {5<<40 + 1, []connectors.Traits{s3}},
		"minimum above maximum":        {gib, []connectors.Traits{s3, {MaxPart: mib}}},
		"too many parts of that size":  {11 * mib, []connectors.Traits{{MaxParts: 10}, {MaxPart: mib}}},
		"a negative size":              {-1, nil},
		"one place many, another tiny": {100 * mib, []connectors.Traits{{MaxPart: 5 * mib}, {MaxParts: 3}}},
	} {
		t.Run(name, func(t *testing.T) {
			if p, err := New(c.size, 0, c.places...); connectors.KindOf(err) != connectors.KindInvalid {
				t.Fatalf("got %+v, %v", p, err)
			}
		})
	}
}

func TestAnyPlanCoversTheFileWithinAllLimits(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		places := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) connectors.Traits {
			return connectors.Traits{
				MinPart: rapid.Int64Range(0, 4*mib).Draw(t, "min"), MaxPart: rapid.SampledFrom([]int64{0, mib, 7 * mib, 5 * gib}).Draw(t, "max"),
				MaxParts: rapid.SampledFrom([]int{0, 1, 10, 1000}).Draw(t, "parts"), MaxSize: rapid.SampledFrom([]int64{0, gib}).Draw(t, "size"),
			}
		}), 0, 4).Draw(t, "places")
		size := rapid.Int64Range(0, 3*gib).Draw(t, "bytes")
		p, err := New(size, rapid.Int64Range(64*kib, 20*mib).Draw(t, "preferred"), places...)
		if err != nil {
			t.Skip("no plan")
		}
		if !p.Fits(places...) {
			t.Fatalf("%+v does not fit its own places", p)
		}
		var at int64
		number := 0
		for part := range p.All() {
			number++
			if part.Number != number || part.Offset != at {
				t.Fatalf("a gap before %+v", part)
			}
			at += part.Size
			for _, place := range places {
				if place.MaxPart > 0 && part.Size > place.MaxPart || at < size && part.Size < place.MinPart {
					t.Fatalf("%+v breaks %+v", part, place)
				}
			}
		}
		if at != size || number != p.Count() {
			t.Fatalf("covered %d of %d bytes in %d parts", at, size, number)
		}
		for _, place := range places {
			if place.MaxParts > 0 && number > place.MaxParts {
				t.Fatalf("%d parts, allowed are %d", number, place.MaxParts)
			}
		}
	})
}

// Wherever the limits leave any room at all, there is a plan.
func TestAPlanIsFoundIfThereIsOne(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		place := connectors.Traits{
			MinPart: rapid.Int64Range(1, 50).Draw(t, "min"), MaxPart: rapid.Int64Range(1, 50).Draw(t, "max"),
			MaxParts: rapid.IntRange(1, 5).Draw(t, "parts"),
		}
		size := rapid.Int64Range(0, 200).Draw(t, "bytes")
		possible := false
		for part := int64(1); part <= 50; part++ {
			possible = possible || Plan{Size: size, PartSize: part}.Fits(place)
		}
		if _, err := New(size, 0, place); (err == nil) != possible {
			t.Fatalf("%d bytes, %+v: possible %t, got %v", size, place, possible, err)
		}
	})
}

// Cloudflare R2 refuses an upload whose parts differ, and says so at its very end.
func TestAllPartsButTheLastAreEqual(t *testing.T) {
	r2 := s3
	r2.EqualParts = true
	rapid.Check(t, func(t *rapid.T) {
		p, err := New(rapid.Int64Range(0, 200*gib).Draw(t, "bytes"), rapid.Int64Range(0, 64*mib).Draw(t, "preferred"), r2)
		if err != nil {
			t.Fatal(err)
		}
		for part := range p.All() {
			if part.Size > p.PartSize || part.Number < p.Count() && part.Size != p.PartSize {
				t.Fatalf("%+v of %+v", part, p)
			}
		}
	})
}
