// Package meter counts and times the calls to places for Prometheus.
//
// The metrics, labelled by protocol ("sftp"), operation ([wrap.Op]) and kind of
// error ("ok" without one), never by path or location:
//
//   - gantry_place_calls_total: calls that have ended
//   - gantry_place_call_seconds: how long they took. Open ends when the stream is
//     there; a listing ends with its last entry, whatever its reader does meanwhile.
//   - gantry_place_calls_in_flight: calls under way
//   - gantry_place_bytes_total: bytes read by streams, and bytes of parts that the
//     place accepted, by direction
//   - gantry_place_streams_broken_total: streams, and movements of whole files, that
//     ended with an error, by kind
package meter

import (
	"context"
	"io"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"gantry/connectors"
	"gantry/connectors/wrap"
)

// A Meter has the metrics of all places.
type Meter struct {
	now      func() time.Time
	calls    *prometheus.CounterVec
	seconds  *prometheus.HistogramVec
	inFlight *prometheus.GaugeVec
	bytes    *prometheus.CounterVec
	broken   *prometheus.CounterVec
}

// New registers the metrics. now is the clock that calls are timed by.
func New(r prometheus.Registerer, now func() time.Time) (*Meter, error) {
	m := &Meter{
		now: now,
		calls: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "gantry_place_calls_total", Help: "Calls to places by protocol, operation and kind of error.",
		}, []string{"protocol", "operation", "kind"}),
		seconds: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "gantry_place_call_seconds", Help: "Duration of calls to places.",
			Buckets: []float64{0.001, 0.005, 0.02, 0.1, 0.5, 2, 10, 60, 300},
		}, []string{"protocol", "operation"}),
		inFlight: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "gantry_place_calls_in_flight", Help: "Calls to places under way.",
		}, []string{"protocol", "operation"}),
		bytes: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "gantry_place_bytes_total", Help: "Bytes read from places and written to them.",
		}, []string{"protocol", "direction"}),
		broken: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "gantry_place_streams_broken_total", Help: "Streams from places and movements of whole files that ended with an error.",
		}, []string{"protocol", "kind"}),
	}
	for _, c := range []prometheus.Collector{m.calls, m.seconds, m.inFlight, m.bytes, m.broken} {
		if err := r.Register(c); err != nil {
			return nil, err
		}
	}
	return m, nil
}

// Wrap gives a place whose calls are counted under a protocol: the name of the
// connector.
func (m *Meter) Wrap(inner connectors.Place, protocol string) connectors.Place {
	g := &gauge{Meter: m, protocol: protocol, read: m.bytes.WithLabelValues(protocol, "read"), written: m.bytes.WithLabelValues(protocol, "written")}
	return wrap.Around(inner, wrap.Hooks{Call: g.call, Stream: g.stream, Movement: g.movement, Moving: g.moving})
}

// A gauge counts for one place.
type gauge struct {
	*Meter
	protocol      string
	read, written prometheus.Counter
}

func (g *gauge) call(ctx context.Context, c wrap.Call, do func(context.Context) error) error {
	inFlight := g.inFlight.WithLabelValues(g.protocol, string(c.Op))
	inFlight.Inc()
	defer inFlight.Dec()
	began := g.now()
	err := do(ctx)
	g.seconds.WithLabelValues(g.protocol, string(c.Op)).Observe(g.now().Sub(began).Seconds())
	g.calls.WithLabelValues(g.protocol, string(c.Op), kind(err)).Inc()
	if c.Op == wrap.WritePart && err == nil {
		g.written.Add(float64(c.Part.Size))
	}
	return err
}

// movement counts bytes as they arrive.
func (g *gauge) movement(m connectors.Movement) connectors.Movement {
	counter, before, tell := g.written, int64(0), m.Progress
	if m.Receive {
		counter = g.read
	}
	m.Progress = func(bytes int64) {
		counter.Add(float64(max(bytes-before, 0)))
		before = max(before, bytes)
		if tell != nil {
			tell(bytes)
		}
	}
	return m
}

func (g *gauge) moving(_ connectors.Movement, inner connectors.Moving) connectors.Moving {
	return &moving{Moving: inner, gauge: g}
}

type moving struct {
	connectors.Moving
	gauge *gauge
}

func (m *moving) Wait() (connectors.Entry, error) {
	e, err := m.Moving.Wait()
	if err != nil {
		m.gauge.broken.WithLabelValues(m.gauge.protocol, kind(err)).Inc()
	}
	return e, err
}

func kind(err error) string {
	if err == nil {
		return "ok"
	}
	return string(connectors.KindOf(err))
}

func (g *gauge) stream(_ context.Context, _ wrap.Call, s wrap.Stream) io.ReadCloser {
	return &stream{ReadCloser: s.ReadCloser, gauge: g}
}

type stream struct {
	io.ReadCloser
	gauge *gauge
	ended bool
}

func (s *stream) Read(b []byte) (int, error) {
	n, err := s.ReadCloser.Read(b)
	s.gauge.read.Add(float64(n))
	if err != nil && err != io.EOF && !s.ended {
		s.ended = true
		s.gauge.broken.WithLabelValues(s.gauge.protocol, kind(err)).Inc()
	}
	return n, err
}
