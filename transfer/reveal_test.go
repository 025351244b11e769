package transfer

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"

	"gantry/connectors"
	"gantry/connectors/local"
	"gantry/connectors/servers"
	"gantry/connectors/sftp"
	"gantry/transfer/growing"
	"gantry/transfer/journal"
)

// A revealing place can do something before and after a copy gets its second name.
type revealing struct {
	*script
	around func(path string, reveal func() ([]string, error)) ([]string, error)
}

type revealingUpload struct {
	connectors.Upload
	connectors.Staged
	p *revealing
}

func (p *revealing) Begin(ctx context.Context, path string, o connectors.UploadOptions) (connectors.Upload, error) {
	up, err := p.Place.Begin(ctx, path, o)
	if err != nil {
		return nil, err
	}
	return revealingUpload{up, up.(connectors.Staged), p}, nil
}

func (u revealingUpload) Reveal(ctx context.Context, path string) ([]string, error) {
	reveal := func() ([]string, error) { return u.Upload.(connectors.Revealer).Reveal(ctx, path) }
	return u.p.around(path, reveal)
}

// revealers are the places that can show a file before it is whole, with their folders.
func revealers(t *testing.T) map[string]func(t *testing.T) (connectors.Place, string) {
	sshd, err := servers.StartSSHD(t.Context(), t.TempDir())
	must(t, err)
	t.Cleanup(func() { _ = sshd.Stop() })
	return map[string]func(t *testing.T) (connectors.Place, string){
		"folder": func(t *testing.T) (connectors.Place, string) {
			dir := t.TempDir()
			p, err := local.Connector().Open(t.Context(), connectors.Location{URL: "file://" + dir})
			must(t, err)
			return p, dir
		},
		"sftp": func(t *testing.T) (connectors.Place, string) {
			dir := t.TempDir()
			p, err := sftp.Connector().Open(t.Context(), connectors.Location{URL: sshd.URL(dir), Options: map[string]string{
				"identityFile": sshd.IdentityFile, "knownHosts": sshd.KnownHosts,
			}})
			must(t, err)
			return p, dir
		},
	}
}

// The answer of giving the second name is lost: the name is ours all the same.
func TestALostAnswerToReveal(t *testing.T) {
	t.Parallel()
	for name, open := range revealers(t) {
		place, dir := open(t)
		defer place.Close()
		calls := 0
		to := &revealing{script: &script{Place: place}, around: func(path string, reveal func() ([]string, error)) ([]string, error) {
			made, err := reveal()
			if calls++; calls == 1 && err == nil {
				return nil, connectors.Errorf(connectors.KindUnavailable, "reveal", path, "the connection was lost")
			}
			return made, err
		}}
		s := newStage(t)
		r := s.record("take.mxf", 20*part)
		job := s.growing("take.mxf", growing.Options{}, to)
		job.Destinations[0].Reveal = "so-far.mxf"
		run := s.begin(s.ctx, job)
		r.write(10 * part)
		until(t, name+": the copy so far", func() bool {
			info, err := os.Stat(filepath.Join(dir, "so-far.mxf"))
			return err == nil && info.Size() >= 5*part
		})
		r.end()
		run.wait()
		if _, err := os.Stat(filepath.Join(dir, "so-far.mxf")); !os.IsNotExist(err) {
			t.Errorf("%s: the second name is left (%v)", name, err)
		}
	}
}

