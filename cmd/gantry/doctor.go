package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/dustin/go-humanize"
	"github.com/spf13/cobra"
	"golang.org/x/sys/unix"

	"gantry/connectors"
	"gantry/connectors/all"
	"gantry/connectors/aspera/ascp"
	"gantry/connectors/servers"
	"gantry/orchestrator/media"
	"gantry/orchestrator/resources"
)

func doctorCommand(a *app) *cobra.Command {
	return &cobra.Command{
		Use: "doctor", Short: "Checks what Gantry needs: tools, data folder, hub, every location",
		Long: "Checks what Gantry needs: tools, data folder, hub, every location. Each finding says what to do.\nThe exit code is 1 if something is wrong; what only the demo needs is a warning.",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			d := &doctor{app: a}
			d.examine(cmd.Context())
			if err := a.print(cmd.OutOrStdout(), d.findings, d.table); err != nil {
				return err
			}
			if d.sick() {
				return coded(exitFailed, errors.New("something is wrong: see above"))
			}
			return nil
		},
	}
}

// A finding is one thing that was checked.
type finding struct {
	Check  string `json:"check"`
	Status string `json:"status"` // ok, warning, wrong, - (optional, and not installed)
	Detail string `json:"detail"`
}

type doctor struct {
	app      *app
	findings []finding
}

func (d *doctor) note(check, status, detail string) {
	d.findings = append(d.findings, finding{check, status, detail})
}

// found notes an error in the given status, and all's well without one.
func (d *doctor) found(check, detail, status string, err error) {
	if err != nil {
		d.note(check, status, err.Error())
		return
	}
	d.note(check, "ok", detail)
}

func (d *doctor) sick() bool {
	return slices.ContainsFunc(d.findings, func(f finding) bool { return f.Status == "wrong" })
}

func (d *doctor) table(w io.Writer) error {
	rows := make([][]string, len(d.findings))
	for i, f := range d.findings {
		rows[i] = []string{f.Status, f.Check, f.Detail}
	}
	return columns(w, "STATUS CHECK DETAIL", rows)
}

func (d *doctor) examine(ctx context.Context) {
	d.tools(ctx)
	for _, tool := range []string{"sshd", "versitygw"} {
		path, err := servers.Find(tool)
		d.found(tool+" (demo)", path, "warning", err)
	}
	d.ascp(ctx)
	d.folder()
	hub := d.app.client()
	err := hub.get(ctx, "/agents", nil, nil)
	d.found("hub", hub.shown()+" answers", "warning", err)
	d.locations(ctx)
}

func (d *doctor) tools(ctx context.Context) {
	tools, err := media.Find(ctx)
	if err != nil {
		d.note("ffmpeg", "wrong", err.Error())
		return
	}
	v, err := tools.Version(ctx)
	d.found("ffmpeg", fmt.Sprintf("%s %s", tools.FFmpeg, v.FFmpeg), "wrong", err)
	if level := tools.Sandbox.Level; level == "bubblewrap" {
		d.note("sandbox", "ok", "ffmpeg runs in bubblewrap: no network, one file to read, one folder to write")
	} else {
		d.note("sandbox", "warning", "ffmpeg runs under "+level+" only: "+tools.Sandbox.Reason)
	}
}

// ascp is for Aspera alone, so that its absence is information.
func (d *doctor) ascp(ctx context.Context) {
	path, err := ascp.Find("")
	if err != nil {
		d.note("ascp (Aspera)", "-", "not installed; needed for aspera:// only: "+ascp.Remedy)
		return
	}
	version, err := ascp.Version(ctx, path)
	d.found("ascp (Aspera)", path+" "+version, "warning", err)
}

// lowRoom is when a volume is worth a warning, in bytes.
const lowRoom = 5 << 30

func (d *doctor) folder() {
	dir := d.app.settings.Data
	info, err := os.Stat(dir)
	if errors.Is(err, os.ErrNotExist) {
		d.note("data folder", "warning", dir+" is not there yet: `gantry up` makes it")
		return
	}
	if err == nil && !info.IsDir() {
		err = fmt.Errorf("%s is no folder: name another with --data", dir)
	}
	var fs unix.Statfs_t
	if err == nil {
		err = unix.Statfs(dir, &fs)
	}
	if err != nil {
		d.note("data folder", "wrong", err.Error())
		return
	}
	free := fs.Bavail * uint64(fs.Bsize)
	status, detail := "ok", fmt.Sprintf("%s, %s free", dir, humanize.IBytes(free))
	if free < lowRoom {
		status, detail = "warning", detail+": make room"
	}
	d.note("data folder", status, detail)
}

// locations opens each location of the data folder and looks into it.
func (d *doctor) locations(ctx context.Context) {
	data := d.app.settings.Data
	set, err := resources.ReadDir(filepath.Join(data, "resources"), data)
	if err != nil {
		d.note("resources", "wrong", err.Error())
		return
	}
	for _, name := range slices.Sorted(maps.Keys(set.Locations)) {
		l := set.Locations[name]
		d.found("location "+name, l.URL, "wrong", reach(ctx, l.Location))
	}
}

// reach asks a place for its first file.
func reach(ctx context.Context, l connectors.Location) error {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	place, err := all.Open(ctx, l)
	if err != nil {
		return err
	}
	defer place.Close()
	for _, err := range place.List(ctx, "") {
		return err
	}
	return nil
}
