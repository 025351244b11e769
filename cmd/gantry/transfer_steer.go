package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"gantry/orchestrator/api"
	"gantry/transfer"
	"gantry/transfer/journal"
	"gantry/transfer/steer"
)

// A steerer is a command that steers one transfer.
type steerer struct {
	use, short string
	here       func(a *app, cmd *cobra.Command, f steer.Found) error // one of this user's own
	hub        func(ctx context.Context, c *client, id string) (api.TransferView, error)
}

func steerCommand(a *app, s steerer) *cobra.Command {
	return &cobra.Command{
		Use: s.use + " ID", Short: s.short, Args: cobra.ExactArgs(1), ValidArgsFunction: a.completeTransfers,
		RunE: func(cmd *cobra.Command, args []string) error {
			if args[0] == "" {
				return coded(exitUsage, errors.New("no transfer is named: write its ID (gantry transfer ls)"))
			}
			f, ok, err := findToSteer(args[0])
			if err != nil {
				return err
			}
			if ok {
				return s.here(a, cmd, f)
			}
			t, err := s.hub(cmd.Context(), a.client(), args[0])
			if err != nil {
				return err
			}
			return a.told(cmd, ofTheHub(t))
		},
	}
}

// told says how a transfer stands that was steered, and what holds of it now.
func (a *app) told(cmd *cobra.Command, m moving) error {
	return a.print(cmd.OutOrStdout(), m, func(w io.Writer) error {
		said := []string{m.ID + " " + m.standing()}
		if !m.Ended() {
			said = append(said, "priority "+m.Priority.String())
		}
		if !m.Ended() && !m.Deadline.IsZero() {
			said = append(said, "deadline "+stamp(m.Deadline))
		}
		if !m.Ended() && m.Bandwidth != "" && m.Bandwidth != "off" {
			said = append(said, "bandwidth "+m.Bandwidth)
		}
		if what := m.what(); what != "" {
			said = append(said, what)
		}
		_, err := fmt.Fprintln(w, printable(strings.Join(said, ", ")))
		return err
	})
}

func pathOf(what string) func(context.Context, *client, string) (api.TransferView, error) {
	return func(ctx context.Context, c *client, id string) (t api.TransferView, err error) {
		return t, c.post(ctx, "/transfers/"+url.PathEscape(id)+"/"+what, nil, &t)
	}
}

// change changes a transfer that runs here.
func change(a *app, cmd *cobra.Command, f steer.Found, c steer.Change) error {
	running, err := steer.Dial(f.Dir)
	if err != nil {
		return err
	}
	defer running.Close()
	s, err := running.Change(c)
	if err != nil {
		return err
	}
	return a.told(cmd, local(s))
}

func pauseHere(a *app, cmd *cobra.Command, f steer.Found) error {
	paused := true
	err := change(a, cmd, f, steer.Change{Paused: &paused})
	if errors.Is(err, steer.ErrStopped) {
		return fmt.Errorf("%s is stopped already: gantry transfer resume %s goes on", f.ID, f.ID)
	}
	return err
}

func resumeHere(a *app, cmd *cobra.Command, f steer.Found) error {
	paused := false
	err := change(a, cmd, f, steer.Change{Paused: &paused})
	if errors.Is(err, steer.ErrStopped) {
		return a.again(cmd, f)
	}
	return err
}

func retryHere(a *app, cmd *cobra.Command, f steer.Found) error {
	running, err := steer.Dial(f.Dir)
	if err != nil {
		return a.again(cmd, f)
	}
	defer running.Close()
	s, err := running.Status()
	if err != nil {
		return err
	}
	fmt.Fprintln(cmd.ErrOrStderr(), "it is under way: there is nothing to try again")
	return a.told(cmd, local(s))
}

// again carries out in this process what was asked for, from where it stopped.
func (a *app) again(cmd *cobra.Command, f steer.Found) error {
	if err := os.Chdir(f.Record.Dir); err != nil {
		return fmt.Errorf("go on with %s: %w", f.ID, err)
	}
	root := newRoot(&app{})
	args := append(again(f.Record), "--output="+a.format, "--log-level="+a.settings.LogLevel)
	root.SetArgs(args)
	root.SetOut(cmd.OutOrStdout())
	root.SetErr(cmd.ErrOrStderr())
	return root.ExecuteContext(cmd.Context())
}

func cancelTransfer(a *app) *cobra.Command {
	force := false
	cmd := steerCommand(a, steerer{
		use: "cancel", short: "Gives a transfer up: what is under way is aborted and forgotten, what is done stays",
		here: func(a *app, cmd *cobra.Command, f steer.Found) error { return cancelHere(a, cmd, f, force) }, hub: pathOf("cancel"),
	})
	cmd.Flags().BoolVar(&force, "force", false, "forget a stopped one even if what it has sent cannot be aborted")
	return cmd
}

