package main

import (
	"fmt"
	"net/netip"
	"path/filepath"

	"github.com/spf13/cobra"
)

func upCommand(a *app) *cobra.Command {
	var site string
	var allow []string
	cmd := &cobra.Command{
		Use: "up", Short: "Runs hub and agent on this machine",
		Long: `Runs hub and agent in one process, with everything in one folder. On the first start the folder is
filled with examples: a watched folder, a hot store, two partners and an archive, and the workflow
that takes a clip through them. Drop a file into DATA/watch to see it work.

Stop it with Ctrl-C, or kill it: at the next start everything goes on where it was.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			networks, err := prefixes(allow)
			if err != nil {
				return err
			}
			s := a.settings
			n, err := startNode(cmd.Context(), nodeOptions{data: s.Data, listen: s.Listen, site: site, allowNet: networks, logger: a.logger()})
			if err != nil {
				return err
			}
			fmt.Fprintf(cmd.OutOrStdout(), "gantry %s is up\n  watching  %s\n  API       %s/docs\n  data      %s\nstop it with Ctrl-C\n", version, filepath.Join(s.Data, "watch"), n.URL, s.Data)
			err = n.wait(cmd.Context())
			fmt.Fprintln(cmd.ErrOrStderr(), "stopping: what is under way goes on at the next start")
			if stopErr := n.stop(); err == nil {
				err = stopErr
			}
			return err
		},
	}
	cmd.Flags().StringVar(&site, "site", "local", "site that the agent works for")
	cmd.Flags().StringSliceVar(&allow, "allow-net", nil, "inner networks that workflows may call, as in 10.1.0.0/16")
	return cmd
}

func prefixes(texts []string) ([]netip.Prefix, error) {
	networks := make([]netip.Prefix, 0, len(texts))
	for _, text := range texts {
		p, err := netip.ParsePrefix(text)
		if err != nil {
			return nil, coded(exitUsage, fmt.Errorf("allow-net is %q: write a network such as 10.1.0.0/16", text))
		}
		networks = append(networks, p)
	}
	return networks, nil
}
