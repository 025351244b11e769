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
		Name: "gantry_http_request_duration_seconds", Help: "Time until a request was answered, long polls included.", Buckets: prometheus.DefBuckets,
	}, []string{"method"})
	registry.MustRegister(requests, durations)
	return promhttp.InstrumentHandlerDuration(durations, promhttp.InstrumentHandlerCounter(requests, next))
}
