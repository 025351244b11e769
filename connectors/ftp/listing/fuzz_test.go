package listing_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"gantry/connectors/ftp/listing"
)

func FuzzFacts(f *testing.F) {
	seed(f, "testdata/mlsd.txt")
	f.Fuzz(func(t *testing.T, line string) {
		e, err := listing.Facts(line)
		sound(t, e, err)
		if err != nil || e.Kind == listing.Self || e.Kind == listing.Parent || e.Kind == listing.Other || strings.Contains(e.Target, "; ") {
			return
		}
		if again, err := listing.Facts(listing.Format(e)); err != nil || again != e {
			t.Errorf("%+v becomes %+v, %v", e, again, err)
		}
	})
}

func FuzzLine(f *testing.F) {
	seed(f, "testdata/list.txt")
	f.Fuzz(func(t *testing.T, line string) {
		r := listing.Reader{Now: now}
		e, ok, err := r.Line(line)
		if !ok && err == nil {
			return
		}
		sound(t, e, err)
	})
}

func seed(f *testing.F, file string) {
	f.Helper()
	var t testing.T
	for _, line := range lines(&t, file) {
		f.Add(line)
	}
}

// sound is what holds of every entry that is accepted.
func sound(t *testing.T, e listing.Entry, err error) {
	t.Helper()
	var bad *listing.NameError
	var odd *listing.LineError
	switch {
	case err != nil && !errors.As(err, &bad) && !errors.As(err, &odd):
		t.Errorf("an error of another kind: %v", err)
	case err != nil:
	case e.Kind == listing.Self, e.Kind == listing.Parent:
	case e.Name == "" || e.Name == "." || e.Name == ".." || strings.ContainsAny(e.Name, "/\r\n\x00"):
		t.Errorf("the name %q is accepted", e.Name)
	case e.Kind == "" || e.Size < -1:
		t.Errorf("%+v", e)
	case e.ModTime.IsZero() != (e.Precision == 0) || e.ModTime.Location() != time.UTC:
		t.Errorf("the time %v is exact to %v", e.ModTime, e.Precision)
	}
}

// What is written as facts is read as it was.
func TestFormatAndFacts(t *testing.T) {
	word := rapid.StringMatching(`[^/\r\n\x00]*[^/\r\n\x00 ;.]`).Filter(func(s string) bool { return !strings.Contains(s, "\xff") })
	rapid.Check(t, func(t *rapid.T) {
		e := listing.Entry{
			Name: word.Draw(t, "name"),
			Kind: rapid.SampledFrom([]listing.Kind{listing.File, listing.Folder, listing.Link}).Draw(t, "kind"),
			Size: rapid.Int64Range(-1, 1<<50).Draw(t, "size"),
		}
		if rapid.Bool().Draw(t, "dated") {
			e.ModTime = time.Unix(rapid.Int64Range(-1<<33, 1<<35).Draw(t, "seconds"), rapid.Int64Range(0, 999_999_999).Draw(t, "nanoseconds")).UTC()
			e.Precision = time.Second
		}
		if e.Kind == listing.Link {
			e.Target = rapid.StringMatching(`[a-z/.]*`).Draw(t, "target")
		}
		e.Unique = rapid.StringMatching(`[A-Za-z0-9+?]*`).Draw(t, "unique")
		got, err := listing.Facts(listing.Format(e))
		if err != nil || got != e {
			t.Fatalf("%+v becomes %+v, %v", e, got, err)
		}
	})
}
