package chunk

import (
	"encoding/json"
	"testing"

	"pgregory.net/rapid"

	"gantry/connectors"
)

func TestPartsOfAGrowingFile(t *testing.T) {
	r2 := s3
	r2.EqualParts = true
	for name, c := range map[string]struct {
		preferred int64
		places    []connectors.Traits
		want      Plan
		room      int64
	}{
		"a folder":          {0, []connectors.Traits{{}}, Plan{-1, 5 * mib, 10_000}, 0},
		"smaller parts":     {mib, nil, Plan{-1, mib, 10_000}, 0},
		"S3":                {16 * mib, []connectors.Traits{{}, s3}, Plan{-1, 5 * mib, 1000}, 1000 * 1023 * 5 * mib},
		"S3 wants 5 MiB":    {mib, []connectors.Traits{s3}, Plan{-1, 5 * mib, 1000}, 1000 * 1023 * 5 * mib},
		"equal parts":       {0, []connectors.Traits{r2}, Plan{-1, 64 * mib, 0}, 640_000 * mib},
		"a small limit":     {0, []connectors.Traits{{MaxPart: 6 * mib}}, Plan{-1, 5 * mib, 0}, 0},
		"no part may grow":  {0, []connectors.Traits{{MaxPart: 6 * mib, MaxParts: 100}}, Plan{-1, 5 * mib, 0}, 500 * mib},
		"a place of little": {0, []connectors.Traits{{MaxSize: gib}}, Plan{-1, 5 * mib, 10_000}, gib},
	} {
		t.Run(name, func(t *testing.T) {
			p, err := Open(c.preferred, c.places...)
			if err != nil || p != c.want || p.Room(c.places...) != c.room || !p.Fits(c.places...) || !p.Open() {
				t.Fatalf("got %+v with room for %d (%v)", p, p.Room(c.places...), err)
			}
		})
	}
	if _, err := Open(0, s3, connectors.Traits{MaxPart: mib}); connectors.KindOf(err) != connectors.KindInvalid {
		t.Errorf("parts that suit nobody: %v", err)
	}
	if p, _ := Open(0, s3); p.Fits(r2) || p.Close(6*gib).Fits(r2) || !p.Close(mib).Fits(r2) {
		t.Error("parts that grow are taken for equal ones")
	}
}

// The parts that were sent while the file grew stay what they are when it ends, and
// in another process.
func TestAPlanStaysWhenTheFileEnds(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		place := connectors.Traits{
			MinPart: rapid.SampledFrom([]int64{0, kib, 5 * mib}).Draw(t, "min"), MaxPart: rapid.SampledFrom([]int64{0, 100 * mib, 5 * gib}).Draw(t, "max"),
			MaxParts: rapid.SampledFrom([]int{0, 7, 50, 10_000}).Draw(t, "parts"), EqualParts: rapid.Bool().Draw(t, "equal"),
		}
		open, err := Open(rapid.Int64Range(mib, 20*mib).Draw(t, "preferred"), place)
		if err != nil {
			t.Skip("no plan")
		}
		most := 8 * gib
		if room := open.Room(place); room > 0 {
			most = min(most, room)
		}
		size := rapid.Int64Range(0, most).Draw(t, "bytes")
		data, _ := json.Marshal(open)
		var again Plan
		if err := json.Unmarshal(data, &again); err != nil || again != open {
			t.Fatalf("%s is read as %+v (%v)", data, again, err)
		}
		p := again.Close(size)
		if !p.Fits(place) {
			t.Fatalf("%+v does not fit %+v", p, place)
		}
		at, number := int64(0), 0
		for part := range p.All() {
			number++
			before := open.Part(part.Number)
			if part.Number != number || part.Offset != at || before.Offset != at || before.Size != part.Size && part.Number < p.Count() || part.Size < 1 {
				t.Fatalf("%+v was %+v, at %d", part, before, at)
			}
			at += part.Size
		}
		if at != size || number != p.Count() {
			t.Fatalf("%d of %d bytes in %d of %d parts", at, size, number, p.Count())
		}
	})
}

// Little is left when a recording ends: at most a part, which is small against what
// was sent.
func TestTheLastPartIsSmall(t *testing.T) {
	p, err := Open(0, s3)
	if err != nil {
		t.Fatal(err)
	}
	for n := 1; n <= 10_000; n++ {
		part := p.Part(n)
		if part.Size > 5*mib && part.Size > part.Offset/499 || part.Size > 5*gib {
			t.Fatalf("%+v", part)
		}
	}
}
