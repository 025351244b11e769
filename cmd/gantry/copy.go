package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"gantry/connectors"
	"gantry/transfer"
	"gantry/transfer/digest"
	"gantry/transfer/steer"
)

func copyCommand(a *app) *cobra.Command {
	c := &copier{app: a}
	return c.command(&cobra.Command{
		Use: "copy SRC DST", Aliases: []string{"cp"}, Short: "Copies a file or a folder between any two places, verified and resumable",
		Long: `Copies a file, or every file below a folder, between any two places. Each is a URL, a path, or
LOCATION:PATH with a location of the data folder. Every file is hashed as it is read, proved at its
destination before it becomes visible there, and gets a receipt. Interrupted or killed, the same
command goes on where it stopped. A file that is there already with the same digest is not sent again.

DST is a folder if it ends in "/" or is one already; otherwise it is the new file's name. The files of
a source folder go into DST itself, with their paths below the source.`,
		Example: `  gantry copy match.mxf archive:2026/
  gantry copy s3://bucket/show sftp://me@host/incoming/ --dry-run`,
	})
}

// command adds what copy and move have in common.
func (c *copier) command(cmd *cobra.Command) *cobra.Command {
	cmd.Args, cmd.ValidArgsFunction = cobra.ExactArgs(2), c.app.completePlaces(2)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		c.typed = cmd.Flags().Changed
		if err := c.check(); err != nil {
			return err
		}
		if err := c.growth.check(cmd); err != nil {
			return err
		}
		c.out, c.display, c.asked = cmd.OutOrStdout(), newDisplay(cmd.ErrOrStderr(), c.progress), askedOf(cmd, args, c.app)
		return c.run(cmd.Context(), args[0], args[1])
	}
	flags := cmd.Flags()
	flags.BoolVarP(&c.dryRun, "dry-run", "n", false, "say what would be done, and do nothing")
	flags.BoolVarP(&c.verbose, "verbose", "v", false, "name every file at the end, however many there are")
	flags.IntVar(&c.transfers, "transfers", 0, "files under way at once; by default as many as their sizes allow: 4 large ones, up to 32 small ones")
	flags.IntVar(&c.parallel, "parallel", 0, "parts of each file under way at once, at most; by default as many as the places are found to be worth")
	flags.StringVar(&c.partSize, "part-size", "", "bytes of a part, with a unit: 8M; smaller ones lose less on a bad link; by default what suits the file and both ends")
	flags.StringSliceVar(&c.digests, "digest", nil, "more digests for the receipt: "+strings.Join(moreDigests, ", "))
	flags.StringVar(&c.verify, "verify", "", "size: let a copy count that nothing but its size speaks for, as in a drop box; readback: read every copy back, whatever digest its place has; by default the strongest proof that costs no reading, else reading")
	_ = cmd.RegisterFlagCompletionFunc("verify", cobra.FixedCompletions([]string{"readback", "size"}, cobra.ShellCompDirectiveNoFileComp))
	c.pressing.flags(cmd)
	flags.StringVar(&c.progress, "progress", progressAuto, "how progress is shown on standard error: auto (bars on a terminal, else a line every few seconds), json (a document a line) or none")
	_ = cmd.RegisterFlagCompletionFunc("progress", cobra.FixedCompletions([]string{progressAuto, progressJSON, progressNone}, cobra.ShellCompDirectiveNoFileComp))
	flags.StringVar(&c.receiptFile, "receipt", "", "file that the receipt of each file is added to as it is done, a JSON document a line; not one of the source or the destination")
	_ = cmd.MarkFlagFilename("receipt")
	flags.BoolVar(&c.hop.on, "manifest", false, "carry the ASC MHL history of the folder on, and add the generation of this copy; what the history denies is not copied")
	c.packing.flags(cmd)
	c.growth.flags(cmd)
	optionFlag(cmd, &c.srcOptions, "src-option", "option of SRC, NAME=VALUE; `gantry connectors` lists them")
	optionFlag(cmd, &c.dstOptions, "dst-option", "option of DST, NAME=VALUE")
	_ = cmd.RegisterFlagCompletionFunc("digest", cobra.FixedCompletions(moreDigests, cobra.ShellCompDirectiveNoFileComp))
	return cmd
}

// moreDigests are those that are not computed of every file.
var moreDigests = func() (names []string) {
	for _, a := range digest.All() {
		if a != connectors.XXH128 && a != connectors.CRC64NVME {
			names = append(names, string(a))
		}
	}
	return names
}()

// readDigestNames takes names as people write them: SHA-256 is sha256. Those that are
// computed of every file are left out.
func readDigestNames(typed []string) (names []string, err error) {
	for _, each := range typed {
		name := strings.NewReplacer("-", "", "_", "").Replace(strings.ToLower(strings.TrimSpace(each)))
		switch {
		case slices.Contains(moreDigests, name):
			names = append(names, name)
		case !slices.Contains(digest.All(), connectors.Algorithm(name)):
			return nil, coded(exitUsage, fmt.Errorf("digest is %q: write %s", each, strings.Join(moreDigests, ", ")))
		}
	}
	return names, nil
}

