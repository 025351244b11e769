package retry

import (
	"context"
	"iter"

	"gantry/connectors"
	"gantry/connectors/wrap"
)

// list makes a listing again when it breaks off, and leaves out what came before.
func (r *retrier) list(ctx context.Context, c wrap.Call, list func(context.Context) iter.Seq2[connectors.Entry, error]) iter.Seq2[connectors.Entry, error] {
	return func(yield func(connectors.Entry, error) bool) {
		last, seen, series := "", "", r.begin(c)
		for {
			var broken error
			for e, err := range list(ctx) {
				if err != nil {
					broken = err
					break
				}
				if seen != "" && e.Path <= seen {
					continue
				}
				last = e.Path
				series.progress()
				if !yield(e, nil) {
					return
				}
			}
			if broken == nil {
				r.o.Budget.earn()
				return
			}
			if err := series.pause(ctx, broken); err != nil {
				yield(connectors.Entry{}, err)
				return
			}
			seen = last
		}
	}
}
