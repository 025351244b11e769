package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"
)

func demoCommand(a *app) *cobra.Command {
	d := &demo{app: a}
	cmd := &cobra.Command{
		Use: "demo [FILE…]", Short: "Takes a clip from a watched folder to two partners and the archive",
		Long: `Starts hub and agent in a folder of its own, and two partners as real servers: OpenSSH, and an S3
store (versitygw). Then it records a clip into the watched folder, as slowly as a recorder would, and
shows what happens: settle, move, probe, QC, renditions, deliveries, archive. At the end every copy is
read again at its place and compared. The exit code is 0 only if all of that is proved.

Without FILE it makes a clip of 20 seconds with colour bars, a moving counter and tone.`,
		RunE: func(cmd *cobra.Command, args []string) error {
			d.out = cmd.OutOrStdout()
			return d.run(cmd.Context(), args)
		},
	}
	cmd.Flags().BoolVar(&d.keep, "keep", false, "leave everything running until Ctrl-C")
	cmd.Flags().DurationVar(&d.timeout, "timeout", 15*time.Minute, "give up when it takes longer than this")
	return cmd
}

// A demo is one showing of the main job.
type demo struct {
	app      *app
	keep     bool
	timeout  time.Duration
	out      io.Writer
	dir      string
	node     *node
	partners *partners
}

func (d *demo) run(ctx context.Context, files []string) (err error) {
	if err := checkFiles(files); err != nil {
		return err
	}
	if err := d.prepare(ctx); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, d.stop()) }()
	if len(files) == 0 {
		d.say("making a clip of 20 s: colour bars, moving counter, tone")
		clip, err := makeClip(ctx, filepath.Join(d.dir, "clip"))
		if err != nil {
			return err
		}
		files = []string{clip}
	}
	watch, cancel := context.WithTimeout(ctx, d.timeout)
	defer cancel()
	recorded := make(chan error, 1)
	go func() { recorded <- record(watch, files, filepath.Join(d.dir, "watch")) }()
	view := newView(d)
	if err := view.follow(watch, len(files), recorded); err != nil {
		return d.explain(ctx, watch, err)
	}
	err = d.summary(ctx)
	if d.keep && ctx.Err() == nil {
		d.say("\nstill running (--keep): API at %s/docs; stop with Ctrl-C", d.node.URL)
		_ = d.node.wait(ctx) // its end is told by stop
	}
	return err
}

// prepare starts the servers, the hub and the agent in a new folder.
func (d *demo) prepare(ctx context.Context) (err error) {
	here, err := os.Getwd()
	if err != nil {
		return err
	}
	d.dir = filepath.Join(here, "gantry-demo", time.Now().UTC().Format("20060102-150405.000"))
	if err := os.MkdirAll(d.dir, 0o755); err != nil {
		return err
	}
	d.say("demo in %s", d.dir)
	if d.partners, err = startPartners(ctx, d.dir); err != nil {
		return err
	}
	log, err := os.Create(filepath.Join(d.dir, "gantry.log"))
	if err != nil {
		return errors.Join(err, d.partners.stop())
	}
	logger := slog.New(slog.NewTextHandler(log, nil))
	if d.node, err = startNode(ctx, nodeOptions{data: d.dir, listen: "127.0.0.1:0", site: "local", logger: logger}); err != nil {
		return errors.Join(err, d.partners.stop())
	}
	if _, err := d.node.Hub.Resources.Apply(ctx, "demo", d.partners.documents(), false); err != nil {
		return errors.Join(err, d.stop())
	}
	d.say("hub and agent at %s", d.node.URL)
	d.say("partner nordic-sport: OpenSSH at %s; partner stream-one: S3 at %s", d.partners.sshd.Addr, d.partners.s3.Endpoint)
	return nil
}

func (d *demo) stop() error { return errors.Join(d.node.stop(), d.partners.stop()) }

// explain says what stopped the showing.
func (d *demo) explain(ctx, watch context.Context, err error) error {
	switch {
	case ctx.Err() != nil:
		return errors.New("stopped; the partners' servers are gone too: run gantry demo again, or look at what was done with gantry up --data " + d.dir)
	case watch.Err() != nil:
		return fmt.Errorf("not done within %s: see %s, or give it longer with --timeout", d.timeout, filepath.Join(d.dir, "gantry.log"))
	}
	return err
}

func (d *demo) client() *client {
	settings := d.app.settings
	settings.Hub = d.node.URL
	return (&app{settings: settings}).client()
}

func (d *demo) say(format string, args ...any) { fmt.Fprintf(d.out, format+"\n", args...) }

func checkFiles(files []string) error {
	seen := map[string]bool{}
	for _, f := range files {
		info, err := os.Stat(f)
		if err != nil {
			return err
		}
		if !info.Mode().IsRegular() {
			return coded(exitUsage, fmt.Errorf("%s is no file", f))
		}
		if seen[filepath.Base(f)] {
			return coded(exitUsage, fmt.Errorf("two files are named %s: rename one", filepath.Base(f)))
		}
		seen[filepath.Base(f)] = true
	}
	return nil
}