// A copier is one run of the copy command.
type copier struct {
	app                 *app
	typed               func(flag string) bool
	dryRun, verbose     bool
	transfers, parallel int
	partSize            string
	partBytes           int64 // 0 = what suits
	digests             []string
	verify              string
	packing             packing
	growth              growth
	hop                 hop
	pressing            pressing
	progress            string
	receiptFile         string
	move                transfer.Move
	srcOptions          []string
	dstOptions          []string

	leftOut       []leftOut // files whose names could not be used
	keptHistories []keptHistory

	out      io.Writer
	steering *steering
	display  display
	receipts *receiptFile
	resumed  bool // an earlier run has left something in the journal
	blank    bool // this run has left nothing there
	asked    steer.Record
	from, to *spot
}

func (c *copier) check() error {
	for name, n := range map[string]int{"transfers": c.transfers, "parallel": c.parallel} {
		if n < 0 || n > 64 || n == 0 && c.typed(name) {
			return coded(exitUsage, fmt.Errorf("%s is %d: write 1 to 64", name, n))
		}
	}
	var err error
	if c.partBytes, err = readPartSize(c.partSize); err != nil {
		return coded(exitUsage, err)
	}
	if c.verify != "" && c.verify != string(transfer.VerifySize) && c.verify != string(transfer.VerifyReadback) {
		return coded(exitUsage, fmt.Errorf("verify is %q: write readback or size, or leave it out", c.verify))
	}
	if !slices.Contains([]string{progressAuto, progressJSON, progressNone}, c.progress) {
		return coded(exitUsage, fmt.Errorf("progress is %q: write auto, json or none", c.progress))
	}
	if _, err := c.pressing.change(time.Now()); err != nil {
		return err
	}
	c.digests, err = readDigestNames(c.digests)
	return err
}

func (c *copier) run(ctx context.Context, src, dst string) (err error) {
	if c.from, err = c.app.open(ctx, src, c.srcOptions...); err != nil {
		return c.keepUnbegun(ctx, src, dst, err)
	}
	defer c.from.Close()
	if c.to, err = c.app.open(ctx, dst, c.dstOptions...); err != nil {
		return c.keepUnbegun(ctx, src, dst, err)
	}
	defer c.to.Close()
	if err := c.packing.read(c.to); err != nil {
		return err
	}
	pairs, err := c.plan(ctx)
	if c.move != transfer.Keep && (err == nil || c.app.exitCode(ctx, err) == exitNotFound) {
		pairs, err = c.movedBefore(pairs, err)
	}
	if c.move != transfer.Keep && c.app.exitCode(ctx, err) == exitNotFound {
		return c.movedWhole(err)
	}
	if err != nil {
		return c.keepUnbegun(ctx, src, dst, err)
	}
	if err := c.checkReceiptFile(pairs); err != nil {
		return err
	}
	if pairs, err = c.prepareHop(ctx, pairs); err != nil {
		return err
	}
	if pairs, err = c.keepHistories(ctx, pairs); err != nil {
		return err
	}
	if c.dryRun {
		return c.rehearse(ctx, pairs)
	}
	state, err := c.stateFolder()
	if err != nil {
		return err
	}
	m, err := c.app.recall(state)
	if err != nil {
		return underWay(err)
	}
	defer func() { err = errors.Join(err, m.Close()) }()
	report, err := c.carryOut(ctx, m, pairs)
	if err != nil {
		if c.blank && report == nil {
			return errors.Join(err, m.forget())
		}
		return err
	}
	defer report.spool.Close()
	if c.blank {
		report.id = "" // there is nothing that could be cancelled
	}
	report.LeftOut, report.KeptHistories = c.leftOut, c.keptHistories
	if c.hop.on && !report.cancelled && report.err(ctx) == nil {
		if report.Generations, err = c.addHop(ctx, report); err != nil {
			return err
		}
	}
	ended := report.err(ctx)
	if ended == nil || report.cancelled { // all is proved: there is nothing to resume
		err = c.conclude(m, report)
	} else {
		err = c.leave(ctx, m, report, ended)
	}
	if report.cancelled {
		ended = coded(exitFailed, errors.New("cancelled: what had been copied stays, and what was under way is aborted"))
	}
	if ended == nil {
		ended = c.parted() // nothing is left to be resumed, but not all is there
	}
	printed := c.app.printWith(c.out, report, "results", report.spool.lines(), func(w io.Writer) error { return report.table(w, c.verbose) })
	return errors.Join(ended, err, printed)
}

// withLeftOut says which names the listing passes over, and remembers files that
// were to be copied and cannot be.
func (c *copier) withLeftOut(ctx context.Context) context.Context {
	say := withPassedOver(ctx)
	return connectors.WithPassedOver(ctx, func(name string, reason error) {
		connectors.PassOver(say, name, reason)
		if connectors.KindOf(reason) == connectors.KindInvalid {
			c.leftOut = append(c.leftOut, leftOut{name, reason.Error()})
		}
	})
}

// destination is a path in the place to copy to.
func (c *copier) destination(path string) transfer.Destination {
	return transfer.Destination{Place: c.to.Place, Location: c.to.label(), Path: path, Verify: c.proof(), Profile: c.to.location.Profile}
}

// proof is what was asked for, or what the destination's location asks.
func (c *copier) proof() transfer.Verify {
	return transfer.Verify(cmp.Or(c.verify, c.to.location.Proof))
}

func (c *copier) algorithms() []connectors.Algorithm {
	list := make([]connectors.Algorithm, len(c.digests))
	for i, name := range c.digests {
		list[i] = connectors.Algorithm(name)
	}
	if c.hop.on && c.move != transfer.Keep { // what is renamed is read for those alone that are named
		list = append(list, connectors.XXH128)
	}
	return list
}
