package flow

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// A Value is JSON data that keeps whole numbers of any size exact through encoding/json.
// Numbers are int, *big.Int or float64; a number is never an int in one form and a float in the
// other, so that a state that was stored goes on exactly as one that was not. Values are shared
// between states and never modified.
type Value struct{ data any }

// IsZero is true for JSON null.
func (v Value) IsZero() bool { return v.data == nil }

// MarshalJSON writes the data.
func (v Value) MarshalJSON() ([]byte, error) { return encode(v.data), nil }

// UnmarshalJSON reads data within the limits of a run.
func (v *Value) UnmarshalJSON(b []byte) (err error) {
	v.data, err = decode(b)
	return err
}

// decode reads one JSON value; nothing at all is null.
func decode(b []byte) (any, error) {
	if len(b) == 0 {
		return nil, nil
	}
	dec := json.NewDecoder(bytes.NewReader(b))
	dec.UseNumber()
	var data any
	if err := dec.Decode(&data); err != nil {
		return nil, fmt.Errorf("not valid JSON: %w", err)
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("not valid JSON: more than one value")
	}
	return canonical(data)
}
