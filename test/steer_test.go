package test

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"gantry/orchestrator/api"
	"gantry/orchestrator/catalog"
)

// transferOf waits for the transfer of a kind that has moved something, and has not ended.
func (s *stand) transferOf(kind string) (t catalog.Transfer) {
	s.t.Helper()
	s.eventually("a "+kind+" under way", func() error {
		page, err := get[api.Page[catalog.Transfer]](s, "/transfers?kind="+kind)
		if err != nil {
			return err
		}
		for _, each := range page.Items {
			if t = each; !t.Ended() && t.Done > 0 {
				return nil
			}
		}
		return fmt.Errorf("there is %+v", page.Items)
	})
	return t
}

func (s *stand) standing(id, what string, ok func(catalog.Transfer) bool) (t catalog.Transfer) {
	s.t.Helper()
	s.eventually(what, func() (err error) {
		if t, err = get[catalog.Transfer](s, "/transfers/"+id); err == nil && !ok(t) {
			err = fmt.Errorf("it is %+v", t)
		}
		return err
	})
	return t
}

func (s *stand) send(path string) (run string) {
	s.t.Helper()
	out := s.gantry("run", "start", "send", "--input", written(s.t, filepath.Join(s.t.TempDir(), "input.json"), fmt.Appendf(nil, `{"path": %q}`, path)), "-o", "json")
	_, run, _ = strings.Cut(out, `"id": "`)
	run, _, _ = strings.Cut(run, `"`)
	return run
}

// A transfer of a running hub is paused, hurried, cancelled and tried again from the
// command line, and its agent does it at once.
func TestTransfersOfAHubAreSteered(t *testing.T) {
	t.Parallel()
	s := newStand(t)
	s.up()
	outbox := filepath.Join(s.dir, "outbox")
	s.must(os.MkdirAll(outbox, 0o755))
	s.apply(`apiVersion: gantry/v1
kind: Location
metadata: { name: outbox }
spec: { site: local, url: "file://${DATA}/outbox", options: { bandwidth: 4M } }
---
document: { dsl: 1.0.3, namespace: test, name: send, version: 1.0.0 }
do:
  - send:
      call: transfer
      with: { source: { location: hot, path: "${ .path }" }, to: { location: outbox, path: "${ .path }" }, priority: bulk }
`)
	data := make([]byte, 8<<20)
	for i := range data {
		data[i] = byte(i >> 8)
	}
	for _, name := range []string{"first.bin", "second.bin"} {
		s.must(os.WriteFile(filepath.Join(s.dir, "hot", name), data, 0o644))
	}

	t.Run("an order is paused and goes on", func(t *testing.T) {
		s := s.within(t)
		run := s.send("first.bin")
		tr := s.transferOf("transfer")
		if tr.Priority.String() != "bulk" {
			t.Errorf("it is %+v", tr)
		}
		s.gantry("transfer", "pause", tr.ID)
		s.standing(tr.ID, "paused", func(t catalog.Transfer) bool { return t.Waiting == "paused" })
		s.listed("transfer", "ls", "paused")
		s.listed("transfer", "show", tr.ID, "Waits for: paused")
		var at int64
		since := time.Now()
		s.standing(tr.ID, "at rest for a second, once the part in flight has arrived", func(t catalog.Transfer) bool {
			if t.Done != at {
				at, since = t.Done, time.Now()
			}
			return t.Rate == 0 && time.Since(since) > time.Second
		})
		if at >= int64(len(data)) {
			t.Errorf("all of it has arrived though it was paused")
		}
		s.gantry("transfer", "set", tr.ID, "--priority", "urgent", "--deadline", "30m", "--bwlimit", "100M")
		s.gantry("transfer", "resume", tr.ID)
		done := s.standing(tr.ID, "done", func(t catalog.Transfer) bool { return t.Status == catalog.TransferDone })
		if done.Priority.String() != "urgent" || done.Deadline.IsZero() || done.Bandwidth != "100M" || done.Waiting != "" {
			t.Errorf("it is %+v", done)
		}
		s.listed("run", "show", run, "completed")
		if status, answer := s.post("/transfers/"+tr.ID+"/pause", nil); status != http.StatusConflict {
			t.Errorf("pausing what is done: %d %s", status, answer)
		}
	})

	t.Run("an order is cancelled and tried again", func(t *testing.T) {
		s := s.within(t)
		run := s.send("second.bin")
		tr := s.transferOf("transfer")
		s.gantry("transfer", "cancel", tr.ID)
		s.eventually("the run has failed", func() error {
			if out := s.gantry("run", "show", run); !strings.Contains(out, "the transfer was cancelled") {
				return fmt.Errorf("it says %s", out)
			}
			return nil
		})
		s.eventually("the upload is aborted", func() error { return only(outbox, "first.bin") })
		s.gantry("transfer", "retry", tr.ID)
		s.standing(tr.ID, "done", func(t catalog.Transfer) bool { return t.Status == catalog.TransferDone })
		s.must(only(outbox, "first.bin", "second.bin"))
	})

	t.Run("the numbers are in the metrics", func(t *testing.T) {
		s := s.within(t)
		r, err := http.Get("http://" + s.listen + "/metrics")
		s.must(err)
		defer r.Body.Close()
		body, err := io.ReadAll(r.Body)
		s.must(err)
		text := string(body)
		for _, want := range []string{
			`gantry_transfer_bytes_total{direction="write",kind="transfer",location="outbox",mover="agent"} `,
			`gantry_transfer_jobs_total{kind="transfer",mover="agent",outcome="cancelled"} 1`,
			`gantry_transfer_jobs_total{kind="transfer",mover="agent",outcome="done"} 2`,
			`gantry_transfers_queued{priority="urgent"} 0`,
			`gantry_scheduler_slots_granted_total `,
		} {
			if !strings.Contains(text, want) {
				t.Errorf("%s is not in the metrics", want)
			}
		}
	})
}

// only says whether a folder has these files and nothing else, hidden ones included.
func only(dir string, names ...string) error {
	want := map[string]bool{}
	for _, name := range names {
		want[name] = true
	}
	return filepath.WalkDir(dir, func(path string, e os.DirEntry, err error) error {
		if err == nil && !e.IsDir() && !want[filepath.Base(path)] {
			err = fmt.Errorf("%s is there", path)
		}
		return err
	})
}
