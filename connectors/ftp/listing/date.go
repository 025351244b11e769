package listing

import (
	"regexp"
	"strconv"
	"strings"
	"time"
)

// when is a time as exact as it was written.
type when struct {
	t         time.Time
	precision time.Duration
}

var (
	months = map[string]time.Month{
		"jan": 1, "feb": 2, "mar": 3, "apr": 4, "may": 5, "jun": 6, "jul": 7, "aug": 8, "sep": 9, "oct": 10, "nov": 11, "dec": 12,
	}
	clock   = regexp.MustCompile(`^([0-9]{1,2}):([0-9]{2})(?::([0-9]{2}))?$`)
	year    = regexp.MustCompile(`^[0-9]{4}$`)
	day     = regexp.MustCompile(`^[0-9]{1,2}$`)
	isoDay  = regexp.MustCompile(`^[0-9]{4}-[0-9]{2}-[0-9]{2}$`)
	isoTime = regexp.MustCompile(`^[0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,9})?)?$`)
	isoZone = regexp.MustCompile(`^[-+][0-9]{4}$`)
)

// date reads a date at the beginning of columns, and tells how many of them it
// takes: "Jan 29 03:26", "Apr  8 1994", "29 Jan 03:26", "Jan 29 03:26:11 2020" and
// "2005-06-07 21:22".
func (r *Reader) date(columns []column) (when, int, bool) {
	text := func(i int) string {
		if i < len(columns) {
			return columns[i].text
		}
		return ""
	}
	if isoDay.MatchString(text(0)) && isoTime.MatchString(text(1)) {
		return r.isoDate(text(0), text(1), text(2))
	}
	month, d := months[strings.ToLower(text(0))], text(1)
	if month == 0 {
		month, d = months[strings.ToLower(text(1))], text(0)
	}
	if month == 0 || !day.MatchString(d) {
		return when{}, 0, false
	}
	dayOfMonth, _ := strconv.Atoi(d) // one or two digits
	if year.MatchString(text(2)) {
		y, _ := strconv.Atoi(text(2)) // four digits
		w, ok := r.at(y, month, dayOfMonth, "")
		return w, 3, ok
	}
	if !clock.MatchString(text(2)) {
		return when{}, 0, false
	}
	if strings.Count(text(2), ":") == 2 && year.MatchString(text(3)) {
		y, _ := strconv.Atoi(text(3)) // four digits
		w, ok := r.at(y, month, dayOfMonth, text(2))
		return w, 4, ok
	}
	w, ok := r.lately(month, dayOfMonth, text(2))
	return w, 3, ok
}

func (r *Reader) isoDate(date, at, zone string) (when, int, bool) {
	layout, used := "2006-01-02 15:04:05", 2
	if len(at) == len("15:04") {
		layout = "2006-01-02 15:04"
	}
	value := date + " " + at
	if isoZone.MatchString(zone) {
		layout, value, used = layout+" -0700", value+" "+zone, 3
	}
	t, err := time.ParseInLocation(layout, value, r.zone())
	precision := time.Second
	if len(at) == len("15:04") {
		precision = time.Minute
	}
	return when{t.UTC(), precision}, used, err == nil && t.Year() >= firstYear
}

// at is refused for days that the calendar does not have.
func (r *Reader) at(y int, month time.Month, d int, at string) (when, bool) {
	var hour, minute, second int
	precision := 24 * time.Hour
	if m := clock.FindStringSubmatch(at); m != nil {
		hour, _ = strconv.Atoi(m[1]) // digits, all three
		minute, _ = strconv.Atoi(m[2])
		precision = time.Minute
		if m[3] != "" {
			second, _ = strconv.Atoi(m[3])
			precision = time.Second
		}
	}
	t := time.Date(y, month, d, hour, minute, second, 0, r.zone())
	real := d >= 1 && time.Date(y, month, d, 0, 0, 0, 0, time.UTC).Day() == d && hour < 24 && minute < 60 && second < 60
	return when{t.UTC(), precision}, real && y >= firstYear
}

// lately finds the year of a date without one: the last in which there was such a
// day, up to a day ahead of us, because clocks and time zones differ.
func (r *Reader) lately(month time.Month, d int, at string) (when, bool) {
	const leapYears = 8 // at most so many years lie between two of them
	limit := r.Now.Add(24 * time.Hour)
	for y := limit.In(r.zone()).Year(); y >= limit.Year()-leapYears-1; y-- {
		if w, ok := r.at(y, month, d, at); ok && !w.t.After(limit) {
			return w, true
		}
	}
	return when{}, false
}
