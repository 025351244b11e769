package throttle_test

import (
	"context"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"gantry/connectors"
	"gantry/connectors/wrap/throttle"
)

func parsed(t *testing.T, text string) throttle.Timetable {
	t.Helper()
	table, err := throttle.ParseTimetable(text)
	must(t, err)
	return table
}

func TestOneRate(t *testing.T) {
	for text, want := range map[string]throttle.Rate{
		"": {}, "off": {}, "10M": {Up: 10 * mib, Down: 10 * mib}, "10m:1M": {Up: 10 * mib, Down: mib}, "512k": {Up: 512 << 10, Down: 512 << 10},
		"1.5G": {Up: 3 << 29, Down: 3 << 29}, "100Mbit": {Up: 12_500_000, Down: 12_500_000}, "1Gbit:off": {Up: 125_000_000}, "64kbit": {Up: 8000, Down: 8000},
		"500B": {Up: 500, Down: 500}, "off:2M": {Down: 2 * mib}, "stop": {Up: throttle.Stop, Down: throttle.Stop}, "off:stop": {Down: throttle.Stop},
	} {
		table := parsed(t, text)
		if got := table.At(time.Now()); got != want || !table.Next(time.Now()).IsZero() {
			t.Errorf("%q: %v; want %v", text, got, want)
		}
	}
}

func TestWhatHoldsWhen(t *testing.T) {
	for _, test := range []struct{ table, when, rate, next string }{
		{"08:00,10M 19:00,off UTC", "2026-03-02 07:59", "off", "2026-03-02 08:00"},
		{"08:00,10M 19:00,off UTC", "2026-03-02 08:00", "10M", "2026-03-02 19:00"},
		{"19:00,off 08:00,10M UTC", "2026-03-02 23:00", "off", "2026-03-03 08:00"},
		{"Mon-08:00,512k Sat-00:00,off UTC", "2026-03-04 12:00", "512k", "2026-03-07 00:00"},
		{"Mon-08:00,512k Sat-00:00,off UTC", "2026-03-08 12:00", "off", "2026-03-09 08:00"},
		{"monday-08:00,1M 08:00,2M UTC", "", "", ""},
		{"sat-08:00,stop UTC", "2026-03-02 12:00", "stop", ""},
		{"08:00,1M 12:00,1M 19:00,2M UTC", "2026-03-02 08:00", "1M", "2026-03-02 19:00"},
		{"08:00,10M 19:00,off Europe/Oslo", "2026-03-02 07:00", "10M", "2026-03-02 18:00"},
		{"08:00,10M 19:00,off Europe/Oslo", "2026-07-02 06:00", "10M", "2026-07-02 17:00"},
		// The hour from 02:00 is left out on this day: its window begins with the next one.
		{"02:30,1M 05:00,off Europe/Oslo", "2026-03-29 00:59", "off", "2026-03-29 01:00"},
		// And on this day it comes twice: so does what begins in it.
		{"02:00,1M 02:30,off Europe/Oslo", "2026-10-25 00:45", "off", "2026-10-25 01:00"},
	} {
		if test.when == "" {
			if table, err := throttle.ParseTimetable(test.table); err == nil {
				t.Errorf("%q is read as %v", test.table, table)
			}
			continue
		}
		at, err := time.Parse("2006-01-02 15:04", test.when)
		must(t, err)
		table := parsed(t, test.table)
		next := ""
		if n := table.Next(at); !n.IsZero() {
			next = n.UTC().Format("2006-01-02 15:04")
		}
		if got := table.At(at).String(); got != test.rate || next != test.next {
			t.Errorf("%s at %s: %s until %q; want %s until %q", test.table, test.when, got, next, test.rate, test.next)
		}
	}
}

// Between a time and the next change nothing changes, whatever the zone's clocks do.
func TestNothingChangesBeforeTheNextChange(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		entry := rapid.Custom(func(t *rapid.T) string {
			weekday := rapid.SampledFrom([]string{"", "Sun-", "Wed-", "Sat-"}).Draw(t, "weekday")
			rate := rapid.SampledFrom([]string{"off", "stop", "1M", "2M:off"}).Draw(t, "rate")
			return fmt.Sprintf("%s%02d:%02d,%s", weekday, rapid.IntRange(0, 23).Draw(t, "hour"), rapid.SampledFrom([]int{0, 15, 30}).Draw(t, "minute"), rate)
		})
		zone := rapid.SampledFrom([]string{" UTC", " Europe/Oslo", " America/New_York", " Australia/Lord_Howe", " Asia/Kathmandu"}).Draw(t, "zone")
		table, err := throttle.ParseTimetable(strings.Join(rapid.SliceOfN(entry, 1, 4).Draw(t, "entries"), " ") + zone)
		if err != nil {
			t.Skip("two entries at one time")
		}
		begin := time.Unix(rapid.Int64Range(1_760_000_000, 1_800_000_000).Draw(t, "time"), 0)
		next, now := table.Next(begin), table.At(begin)
		if !next.IsZero() && table.At(next) == now {
			t.Fatalf("%v: nothing changes at %v", table, next)
		}
		for at := begin; at.Before(begin.AddDate(0, 0, 7)) && (next.IsZero() || at.Before(next)); at = at.Add(15 * time.Minute).Truncate(15 * time.Minute) {
			if table.At(at) != now {
				t.Fatalf("%v: it changes at %v, announced was %v", table, at, next)
			}
		}
	})
}