func cancelHere(a *app, cmd *cobra.Command, f steer.Found, force bool) error {
	running, err := steer.Dial(f.Dir)
	if err != nil {
		return a.forget(cmd, f, force)
	}
	defer running.Close()
	s, err := running.Cancel()
	if err != nil {
		return err
	}
	for begun := time.Now(); time.Since(begun) < 30*time.Second; time.Sleep(20 * time.Millisecond) {
		if _, ok, err := f.Find(); err == nil && !ok {
			s.State = steer.StateCancelled
			return a.told(cmd, local(s))
		}
	}
	return fmt.Errorf("%s was told to give up, and has not ended yet: see gantry transfer show %s", f.ID, f.ID)
}

// forget gives up a transfer that no process runs. The receipts of what it had done are
// kept.
func (a *app) forget(cmd *cobra.Command, f steer.Found, force bool) error {
	s := f.Ask()
	s.State, s.Ended, s.Error = steer.StateCancelled, time.Now().UTC(), ""
	m, err := a.recall(f.Dir)
	if err != nil {
		return err
	}
	if err := a.abortLeft(cmd.Context(), f, s, m.journal, force); err != nil {
		return errors.Join(err, m.Close())
	}
	if err := m.forget(); err != nil {
		return err
	}
	return a.told(cmd, local(s))
}

func (a *app) abortLeft(ctx context.Context, f steer.Found, s steer.Status, j *journal.Journal, force bool) error {
	if err := a.abortUploads(ctx, f, j); err != nil && !force {
		return fmt.Errorf("what %s has sent cannot be aborted: %w (try again later, or forget it with --force; gantry sweep removes it then)", f.ID, err)
	}
	return a.keepLeft(f, s, j)
}

func (a *app) abortUploads(ctx context.Context, f steer.Found, j *journal.Journal) error {
	if err := os.Chdir(f.Record.Dir); err != nil {
		return err
	}
	if data := f.Flags["data"]; len(data) == 1 {
		a.settings.Data = data[0]
	}
	c := &copier{app: a}
	var err error
	if c.to, err = a.open(ctx, f.Command[len(f.Command)-1], f.Flags["dst-option"]...); err != nil {
		return err
	}
	defer c.to.Close()
	m := &mover{copier: c, journal: j, engine: transfer.New(transfer.Options{
		Journal: j, Scratch: filepath.Join(f.Dir, "scratch"), Logger: a.logger(), Now: time.Now, Patience: 10 * time.Second,
	})}
	return m.giveUp(ctx)
}

func setTransfer(a *app) *cobra.Command {
	var p pressing
	cmd := steerCommand(a, steerer{
		use: "set", short: "Changes the priority, deadline or bandwidth of a transfer, at once",
		here: func(a *app, cmd *cobra.Command, f steer.Found) error {
			c, err := p.wanted(time.Now())
			if err != nil {
				return err
			}
			err = change(a, cmd, f, c)
			if !errors.Is(err, steer.ErrStopped) {
				return err
			}
			f.Settings = f.Settings.With(c) // for when it goes on
			if err := f.Write(f.Dir); err != nil {
				return err
			}
			return a.told(cmd, local(f.Ask()))
		},
		hub: func(ctx context.Context, c *client, id string) (t api.TransferView, err error) {
			wanted, err := p.wanted(time.Now())
			if err != nil {
				return t, err
			}
			return t, c.call(ctx, http.MethodPatch, "/transfers/"+url.PathEscape(id), steerRequest(wanted), &t)
		},
	})
	cmd.Example = "  gantry transfer set tr_01J… --priority urgent\n  gantry transfer set copy-12ab34cd --bwlimit \"08:00,10M 19:00,off\" --deadline 20:15"
	p.flags(cmd)
	return cmd
}

// wanted is the change, of which there has to be some.
func (p pressing) wanted(now time.Time) (steer.Change, error) {
	c, err := p.change(now)
	if err == nil && c == (steer.Change{}) {
		err = coded(exitUsage, errors.New("nothing is to be changed: give --priority, --deadline or --bwlimit"))
	}
	return c, err
}

func steerRequest(c steer.Change) (q api.SteerRequest) {
	if c.Priority != nil {
		text := c.Priority.String()
		q.Priority = &text
	}
	if c.Deadline != nil {
		text := ""
		if !c.Deadline.IsZero() {
			text = c.Deadline.Format(time.RFC3339)
		}
		q.Deadline = &text
	}
	if c.Bandwidth != nil {
		text := c.Bandwidth.String()
		q.Bandwidth = &text
	}
	return q
}

func finishTransfer(a *app) *cobra.Command {
	file := ""
	cmd := steerCommand(a, steerer{
		use: "finish", short: "Says that a file that is sent while it grows is complete as it is",
		here: func(a *app, cmd *cobra.Command, f steer.Found) error {
			running, err := steer.Dial(f.Dir)
			if err != nil {
				return fmt.Errorf("%s is stopped: nothing of it grows", f.ID)
			}
			defer running.Close()
			s, err := running.Finish(file)
			if err != nil {
				return err
			}
			return a.told(cmd, local(s))
		},
		hub: pathOf("finish"),
	})
	cmd.Flags().StringVar(&file, "file", "", "the file, where several grow (default: all that grow)")
	return cmd
}
