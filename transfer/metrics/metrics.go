// Package metrics shows what an engine and its scheduler do to Prometheus. The labels
// are bounded: kinds and priorities are few, and locations are those of the
// configuration; more than 200 of them are counted together as "other".
package metrics

import (
	"github.com/prometheus/client_golang/prometheus"

	"gantry/transfer"
	"gantry/transfer/schedule"
)

// An Engine is what is shown.
type Engine interface {
	Totals() transfer.Totals
	Running() []transfer.Progress
}

// A State is an engine with its scheduler and its queue at the moment that it is asked
// for. The zero State, as of an agent that is closed, shows nothing.
type State struct {
	Engine    Engine
	Scheduler *schedule.Scheduler
	Queued    map[schedule.Priority]int // files that wait to be moved
}

// New makes a collector of what state gives whenever Prometheus asks.
func New(state func() State) prometheus.Collector { return &collector{state} }

type collector struct{ state func() State }

var (
	bytesDesc   = describe("transfer_bytes_total", "Bytes moved from (read) and to (write) locations, with those that were sent again.", "direction", "location", "kind")
	resentDesc  = describe("transfer_resent_bytes_total", "Bytes of parts that were sent more than once.", "location", "kind")
	resumedDesc = describe("transfer_resumed_bytes_total", "Bytes that did not have to be sent, because an earlier run had.", "location", "kind")
	partsDesc   = describe("transfer_parts_total", "Parts that locations have accepted.", "location", "kind")
	retriesDesc = describe("transfer_retries_total", "Calls to locations that were made again.", "location", "kind")
	jobsDesc    = describe("transfer_jobs_total", "Files that are through, by outcome: done, failed, stopped, cancelled.", "kind", "outcome")
	runningDesc = describe("transfer_running", "Files under way.", "priority")
	queuedDesc  = describe("transfer_queued", "Files that wait at the agent to be moved.", "priority")
	heldDesc    = describe("transfer_held", "Files under way that do not move: paused, retry, bandwidth, turn (others go first).", "reason")
	leftDesc    = describe("transfer_remaining_bytes", "Bytes of files under way that the destinations do not have yet.", "priority")
	etaDesc     = describe("transfer_eta_seconds", "Until the last of the files under way is proved, as far as that can be told.", "priority")
	rateDesc    = describe("transfer_rate_bytes_per_second", "What destinations take now.", "priority")

	lineDesc      = describe("scheduler_jobs", "Jobs of the scheduler: begun, waiting to begin.", "state")
	grantedDesc   = describe("scheduler_slots_granted_total", "Slots for parts that were given.")
	preemptedDesc = describe("scheduler_slots_preempted_total", "Slots that were taken away for urgent jobs.")
	slotsDesc     = describe("scheduler_slots", "Large parts at once that an endpoint is found to be worth.", "endpoint", "direction")
	usedDesc      = describe("scheduler_slots_in_use", "Parts that move.", "endpoint", "direction")
	waitingDesc   = describe("scheduler_slots_waiting", "Parts that wait for a slot.", "endpoint", "direction")
	paceDesc      = describe("scheduler_rate_bytes_per_second", "What an endpoint was seen to move.", "endpoint", "direction")
)

var all = []*prometheus.Desc{
	bytesDesc, resentDesc, resumedDesc, partsDesc, retriesDesc, jobsDesc, runningDesc, queuedDesc, heldDesc, rateDesc, leftDesc, etaDesc,
	lineDesc, grantedDesc, preemptedDesc, slotsDesc, usedDesc, waitingDesc, paceDesc,
}

func describe(name, help string, labels ...string) *prometheus.Desc {
	return prometheus.NewDesc("gantry_"+name, help, labels, nil)
}

// Describe implements prometheus.Collector.
func (c *collector) Describe(ch chan<- *prometheus.Desc) {
	for _, d := range all {
		ch <- d
	}
}

// Collect implements prometheus.Collector.
func (c *collector) Collect(ch chan<- prometheus.Metric) {
	s := c.state()
	if s.Engine == nil {
		return
	}
	moved(ch, s.Engine.Totals())
	underWay(ch, s.Engine.Running())
	for p := schedule.Bulk; p <= schedule.Urgent; p++ {
		gauge(ch, queuedDesc, float64(s.Queued[p]), p.String())
	}
	if s.Scheduler != nil {
		scheduled(ch, s.Scheduler.Stats())
	}
}