// A name that somebody else has is neither taken nor taken away: not before the copy
// has it, not after a crash, and not once the copy is done.
func TestARevealedNameThatIsSomebodyElses(t *testing.T) {
	t.Parallel()
	const theirs = "somebody else's"
	for name, open := range revealers(t) {
		place, dir := open(t)
		defer place.Close()
		taken := filepath.Join(dir, "so-far.mxf")
		to := &revealing{script: &script{Place: place}, around: func(_ string, reveal func() ([]string, error)) ([]string, error) { return reveal() }}
		s := newStage(t)
		s.start(s.sure)
		r := s.record("take.mxf", 20*part)
		begin := func(ctx context.Context) *underway {
			job := s.growing("take.mxf", growing.Options{}, to)
			job.Destinations[0].Reveal = "so-far.mxf"
			return s.begin(ctx, job)
		}
		mine := func(when string) {
			if got, _ := os.ReadFile(taken); string(got) != theirs {
				t.Errorf("%s: %s their file is %d bytes", name, when, len(got))
			}
		}
		must(t, os.WriteFile(taken, []byte(theirs), 0o644))
		if run := begin(s.ctx); !waitFor(run, connectors.KindExists) {
			t.Errorf("%s: %v", name, run.err)
		}
		mine("at the beginning")

		// The name is in the journal, the process dies, and somebody takes the name.
		must(t, os.Remove(taken))
		ctx, die := context.WithCancel(s.ctx)
		run := begin(ctx)
		r.write(10 * part)
		until(t, "parts", func() bool { p := s.engine.Running(); return len(p) > 0 && p[0].Parts >= 5 })
		die()
		<-run.done
		must(t, os.Remove(taken))
		must(t, os.WriteFile(taken, []byte(theirs), 0o644))
		s.start(s.sure)
		if run := begin(s.ctx); !waitFor(run, connectors.KindExists) {
			t.Errorf("%s: after a crash: %v", name, run.err)
		}
		mine("after a crash")

		// They take the name while the copy has it: they moved ours away.
		must(t, os.Remove(taken))
		run = begin(s.ctx)
		until(t, "the copy so far", func() bool { info, err := os.Stat(taken); return err == nil && info.Size() > 5*part })
		must(t, os.Remove(taken))
		must(t, os.WriteFile(taken, []byte(theirs), 0o644))
		r.end()
		run.wait()
		mine("when all is done")
	}
}

func waitFor(run *underway, kind connectors.Kind) bool {
	<-run.done
	return connectors.KindOf(run.err) == kind
}

// A file that is read in one is told of a taken name, too.
func TestASmallFileIsToldOfATakenName(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	s.file("clip", 10)
	a := s.folder("a")
	must(t, os.WriteFile(filepath.Join(s.dir, "a/so-far"), nil, 0o644))
	job := s.job("clip", a)
	job.Destinations[0].Reveal = "so-far"
	s.fails(job, connectors.KindExists)
	s.has("a", "so-far")
}

// Folders that were made for the second name go with it; those that were there stay.
func TestFoldersOfARevealedName(t *testing.T) {
	t.Parallel()
	for name, open := range revealers(t) {
		place, dir := open(t)
		defer place.Close()
		must(t, os.Mkdir(filepath.Join(dir, "theirs"), 0o755))
		s := newStage(t)
		for i, reveal := range []string{"so/far/take.mxf", "theirs/take.mxf"} {
			r := s.record("take.mxf", 8*part)
			job := s.growing("take.mxf", growing.Options{}, place)
			job.ID, job.Destinations[0].Path, job.Destinations[0].Reveal = reveal, reveal[:2]+".mxf", reveal
			run := s.begin(s.ctx, job)
			r.write(4 * part)
			until(t, "the copy so far", func() bool { _, err := os.Stat(filepath.Join(dir, reveal)); return err == nil })
			r.end()
			run.wait()
			if _, err := os.Stat(filepath.Join(dir, []string{"so", "theirs"}[i])); os.IsNotExist(err) != (i == 0) {
				t.Errorf("%s: %s: %v", name, reveal, err)
			}
		}
	}
}

// A copy that somebody made of the finished file, under the name that it had before, is
// left, though its size and its time are the same.
func TestACopyOfTheRevealedFileIsSomebodyElses(t *testing.T) {
	t.Parallel()
	for name, open := range revealers(t) {
		place, dir := open(t)
		defer place.Close()
		s := newStage(t)
		second := time.Unix(1_700_000_000, 0)
		for _, file := range []string{"take.mxf", "copy.mxf"} {
			must(t, os.WriteFile(filepath.Join(dir, file), []byte("the take"), 0o644))
			must(t, os.Chtimes(filepath.Join(dir, file), second, second))
		}
		must(t, os.Link(filepath.Join(dir, "take.mxf"), filepath.Join(dir, "so-far.mxf")))
		for _, file := range []string{"copy.mxf", "so-far.mxf"} {
			s.engine.concealCommitted(s.ctx, place, journal.Upload{Target: journal.Target{Path: "take.mxf"}, Revealed: file})
		}
		if _, err := os.Stat(filepath.Join(dir, "copy.mxf")); err != nil {
			t.Errorf("%s: their copy: %v", name, err)
		}
		if _, err := os.Stat(filepath.Join(dir, "so-far.mxf")); !os.IsNotExist(err) {
			t.Errorf("%s: our second name is left (%v)", name, err)
		}
	}
}
