package agent

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"gantry/transfer/agent/wire"
)

// fakeHub speaks the hub's side of package wire, in memory.
type fakeHub struct {
	*httptest.Server
	t *testing.T

	mu       sync.Mutex
	config   wire.Config
	away     bool            // every call gets 503
	bad      map[string]bool // IDs of events whose form is refused
	stuck    map[string]bool // types of events that a batch must not hold, for a reason that no agent knows
	events   []wire.Event    // each ID once, in the order of coming
	progress []wire.ArrivalProgress
	waiting  []*fakeOrder
	orders   map[string]*fakeOrder
	controls []wire.Control
	version  int // of the controls
	lease    time.Duration
	expire   bool          // an order whose lease runs out goes to the next who asks: an agent that has just gone may have been given it
	changed  chan struct{} // closed and renewed at each call
}

type fakeOrder struct {
	wire.Order
	renewals int
	reports  []wire.ProgressReport
	result   *wire.ResultReport
}

func newFakeHub(t *testing.T) *fakeHub {
	h := &fakeHub{
		t: t, bad: map[string]bool{}, orders: map[string]*fakeOrder{}, lease: 5 * time.Second, changed: make(chan struct{}),
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /api/v1/agent/config", h.getConfig)
	mux.HandleFunc("GET /api/v1/agent/controls", h.getControls)
	mux.HandleFunc("POST /api/v1/agent/events", h.postEvents)
	mux.HandleFunc("POST /api/v1/agent/leases", h.postLeases)
	mux.HandleFunc("POST /api/v1/agent/orders/{id}/progress", h.postProgress)
	mux.HandleFunc("POST /api/v1/agent/orders/{id}/result", h.postResult)
	mux.HandleFunc("POST /api/v1/agent/arrivals/{id}/progress", h.postArrivalProgress)
	h.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if h.isAway() {
			http.Error(w, "away", http.StatusServiceUnavailable)
			return
		}
		mux.ServeHTTP(w, r)
	}))
	t.Cleanup(h.Close)
	return h
}

func (h *fakeHub) isAway() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.away
}

// with changes the hub's state and lets waiting calls see it.
func (h *fakeHub) with(f func()) {
	h.mu.Lock()
	defer h.mu.Unlock()
	f()
	close(h.changed)
	h.changed = make(chan struct{})
}

// eventually waits for something to be true of the hub's state.
func (h *fakeHub) eventually(what string, ok func() bool) {
	h.t.Helper()
	deadline := time.After(2 * time.Minute)
	for {
		h.mu.Lock()
		done, changed := ok(), h.changed
		h.mu.Unlock()
		if done {
			return
		}
		select {
		case <-changed:
		case <-deadline:
			h.mu.Lock()
			defer h.mu.Unlock()
			for _, e := range h.events {
				h.t.Logf("event %s %s %s", e.ID, e.Type, e.Data)
			}
			h.t.Fatalf("in vain: %s", what)
		}
	}
}

func (h *fakeHub) setConfig(c wire.Config) {
	h.with(func() {
		c.Site = "venue"
		c.Version = fmt.Sprintf("v%d", len(h.config.Version)+1) + h.config.Version
		h.config = c
	})
}

// of gives the events of a type, decoded.
func eventsOf[T any](h *fakeHub, kind string) (all []T) {
	for _, e := range h.events {
		if e.Type != kind {
			continue
		}
		var data T
		if err := json.Unmarshal(e.Data, &data); err != nil {
			h.t.Errorf("event %s: %v", e.ID, err)
		}
		all = append(all, data)
	}
	return all
}

func (h *fakeHub) arrivals() []wire.Arrival { return eventsOf[wire.Arrival](h, wire.EventArrived) }
func (h *fakeHub) failures() []wire.ArrivalFailure {
	return eventsOf[wire.ArrivalFailure](h, wire.EventFailed)
}
func (h *fakeHub) alarms() []wire.Alarm { return eventsOf[wire.Alarm](h, wire.EventAlarm) }

func (h *fakeHub) getConfig(w http.ResponseWriter, r *http.Request) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if r.URL.Query().Get("site") != "venue" {
		http.Error(w, "whose site?", http.StatusForbidden)
		return
	}
	w.Header().Set("ETag", `"`+h.config.Version+`"`)
	if r.Header.Get("If-None-Match") == `"`+h.config.Version+`"` {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	answer(w, h.config)
}

func (h *fakeHub) postEvents(w http.ResponseWriter, r *http.Request) {
	batch, ok := read[wire.EventBatch](w, r)
	if !ok {
		return
	}
	h.with(func() {
		for _, e := range batch.Events {
			if h.stuck[e.Type] {
				http.Error(w, "which workflow?", http.StatusConflict)
				return
			}
			if h.bad[e.ID] {
				http.Error(w, "malformed", http.StatusBadRequest)
				return
			}
		}
		for _, e := range batch.Events {
			h.take(e)
		}
		w.WriteHeader(http.StatusNoContent)
	})
}

