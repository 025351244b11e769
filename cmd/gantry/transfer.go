package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"gantry/orchestrator/catalog"
	"gantry/transfer"
)

func transferCommand(a *app) *cobra.Command {
	return group("transfer", "Transfers: what is moving, what waits and why, what was proved",
		listCommand(a, "Lists transfers, newest first", showTransfers),
		&cobra.Command{
			Use: "show ID", Short: "Shows a transfer with its receipts", Args: cobra.ExactArgs(1),
			ValidArgsFunction: a.completeNames("transfers"),
			RunE: func(cmd *cobra.Command, args []string) error {
				return showTransfer(cmd.Context(), a, cmd.OutOrStdout(), args[0])
			},
		},
	)
}

func showTransfer(ctx context.Context, a *app, w io.Writer, id string) error {
	var t catalog.Transfer
	if err := fetch(ctx, a, "/transfers", id, &t); err != nil {
		return err
	}
	return a.print(w, t, func(w io.Writer) error {
		fmt.Fprintf(w, "Transfer: %s\nKind:     %s\nStatus:   %s\nAgent:    %s\nMoved:    %s of %s\nTook:     %s\n",
			t.ID, t.Kind, t.Status, orDash(t.Agent), size(t.Done), size(t.Total), took(t.StartedAt, t.EndedAt))
		if t.Error != "" {
			fmt.Fprintf(w, "Error:    %s\n", printable(t.Error))
		}
		if !t.NotBefore.IsZero() {
			fmt.Fprintf(w, "Next try: %s\n", stamp(t.NotBefore))
		}
		var receipts []transfer.Receipt
		if err := json.Unmarshal(t.Receipts, &receipts); err != nil || len(receipts) == 0 {
			return nil // none yet
		}
		fmt.Fprintln(w)
		return printReceipts(w, receipts)
	})
}
