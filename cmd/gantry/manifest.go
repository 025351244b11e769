package main

import (
	"bufio"
	"cmp"
	"context"
	"fmt"
	"net/url"
	"os"
	"path"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"gantry/transfer/custody"
	"gantry/transfer/manifest/mhl"
)

// The exit codes of `gantry manifest` are those of the reference implementation of ASC MHL.
const (
	exitMissing    = 10 // files that the history names are missing
	exitChanged    = 11 // files are not what the history says
	exitFolderHash = 12 // folders are not
	exitNoFile     = 20 // the file that was named is not there
	exitNewFiles   = 21 // files are there that the history does not name
	exitNoHistory  = 30
	exitAltered    = 31 // a manifest is not the one that the chain pins
	exitNoChain    = 32
	exitNoManifest = 33
)

func manifestCommand(a *app) *cobra.Command {
	cmd := group("manifest", "Keeps ASC MHL histories: which files a folder had when, and whether they are still the same",
		manifestCreateCommand(a), manifestVerifyCommand(a), manifestDiffCommand(a), manifestFlattenCommand(a), manifestInfoCommand(a))
	cmd.Long = `Keeps the history of a folder as ASC MHL version 2 does: one manifest of digests a generation in the
folder ascmhl, and a chain that pins them. FOLDER is a path, a URL, or LOCATION:PATH.

Exit codes beside those of gantry, as the reference implementation has them: 10 files are missing,
11 files have changed, 12 folder hashes differ, 20 the named file is not there, 21 there are new files,
30 no history, 31 a manifest was altered, 32 no chain, 33 a manifest is missing.`
	return cmd
}

// A keeper is one run of a manifest command.
type keeper struct {
	*app
	options    []string // of the place
	ignore     []string
	ignoreFile string
	parallel   int

	maker  custody.Maker
	author mhl.Author
	dryRun bool
}

func (k *keeper) placeFlags(cmd *cobra.Command) {
	optionFlag(cmd, &k.options, "option", "option of the place, NAME=VALUE; `gantry connectors` lists them")
}

func (k *keeper) ignoreFlags(cmd *cobra.Command) {
	cmd.Flags().StringArrayVarP(&k.ignore, "ignore", "i", nil, "leave out what matches this pattern, as in .gitignore; the history's own patterns count, too")
	cmd.Flags().StringVar(&k.ignoreFile, "ignore-file", "", "a file of such patterns, one a line")
}

func (k *keeper) readFlags(cmd *cobra.Command) {
	cmd.Flags().IntVar(&k.parallel, "parallel", 4, "files read at once")
}

func (k *keeper) makerFlags(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringVar(&k.author.Name, "author-name", "", "who makes it")
	flags.StringVar(&k.author.Email, "author-email", "", "their e-mail address")
	flags.StringVar(&k.author.Phone, "author-phone", "", "their telephone number")
	flags.StringVar(&k.author.Role, "author-role", "", "their role, as DIT")
	flags.StringVar(&k.maker.Location, "location", "", "where it is made")
	flags.StringVar(&k.maker.Comment, "comment", "", "a remark")
	flags.BoolVarP(&k.dryRun, "dry-run", "n", false, "say what would be written, and write nothing")
}

// made is who makes a generation, and the patterns that were given.
func (k *keeper) made() error {
	if k.parallel < 1 || k.parallel > 64 {
		return coded(exitUsage, fmt.Errorf("parallel is %d: write 1 to 64", k.parallel))
	}
	k.maker.Tool, k.maker.Version = "gantry", version
	k.maker.Host, _ = os.Hostname() // one without a name is none
	if k.author != (mhl.Author{}) {
		k.maker.Authors = []mhl.Author{k.author}
	}
	if k.ignoreFile == "" {
		return nil
	}
	f, err := os.Open(k.ignoreFile)
	if err != nil {
		return err
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		if lines.Text() != "" {
			k.ignore = append(k.ignore, lines.Text())
		}
	}
	return lines.Err()
}

// begin reads who makes a generation and what is ignored, and opens the folder that was typed.
func (k *keeper) begin(ctx context.Context, typed string) (*spot, error) {
	if err := k.made(); err != nil {
		return nil, err
	}
	return k.folder(ctx, typed)
}

// folder opens what was typed as a folder.
func (k *keeper) folder(ctx context.Context, typed string) (*spot, error) {
	s, err := k.open(ctx, asFolder(typed), k.options...)
	if err != nil {
		return nil, err
	}
	s.path = strings.Trim(s.path, "/")
	return s, nil
}

// name is what the place's own top is called.
func (s *spot) name() string {
	u, err := url.Parse(s.location.URL)
	if err != nil {
		return s.location.Name
	}
	if base := path.Base(u.Path); base != "/" && base != "." {
		return base
	}
	return cmp.Or(u.Hostname(), s.location.Name)
}

// historyError gives what is wrong with a history the exit code that it has.
func historyError(err error) error {
	codes := map[custody.Fault]int{
		custody.NoHistory: exitNoHistory, custody.Altered: exitAltered, custody.NoChain: exitNoChain,
		custody.NoManifest: exitNoManifest, custody.Unreadable: exitFailed,
	}
	if code, ok := codes[custody.FaultOf(err)]; ok {
		return coded(code, err)
	}
	return err
}

// hashProgress shows how far hashing is.
type hashProgress struct {
	display display
	tally   *tally
	shown   func()
	files   map[string]pair
}

func newHashProgress(cmd *cobra.Command) *hashProgress {
	return &hashProgress{display: newDisplay(cmd.ErrOrStderr(), progressAuto), shown: func() {}}
}

func (h *hashProgress) Start(files map[string]int64) {
	h.files = make(map[string]pair, len(files))
	pairs := make([]pair, 0, len(files))
	for p, n := range files {
		h.files[p] = pair{Source: p, Destination: p, Size: n}
		pairs = append(pairs, h.files[p])
	}
	h.tally = newTally("", "", "", pairs, false)
	h.tally.hashes = true
	h.shown = h.tally.showOn(h.display, func() bool { return true })
}

func (h *hashProgress) Read(p string, done int64) { h.tally.compare(h.files[p], done) }
func (h *hashProgress) End(p string)              { h.tally.hashed(h.files[p]) }

// stop may be called whether or not it has started.
func (h *hashProgress) stop() { h.shown() }

func now() time.Time { return time.Now() }