func gauge(ch chan<- prometheus.Metric, d *prometheus.Desc, v float64, labels ...string) {
	ch <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v, labels...)
}

func count(ch chan<- prometheus.Metric, d *prometheus.Desc, v int64, labels ...string) {
	ch <- prometheus.MustNewConstMetric(d, prometheus.CounterValue, float64(v), labels...)
}

// mostLocations bounds the series; those that come later by name are counted together.
const mostLocations = 200

const others = "other"

func moved(ch chan<- prometheus.Metric, t transfer.Totals) {
	named, rest := map[string]bool{}, map[string]*transfer.Moved{}
	for _, m := range t.Moved {
		if !named[m.Location] && len(named) >= mostLocations {
			fold(rest, m)
			continue
		}
		named[m.Location] = true
		show(ch, m)
	}
	for _, m := range rest {
		show(ch, *m)
	}
	for _, e := range t.Ended {
		count(ch, jobsDesc, e.Jobs, e.Kind, e.Outcome)
	}
}

func fold(rest map[string]*transfer.Moved, m transfer.Moved) {
	sum := rest[m.Kind]
	if sum == nil {
		sum = &transfer.Moved{Location: others, Kind: m.Kind}
		rest[m.Kind] = sum
	}
	sum.Read += m.Read
	sum.Sent += m.Sent
	sum.Resent += m.Resent
	sum.Resumed += m.Resumed
	sum.Parts += m.Parts
	sum.Retries += m.Retries
}

func show(ch chan<- prometheus.Metric, m transfer.Moved) {
	count(ch, bytesDesc, m.Read, "read", m.Location, m.Kind)
	count(ch, bytesDesc, m.Sent, "write", m.Location, m.Kind)
	for d, n := range map[*prometheus.Desc]int64{resentDesc: m.Resent, resumedDesc: m.Resumed, partsDesc: m.Parts, retriesDesc: m.Retries} {
		count(ch, d, n, m.Location, m.Kind)
	}
}

func underWay(ch chan<- prometheus.Metric, running []transfer.Progress) {
	files, rates, held := map[schedule.Priority]int{}, map[schedule.Priority]float64{}, map[string]int{}
	left, eta := map[schedule.Priority]int64{}, map[schedule.Priority]float64{}
	for _, p := range running {
		left[p.Priority] += max(0, p.Size-p.Sent)
		eta[p.Priority] = max(eta[p.Priority], p.ETA)
		files[p.Priority]++
		rates[p.Priority] += p.Rate
		held[p.Held]++
	}
	for p := schedule.Bulk; p <= schedule.Urgent; p++ {
		gauge(ch, runningDesc, float64(files[p]), p.String())
		gauge(ch, rateDesc, rates[p], p.String())
		gauge(ch, leftDesc, float64(left[p]), p.String())
		gauge(ch, etaDesc, eta[p], p.String())
	}
	for _, reason := range []string{transfer.HeldPaused, transfer.HeldRetry, transfer.HeldBandwidth, transfer.HeldTurn} {
		gauge(ch, heldDesc, float64(held[reason]), reason)
	}
}

func scheduled(ch chan<- prometheus.Metric, s schedule.Stats) {
	gauge(ch, lineDesc, float64(s.Begun), "begun")
	gauge(ch, lineDesc, float64(s.Waiting), "waiting")
	count(ch, grantedDesc, s.Granted)
	count(ch, preemptedDesc, s.Preempted)
	named := map[string]bool{}
	for _, e := range s.Endpoints {
		if !named[e.Endpoint] && len(named) >= mostLocations {
			continue // the totals above have them
		}
		named[e.Endpoint] = true
		gauge(ch, slotsDesc, float64(e.Slots), e.Endpoint, e.Direction)
		gauge(ch, usedDesc, float64(e.InUse), e.Endpoint, e.Direction)
		gauge(ch, waitingDesc, float64(e.Waiting), e.Endpoint, e.Direction)
		gauge(ch, paceDesc, e.Rate, e.Endpoint, e.Direction)
	}
}
