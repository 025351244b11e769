package objectstore

import (
	"context"
	"net/http"
	"strconv"
	"sync/atomic"
	"time"
)

// maxWait is the longest pause that a store is believed to want.
const maxWait = time.Hour

// Heed notes how long a store that refuses a request asks to wait (Retry-After),
// for the error of the call that made it. The libraries of the wires do not tell.
func Heed(next http.RoundTripper) http.RoundTripper { return heeding{next} }

type heeding struct{ next http.RoundTripper }

func (h heeding) RoundTrip(r *http.Request) (*http.Response, error) {
	resp, err := h.next.RoundTrip(r)
	if err == nil && resp.StatusCode >= 400 {
		if wait, ok := r.Context().Value(waitKey{}).(*atomic.Int64); ok {
			wait.Store(int64(retryAfter(resp.Header)))
		}
	}
	return resp, err
}

type waitKey struct{}

// listening gives a context whose requests note their wait.
func listening(ctx context.Context) context.Context {
	return context.WithValue(ctx, waitKey{}, new(atomic.Int64))
}

// waited tells what the last answer under a context asked for; 0 if nothing.
func waited(ctx context.Context) time.Duration {
	if wait, ok := ctx.Value(waitKey{}).(*atomic.Int64); ok {
		return time.Duration(wait.Load())
	}
	return 0
}

// retryAfter reads a number of seconds, or a time, which counts from the store's
// own clock (RFC 9110, 10.2.3).
func retryAfter(h http.Header) time.Duration {
	value := h.Get("Retry-After")
	if seconds, err := strconv.ParseInt(value, 10, 32); err == nil {
		return min(max(0, time.Duration(seconds)*time.Second), maxWait)
	}
	at, err := http.ParseTime(value)
	now, noClock := http.ParseTime(h.Get("Date"))
	if err != nil || noClock != nil {
		return 0
	}
	return min(max(0, at.Sub(now)), maxWait)
}
