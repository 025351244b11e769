package throttle

import (
	"slices"
	"strings"
	"time"
)

// Stop is the rate of a window in which nothing moves.
const Stop int64 = -1

// A Rate is what may move in a second, in bytes; zero is no limit, Stop is nothing.
type Rate struct{ Up, Down int64 }

// A Timetable says which rate holds when, week by week. The zero Timetable is no
// limit. It is a value, never changed, for use by many goroutines.
type Timetable struct {
	zone  *time.Location // nil = local
	rules []rule         // by weekday and minute
}

// A rule holds from a minute of the week on.
type rule struct {
	minute int // since Sunday 00:00
	rate   Rate
}

const (
	day  = 24 * 60
	week = 7 * day
)

// Always is a timetable of one rate.
func Always(r Rate) Timetable {
	if r == (Rate{}) {
		return Timetable{}
	}
	return Timetable{rules: []rule{{rate: r}}}
}

// Unlimited tells whether it never limits anything.
func (t Timetable) Unlimited() bool {
	return !slices.ContainsFunc(t.rules, func(r rule) bool { return r.rate != Rate{} })
}

// At is the rate at a time, by the clock on the wall in the timetable's zone.
func (t Timetable) At(when time.Time) Rate {
	if len(t.rules) == 0 {
		return Rate{}
	}
	when = t.local(when)
	minute := int(when.Weekday())*day + when.Hour()*60 + when.Minute()
	now := t.rules[len(t.rules)-1].rate // of last week
	for _, r := range t.rules {
		if r.minute > minute {
			break
		}
		now = r.rate
	}
	return now
}

// Next is when the rate changes after a time; the zero Time if it never does.
func (t Timetable) Next(after time.Time) time.Time {
	return t.until(after, func(r Rate) bool { return r != t.At(after) })
}

// Opens is when something may move again after a time at which nothing may; the
// zero Time if that is never.
func (t Timetable) Opens(after time.Time, up bool) time.Time {
	return t.until(after, func(r Rate) bool { return r.one(up) != Stop })
}

func (r Rate) one(up bool) int64 {
	if up {
		return r.Up
	}
	return r.Down
}

// until finds the first time of a change at which the rate is wanted.
func (t Timetable) until(after time.Time, wanted func(Rate) bool) time.Time {
	for _, c := range t.changes(after) {
		if wanted(t.At(c)) {
			return c
		}
	}
	return time.Time{}
}

// changes are the times of the next eight days at which the rate may change, in
// order. Where clocks are put forward or back, a rule may begin with that, or twice.
func (t Timetable) changes(after time.Time) (list []time.Time) {
	if len(t.rules) < 2 {
		return nil
	}
	after = t.local(after)
	for days := range 9 {
		midnight := time.Date(after.Year(), after.Month(), after.Day()+days, 0, 0, 0, 0, after.Location())
		if _, end := midnight.ZoneBounds(); !end.IsZero() {
			list = append(list, end.In(after.Location()))
		}
		for _, r := range t.rules {
			if r.minute/day != int(midnight.Weekday()) {
				continue
			}
			at := time.Date(midnight.Year(), midnight.Month(), midnight.Day(), r.minute%day/60, r.minute%60, 0, 0, after.Location())
			list = append(list, at.Add(-time.Hour), at, at.Add(time.Hour))
		}
	}
	list = slices.DeleteFunc(list, func(c time.Time) bool { return !c.After(after) })
	slices.SortFunc(list, time.Time.Compare)
	return list
}

func (t Timetable) local(when time.Time) time.Time {
	if t.zone == nil {
		return when.Local()
	}
	return when.In(t.zone)
}

// String writes it as ParseTimetable reads it; "off" if there is no limit.
func (t Timetable) String() string {
	if len(t.rules) < 2 {
		return t.At(time.Time{}).String()
	}
	var words []string
	for _, r := range t.rules {
		at, format := time.Date(2006, 1, 1, 0, r.minute, 0, 0, time.UTC), "Mon-15:04," // a Sunday
		if t.daily(r) {
			if format = "15:04,"; r.minute >= day {
				continue // it is written already
			}
		}
		words = append(words, at.Format(format)+r.rate.String())
	}
	if t.zone != nil {
		words = append(words, t.zone.String())
	}
	return strings.Join(words, " ")
}

// daily tells whether a rule is one of seven that are alike, one for each day.
func (t Timetable) daily(r rule) bool {
	for d := range 7 {
		if !slices.Contains(t.rules, rule{d*day + r.minute%day, r.rate}) {
			return false
		}
	}
	return true
}

// MarshalText implements encoding.TextMarshaler.
func (t Timetable) MarshalText() ([]byte, error) { return []byte(t.String()), nil }

// UnmarshalText implements encoding.TextUnmarshaler.
func (t *Timetable) UnmarshalText(text []byte) (err error) {
	*t, err = ParseTimetable(string(text))
	return err
}
