package hub

import (
	"context"
	"fmt"
	"time"
)

// receiptsKept is how long a call that is made again finds what it has stored.
const receiptsKept = 14 * 24 * time.Hour

// tidy drops old receipts from the journal, now and once a day until Close.
func (h *Hub) tidy(o Options) error {
	prune := func() error {
		if _, err := h.journal.PruneReceipts(o.Now().Add(-receiptsKept)); err != nil {
			return fmt.Errorf("drop old receipts from the hub's journal: %w", err)
		}
		return nil
	}
	if err := prune(); err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(context.Background())
	h.rest = cancel
	h.tidying.Go(func() {
		daily := time.NewTicker(24 * time.Hour)
		defer daily.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-daily.C:
				if err := prune(); err != nil {
					o.Logger.Warn("the journal keeps growing, trying again tomorrow", "error", err)
				}
			}
		}
	})
	return nil
}
