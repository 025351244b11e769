package digest

import (
	"maps"
	"testing"

	"pgregory.net/rapid"

	"gantry/connectors"
)

// Wherever a set is interrupted, the one that is restored comes to the same sums.
func TestStatesGoOnWhereTheyWereTaken(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		data := rapid.SliceOfN(rapid.Byte(), 0, 5000).Draw(t, "data")
		cut := rapid.IntRange(0, len(data)).Draw(t, "cut")
		first, err := New(All()...)
		if err != nil {
			t.Fatal(err)
		}
		first.Write(data[:cut])
		states, err := first.State()
		if err != nil {
			t.Fatal(err)
		}
		first.Write([]byte("what the interrupted one took in after that"))
		second, err := Restore(states, int64(cut), All()...)
		if err != nil {
			t.Fatal(err)
		}
		second.Write(data[cut:])
		want, err := Of(data, All()...)
		if err != nil {
			t.Fatal(err)
		}
		if got := second.Sums(); !maps.Equal(got, want) || second.Size() != int64(len(data)) {
			t.Fatalf("cut at %d: got %v of %d bytes, want %v", cut, got, second.Size(), want)
		}
	})
}

func TestWrongStatesAreRefused(t *testing.T) {
	set, err := New(connectors.XXH128, connectors.SHA256)
	if err != nil {
		t.Fatal(err)
	}
	good, err := set.State()
	if err != nil {
		t.Fatal(err)
	}
	for name, states := range map[string]map[connectors.Algorithm][]byte{
		"none":                  {},
		"one is missing":        {connectors.XXH128: good[connectors.XXH128]},
		"one is cut off":        {connectors.XXH128: good[connectors.XXH128][:100], connectors.SHA256: good[connectors.SHA256]},
		"one is another's":      {connectors.XXH128: good[connectors.SHA256], connectors.SHA256: good[connectors.XXH128]},
		"one has a wild length": {connectors.XXH128: wild(good[connectors.XXH128]), connectors.SHA256: good[connectors.SHA256]},
	} {
		if _, err := Restore(states, 0, connectors.XXH128, connectors.SHA256); connectors.KindOf(err) != connectors.KindIntegrity {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func wild(state []byte) []byte {
	state = append([]byte{}, state...)
	for i := 72; i < 80; i++ {
		state[i] = 0xff
	}
	return state
}
