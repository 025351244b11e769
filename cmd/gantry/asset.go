package main

import (
	"context"
	"io"
	"net/url"

	"github.com/spf13/cobra"
)

func assetCommand(a *app) *cobra.Command {
	return group("asset", "Assets: where each is, what it waits for, whether it is safe",
		assetListCommand(a),
		&cobra.Command{
			Use: "show ID", Short: "Shows an asset with its renditions, copies, deliveries and runs", Args: cobra.ExactArgs(1),
			ValidArgsFunction: a.completeNames("assets"),
			RunE: func(cmd *cobra.Command, args []string) error {
				return showAsset(cmd.Context(), a, cmd.OutOrStdout(), args[0])
			},
		},
	)
}

func assetListCommand(a *app) *cobra.Command {
	var name string
	cmd := listCommand(a, "Lists assets, newest first", func(ctx context.Context, a *app, w io.Writer, q url.Values) error {
		if name != "" {
			q.Set("name", name)
		}
		return showAssets(ctx, a, w, q)
	})
	cmd.Flags().StringVar(&name, "name", "", "only those with this in their name")
	return cmd
}
