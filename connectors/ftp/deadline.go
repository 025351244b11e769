package ftp

import "time"

// A deadline of a connection is set anew when an eighth of its time has passed: to set it
// for each line would cost as much as the line.
type deadline struct {
	until   time.Time
	timeout time.Duration
}

func (d *deadline) set(timeout time.Duration, set func(time.Time) error) error {
	now := time.Now()
	if d.timeout == timeout && d.until.Sub(now) > timeout-timeout/8 {
		return nil
	}
	d.until, d.timeout = now.Add(timeout), timeout
	return set(d.until)
}