func TestTimetablesThatAreNone(t *testing.T) {
	for text, says := range map[string]string{
		"10": "no unit", "M": "no rate", "-1M": "no rate", "0M": "no rate", "10MB/s": "write 10M for bytes, or 10Mbit for bits", "10MiB": "write 10M", "1e400M": "no rate", "NaNM": "no rate", "infG": "no rate",
		"10M:1M:1M": "no rate", "fast": "no unit", "10 Mops": "no time zone", "08:00": "no unit", "08:00,": "", "24:00,1M": "no time of the day",
		"08:60,1M": "no time of the day", "8,1M": "no time of the day", "08:00,1M 08:00,2M": "begins at the same time", "Mo-08:00,1M": "no day of the week",
		"08:00,1M Mars/Base": "no time zone", "UTC UTC": "no comma", "08:00,1M Local": "no time zone", "08:00,1X": "no unit", "08:00,1M,2M": "no rate",
		"Mon-08:00,1M 08:00,2M": `entry 2, "08:00,2M"`,
	} {
		table, err := throttle.ParseTimetable(text)
		if says == "" {
			if err != nil {
				t.Errorf("%q: %v", text, err)
			}
			continue
		}
		if connectors.KindOf(err) != connectors.KindInvalid || !strings.Contains(err.Error(), says) || !strings.Contains(err.Error(), "08:00,10M 19:00,off") {
			t.Errorf("%q: %v, %v; want %q and a remedy", text, table, err, says)
		}
	}
}

func FuzzParseTimetable(f *testing.F) {
	for _, seed := range []string{"10M", "1G:off", "100Mbit", "", "1e9B", "08:00,10M 19:00,off", "Mon-08:00,512k Sat-00:00,stop Europe/Oslo"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		table, err := throttle.ParseTimetable(text)
		if err != nil {
			return
		}
		again, err := throttle.ParseTimetable(table.String())
		if err != nil || again.String() != table.String() {
			t.Fatalf("%q is written as %q, which is read as %q (%v)", text, table, again, err)
		}
		now := time.Unix(1_790_000_000, 0)
		if r := table.At(now); r != again.At(now) || r.Up < throttle.Stop || r.Down < throttle.Stop {
			t.Fatalf("%q: %v and %v", text, r, again.At(now))
		}
		table.Next(now)
	})
}

// Nothing moves in a window that stops it, and who waits for its end says so.
func TestAWindowThatStops(t *testing.T) {
	synctest.Test(t, func(t *testing.T) { // begins at midnight UTC
		place := folder(t, throttle.New(throttle.Limits{Bandwidth: parsed(t, "00:00,stop:off 06:00,off 07:00,2M UTC")}))
		took(t, "reading", 0, func() error { return read(t.Context(), place, io.Discard) })
		var waits []bool
		ctx := connectors.WithWaits(t.Context(), func(on bool) { waits = append(waits, on) })
		took(t, "writing", 6*time.Hour, func() error { return write(ctx, place) })
		if len(waits) != 2 || !waits[0] || waits[1] {
			t.Errorf("it said %v", waits)
		}
		time.Sleep(time.Hour)
		took(t, "writing by day", 2*time.Second, func() error { return write(t.Context(), place) })
	})
}

func TestALimitThatComesWhileBytesMove(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		place := folder(t, throttle.New(throttle.Limits{Bandwidth: parsed(t, "00:00,stop 00:01,1M 00:02,stop 00:03,2M UTC")}))
		time.Sleep(118 * time.Second) // two seconds are left at 1M
		took(t, "writing", 63*time.Second, func() error { return write(t.Context(), place) })
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		time.Sleep(23*time.Hour + 57*time.Minute)
		if err := write(ctx, place); connectors.KindOf(err) != connectors.KindTimeout {
			t.Errorf("it ended with %v", err)
		}
	})
}

// A timetable is written as people write it.
func TestATimetableIsWrittenShort(t *testing.T) {
	for text, want := range map[string]string{
		"08:00,10M 19:00,off":                     "08:00,10M 19:00,off",
		"19:00,off 08:00,10M UTC":                 "08:00,10M 19:00,off UTC",
		"08:00,10M Sat-10:00,off":                 "08:00,10M Sat-10:00,off",
		"Mon-08:00,512k Sat-00:00,off":            "Mon-08:00,512k Sat-00:00,off",
		"00:00,stop 00:38,100M:1M Sun-12:00,stop": "00:00,stop 00:38,100M:1M Sun-12:00,stop",
	} {
		if got := parsed(t, text).String(); got != want {
			t.Errorf("%q is written as %q; want %q", text, got, want)
		}
	}
}
