package api

import (
	"net/http"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// measure counts and times requests by method and status. Paths are left out:
// they hold IDs, which would make a series each.
func measure(registry *prometheus.Registry, next http.Handler) http.Handler {
	requests := prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "gantry_http_requests_total", Help: "Requests to the API by method and status.",
	}, []string{"method", "code"})
	durations := prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Name: "gantry_http_request_duration_seconds", Help: "Time until a request was answered, but for those that wait for news.", Buckets: prometheus.DefBuckets,
	}, []string{"method"})
	registry.MustRegister(requests, durations)
	counted := promhttp.InstrumentHandlerCounter(requests, next)
	timed := promhttp.InstrumentHandlerDuration(durations, counted)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if waits(r) {
			counted.ServeHTTP(w, r)
			return
		}
		timed.ServeHTTP(w, r)
	})
}

// waits tells whether a request may be held open until there is news.
func waits(r *http.Request) bool {
	return r.URL.Path == "/api/v1/agent/leases" || r.URL.Query().Has("wait")
}
