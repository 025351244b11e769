package connectors

import (
	"slices"
	"strconv"
	"strings"
	"time"
)

// An OptionReader reads the options of one location, one after the other, and
// keeps the first mistake: whoever opens a place reads them all and asks Err once.
// Values after a mistake are not to be used.
type OptionReader struct {
	connector Connector
	location  Location
	shown     string // the URL without secrets
	err       error
}

// Reader reads the options of a location that Check has let pass. Errors call it
// shown.
func (c Connector) Reader(l Location, shown string) *OptionReader {
	return &OptionReader{connector: c, location: l, shown: shown}
}

// Err tells the first mistake, of KindInvalid where the reader found it.
func (r *OptionReader) Err() error { return r.err }

// Keep makes an error the first mistake, if there is none yet.
func (r *OptionReader) Keep(err error) {
	if r.err == nil {
		r.err = err
	}
}

// Refuse makes the value of an option the first mistake: "is no duration".
func (r *OptionReader) Refuse(name, why, remedy string) {
	r.Keep(BadLocation(r.shown, "the option "+strconv.Quote(name)+" "+why, remedy))
}

// Text gives an option as it stands.
func (r *OptionReader) Text(name string) string { return r.connector.Option(r.location, name) }

// File gives an option that names a file, with ~/ for the home folder.
func (r *OptionReader) File(name string) string { return FromHome(r.Text(name)) }

// OneOf reads an option that is one of some words; "" stands for being left out.
func (r *OptionReader) OneOf(name string, values ...string) string {
	value := r.Text(name)
	if !slices.Contains(values, value) {
		r.Refuse(name, "is none of its values", "write "+strings.TrimPrefix(strings.Join(values, ", "), ", "))
	}
	return value
}

// Flag reads an option that is true or false.
func (r *OptionReader) Flag(name string) bool {
	value, err := strconv.ParseBool(r.Text(name))
	if err != nil {
		r.Refuse(name, "is neither true nor false", "write true or false")
	}
	return value
}

// Number reads a whole number between two others, both included.
func (r *OptionReader) Number(name string, least, most int) int {
	value, err := strconv.Atoi(r.Text(name))
	if err != nil || value < least || value > most {
		r.Refuse(name, "is no such number", "write one from "+strconv.Itoa(least)+" to "+strconv.Itoa(most))
	}
	return value
}

// Duration reads a time of more than nothing.
func (r *OptionReader) Duration(name string) time.Duration {
	value, err := time.ParseDuration(r.Text(name))
	if err != nil || value <= 0 {
		r.Refuse(name, "is no duration", "write it like 30s or 2m")
	}
	return value
}
