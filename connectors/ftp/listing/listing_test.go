package listing_test

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"gantry/connectors/ftp/listing"
)

var update = flag.Bool("update", false, "write the golden files anew")

var now = time.Date(2026, 11, 22, 20, 0, 0, 0, time.UTC)

func TestGolden(t *testing.T) {
	for name, read := range map[string]func(line string) (listing.Entry, bool, error){
		"list": func(line string) (listing.Entry, bool, error) { return (&listing.Reader{Now: now}).Line(line) },
		"mlsd": func(line string) (listing.Entry, bool, error) { e, err := listing.Facts(line); return e, true, err },
	} {
		t.Run(name, func(t *testing.T) {
			var got strings.Builder
			for _, line := range lines(t, "testdata/"+name+".txt") {
				e, ok, err := read(line)
				fmt.Fprintf(&got, "%s\n\t%s\n", line, shown(e, ok, err))
			}
			golden := "testdata/" + name + ".golden"
			if *update {
				if err := os.WriteFile(golden, []byte(got.String()), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if got.String() != string(want) {
				t.Errorf("it differs from %s; run the test with -update and look at the difference\n%s", golden, got.String())
			}
		})
	}
}

func lines(t *testing.T, file string) []string {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var kept []string
	for line := range strings.SplitSeq(strings.TrimSuffix(string(data), "\n"), "\n") {
		if !strings.HasPrefix(line, "#") {
			kept = append(kept, line)
		}
	}
	return kept
}

func shown(e listing.Entry, ok bool, err error) string {
	var bad *listing.NameError
	var odd *listing.LineError
	switch {
	case errors.As(err, &bad):
		return "passed over: " + bad.Reason
	case errors.As(err, &odd):
		return "refused: " + odd.Reason
	case err != nil:
		return "another error: " + err.Error()
	case !ok:
		return "no entry"
	}
	text := fmt.Sprintf("%s %q", e.Kind, e.Name)
	if e.Size >= 0 {
		text += fmt.Sprintf(" %d bytes", e.Size)
	}
	if !e.ModTime.IsZero() {
		text += fmt.Sprintf(" %s ±%s", e.ModTime.Format(time.RFC3339Nano), e.Precision)
	}
	if e.Target != "" {
		text += fmt.Sprintf(" -> %q", e.Target)
	}
	return text
}

// A listing keeps to one style.
func TestStylesAreNotMixed(t *testing.T) {
	r := listing.Reader{Now: now}
	if _, ok, err := r.Line("total 12"); ok || err != nil {
		t.Errorf("%t, %v", ok, err)
	}
	if _, _, err := r.Line("-rw-r--r--   1 root root 5 Jan 29 03:26 clip"); err != nil || r.Style != listing.Unix {
		t.Errorf("%v, %q", err, r.Style)
	}
	if e, ok, err := r.Line("04-14-00  03:47PM                  589 readme.htm"); ok || err == nil {
		t.Errorf("%+v", e)
	}
}

func TestZone(t *testing.T) {
	zurich, err := time.LoadLocation("Europe/Zurich")
	if err != nil {
		t.Fatal(err)
	}
	for line, want := range map[string]string{
		"-rw-r--r--   1 root root 5 Jul 29 03:26 summer":          "2026-07-29T01:26:00Z",
		"-rw-r--r--   1 root root 5 Jan 29 03:26 winter":          "2026-01-29T02:26:00Z",
		"-rw-r--r--   1 root root 5 Dec 31 03:26 last year":       "2025-12-31T02:26:00Z",
		"04-14-00  03:47PM                  589 readme.htm":       "2000-04-14T13:47:00Z",
		"-rw-r--r--   1 root root 5 2005-06-07 21:22 +0200 thing": "2005-06-07T19:22:00Z",
	} {
		e, _, err := (&listing.Reader{Now: now, Zone: zurich}).Line(line)
		if got := e.ModTime.Format(time.RFC3339); err != nil || got != want {
			t.Errorf("%q: %s, %v; want %s", line, got, err, want)
		}
	}
}

// A date without a year is the last such day, whatever today is.
func TestDatesWithoutYear(t *testing.T) {
	for today := time.Date(2095, 12, 1, 12, 0, 0, 0, time.UTC); today.Year() < 2106; today = today.AddDate(0, 0, 13) {
		r := listing.Reader{Now: today}
		for _, age := range []int{0, 1, 30, 59, 180, 363} {
			when := today.AddDate(0, 0, -age).Truncate(time.Minute)
			e, _, err := r.Line("-rw-r--r-- 1 a b 5 " + when.Format("Jan _2 15:04") + " x")
			if err != nil || !e.ModTime.Equal(when) {
				t.Fatalf("on %v: %v, %v; want %v", today, e.ModTime, err, when)
			}
		}
		e, _, err := r.Line("-rw-r--r-- 1 a b 5 Feb 29 23:59 x")
		if err != nil || e.ModTime.Month() != time.February || e.ModTime.Day() != 29 || e.ModTime.After(today.Add(24*time.Hour)) {
			t.Fatalf("on %v: %v, %v", today, e.ModTime, err)
		}
	}
}
