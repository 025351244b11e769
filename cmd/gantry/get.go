package main

import (
	"fmt"
	"net/url"
	"strings"

	"github.com/spf13/cobra"
)

func getCommand(a *app) *cobra.Command {
	f := &filter{}
	cmd := &cobra.Command{
		Use: "get KIND [NAME]", Short: "Lists what the hub knows of a kind, or shows one",
		Long:    "Lists what the hub knows of a kind, newest first (events: the newest, oldest first), or shows one.\nKinds: " + strings.Join(kindNames(), ", ") + ".",
		Example: "  gantry get assets --status quarantined\n  gantry get location archive",
		Args:    cobra.RangeArgs(1, 2), ValidArgsFunction: a.completeThings,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 2 {
				return describe(cmd.Context(), a, cmd.OutOrStdout(), args[0], args[1])
			}
			k, err := findKind(args[0])
			if err != nil {
				return err
			}
			q, err := f.query()
			if err != nil {
				return err
			}
			return k.list(cmd.Context(), a, cmd.OutOrStdout(), q)
		},
	}
	f.declare(cmd)
	cmd.Flags().StringVar(&f.asset, "asset", "", "only what belongs to this asset")
	return cmd
}

// A filter says which things of a kind to list.
type filter struct {
	limit  int
	status []string
	asset  string
	after  string
}

func (f *filter) declare(cmd *cobra.Command) {
	cmd.Flags().IntVar(&f.limit, "limit", 100, "rows at the most, up to 1000")
	cmd.Flags().StringSliceVar(&f.status, "status", nil, "only these, as in completed,failed")
	cmd.Flags().StringVar(&f.after, "after", "", "go on after this row of the page before: its ID, or an event's SEQ")
}

func (f *filter) query() (url.Values, error) {
	if f.limit < 1 || f.limit > 1000 {
		return nil, coded(exitUsage, fmt.Errorf("limit is %d: write 1 to 1000", f.limit))
	}
	q := url.Values{"limit": {fmt.Sprint(f.limit)}}
	for name, value := range map[string]string{"status": strings.Join(f.status, ","), "asset": f.asset, "after": f.after} {
		if value != "" {
			q.Set(name, value)
		}
	}
	return q, nil
}