func (h *fakeHub) take(e wire.Event) {
	for _, known := range h.events {
		if known.ID == e.ID {
			return
		}
	}
	h.events = append(h.events, e)
}

func (h *fakeHub) getControls(w http.ResponseWriter, r *http.Request) {
	wait, _ := strconv.ParseFloat(r.FormValue("wait"), 64)
	hold := time.NewTimer(time.Duration(wait * float64(time.Second)))
	defer hold.Stop()
	for {
		h.mu.Lock()
		c, changed := wire.Controls{Version: strconv.Itoa(h.version), Work: h.controls}, h.changed
		h.mu.Unlock()
		if c.Version != r.FormValue("after") {
			answer(w, c)
			return
		}
		select {
		case <-changed:
		case <-hold.C:
			answer(w, c)
			return
		case <-r.Context().Done():
			return
		}
	}
}

// wants says what people want from now on.
func (h *fakeHub) wants(controls ...wire.Control) {
	h.with(func() {
		h.controls = controls
		h.version++
	})
}

func (h *fakeHub) postLeases(w http.ResponseWriter, r *http.Request) {
	request, ok := read[wire.LeaseRequest](w, r)
	if !ok {
		return
	}
	hold := time.NewTimer(time.Duration(request.Wait * float64(time.Second)))
	defer hold.Stop()
	for {
		h.mu.Lock()
		var reply wire.LeaseReply
		for _, o := range h.orders {
			if h.expire && o.result == nil && !o.LeaseUntil.IsZero() && time.Now().After(o.LeaseUntil) && !slices.Contains(h.waiting, o) {
				h.waiting = append(h.waiting, o)
			}
		}
		slices.SortStableFunc(h.waiting, func(a, b *fakeOrder) int { return int(b.Priority) - int(a.Priority) })
		for len(h.waiting) > 0 && len(reply.Orders) < min(request.Max, request.Room[h.waiting[0].Priority]) {
			o := h.waiting[0]
			h.waiting = h.waiting[1:]
			o.Fence++
			o.LeaseUntil = time.Now().Add(h.lease)
			reply.Orders = append(reply.Orders, o.Order)
		}
		changed := h.changed
		h.mu.Unlock()
		if len(reply.Orders) > 0 {
			answer(w, reply)
			return
		}
		select {
		case <-changed:
		case <-hold.C:
			answer(w, reply)
			return
		case <-r.Context().Done():
			return
		}
	}
}

func (h *fakeHub) order(o wire.Order) *fakeOrder {
	x := &fakeOrder{Order: o}
	h.with(func() {
		h.orders[o.ID] = x
		h.waiting = append(h.waiting, x)
	})
	return x
}

// leaseAgain gives the order out once more: the older lease is lost.
func (h *fakeHub) leaseAgain(o *fakeOrder) {
	h.with(func() {
		o.result = nil
		h.waiting = append(h.waiting, o)
	})
}

func (h *fakeHub) postProgress(w http.ResponseWriter, r *http.Request) {
	report, ok := read[wire.ProgressReport](w, r)
	if !ok {
		return
	}
	h.with(func() {
		o := h.orders[r.PathValue("id")]
		if o == nil || o.Fence != report.Fence {
			http.Error(w, "fenced", http.StatusConflict)
			return
		}
		o.renewals++
		o.reports = append(o.reports, report)
		o.LeaseUntil = time.Now().Add(h.lease)
		answer(w, wire.ProgressReply{LeaseUntil: o.LeaseUntil})
	})
}

func (h *fakeHub) postResult(w http.ResponseWriter, r *http.Request) {
	report, ok := read[wire.ResultReport](w, r)
	if !ok {
		return
	}
	h.with(func() {
		o := h.orders[r.PathValue("id")]
		if o == nil || o.Fence != report.Fence || o.result != nil {
			http.Error(w, "fenced", http.StatusConflict)
			return
		}
		o.result = &report
		w.WriteHeader(http.StatusNoContent)
	})
}

func (h *fakeHub) postArrivalProgress(w http.ResponseWriter, r *http.Request) {
	p, ok := read[wire.ArrivalProgress](w, r)
	if !ok {
		return
	}
	h.with(func() { h.progress = append(h.progress, p) })
	w.WriteHeader(http.StatusNoContent)
}

func read[T any](w http.ResponseWriter, r *http.Request) (document T, ok bool) {
	decoder := json.NewDecoder(r.Body)
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&document); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return document, false
	}
	return document, true
}

func answer(w http.ResponseWriter, document any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(document)
}
