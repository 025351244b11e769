package hub

import (
	"context"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"gantry/orchestrator/catalog"
	"gantry/transfer/schedule"
)

// A census counts what the catalogue holds whenever Prometheus asks.
type census struct{ store *catalog.Store }

var (
	assetsDesc     = prometheus.NewDesc("gantry_assets", "Assets by status.", []string{"status"}, nil)
	runsDesc       = prometheus.NewDesc("gantry_runs", "Runs by status.", []string{"status"}, nil)
	transfersDesc  = prometheus.NewDesc("gantry_transfers", "Transfers by status.", []string{"status"}, nil)
	deliveriesDesc = prometheus.NewDesc("gantry_deliveries", "Deliveries by status.", []string{"status"}, nil)
	queuedDesc     = prometheus.NewDesc("gantry_transfers_queued", "Transfers that no agent has taken yet, by priority.", []string{"priority"}, nil)
	bytesDesc      = prometheus.NewDesc("gantry_copies_bytes", "Bytes of all copies by kind.", []string{"kind"}, nil)
)

// Describe implements prometheus.Collector.
func (c *census) Describe(ch chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{assetsDesc, runsDesc, transfersDesc, deliveriesDesc, bytesDesc, queuedDesc} {
		ch <- d
	}
}

// Collect implements prometheus.Collector.
func (c *census) Collect(ch chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	var counts catalog.Counts
	err := c.store.Read(ctx, func(ctx context.Context, r catalog.Reader) (err error) {
		counts, err = r.Count(ctx)
		return err
	})
	if err != nil {
		ch <- prometheus.NewInvalidMetric(assetsDesc, err)
		return
	}
	for desc, by := range map[*prometheus.Desc]map[string]int64{
		assetsDesc: counts.Assets, runsDesc: counts.Runs, transfersDesc: counts.Transfers, deliveriesDesc: counts.Deliveries, bytesDesc: counts.CopyBytes,
	} {
		for label, n := range by {
			ch <- prometheus.MustNewConstMetric(desc, prometheus.GaugeValue, float64(n), label)
		}
	}
	for p := schedule.Bulk; p <= schedule.Urgent; p++ {
		ch <- prometheus.MustNewConstMetric(queuedDesc, prometheus.GaugeValue, float64(counts.Queued[p]), p.String())
	}
}
