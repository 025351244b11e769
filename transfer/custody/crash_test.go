package custody

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"gantry/connectors"
	"gantry/transfer/manifest/mhl"
)

// growing is a place whose files get longer while they are read.
type growing struct{ connectors.Place }

func (g growing) Open(ctx context.Context, path string, offset, length int64) (io.ReadCloser, error) {
	r, err := g.Place.Open(ctx, path, offset, length)
	if err != nil || strings.Contains(path, mhl.Folder) {
		return r, err
	}
	return struct {
		io.Reader
		io.Closer
	}{io.MultiReader(r, strings.NewReader("more")), r}, nil
}

// A crash between the manifest and the chain leaves a history that verifies, and the next generation takes the manifest up.
func TestACrashBeforeTheChain(t *testing.T) {
	t.Parallel()
	cut := errors.New("cut")
	s := newStand(t, "a=1", "In/b=2")
	if _, err := Create(t.Context(), s.Place, "In", s.options()); err != nil {
		t.Fatal(err)
	}
	crash := func() {
		t.Helper()
		_, err := Create(t.Context(), bare{s.Place, func(p string) error {
			if path.Dir(p) == mhl.Folder && path.Base(p) == mhl.ChainFile {
				return cut
			}
			return nil
		}}, "", s.options())
		if !errors.Is(err, cut) {
			t.Fatal(err)
		}
	}
	crash()
	if _, err := Verify(t.Context(), s.Place, "", VerifyOptions{}); FaultOf(err) != NoChain {
		t.Errorf("verify before there is any generation: %v", err)
	}
	if r := s.create(); r.Written[0].Number != 2 || r.Written[1].Number != 3 {
		t.Fatalf("%+v", r.Written)
	}
	crash()
	if r := s.verify(); says(r) != "" || len(r.Notes) != 1 || !strings.Contains(r.Notes[0], "0003_root_") {
		t.Errorf("%s %v", says(r), r.Notes)
	}
	if r := s.create(); r.Written[0].Number != 4 {
		t.Errorf("%+v", r.Written)
	}
	if r := s.verify(); says(r) != "" || len(r.Notes) != 0 {
		t.Errorf("%s %v", says(r), r.Notes)
	}

	s.write("ascmhl/0005_A001_x.mhl=<hashlist")
	if _, err := Create(t.Context(), s.Place, "", s.options()); connectors.KindOf(err) != connectors.KindInvalid || !strings.Contains(err.Error(), "move it out") {
		t.Errorf("half a manifest: %v", err)
	}
	if says(s.verify()) != "" {
		t.Error("half a manifest beside the chain keeps the history from verifying")
	}
}

// Where nothing can be locked, a manifest without its link may be another writer's, until it is old.
func TestAStrangersManifestIsWaitedFor(t *testing.T) {
	t.Parallel()
	s := newStand(t, "a=1")
	s.create()
	s.create()
	chain := s.tree()["ascmhl/ascmhl_chain.xml"]
	second := name(s, "ascmhl/0002_*")
	s.write("ascmhl/ascmhl_chain.xml=" + chain[:strings.Index(chain, `  <hashlist sequencenr="2"`)] + "</ascmhldirectory>\n")
	written := time.Now()
	at := func(age time.Duration) error {
		o := s.options()
		o.Now = func() time.Time { return written.Add(age) }
		_, err := Create(t.Context(), bare{Place: s.Place}, "", o)
		return err
	}
	if err := at(time.Minute); connectors.KindOf(err) != connectors.KindBusy {
		t.Errorf("after a minute: %v", err)
	}
	if err := at(time.Hour); err != nil {
		t.Errorf("after an hour: %v", err)
	}
	links, err := mhl.ParseChain(strings.NewReader(s.tree()["ascmhl/ascmhl_chain.xml"]))
	if err != nil || len(links) != 3 || "ascmhl/"+links[1].Name != second {
		t.Errorf("%v %v", links, err)
	}
}

// Whoever writes at once takes turns on this machine's disks, and elsewhere is refused: no generation gets lost.
func TestManyWritersAtOnce(t *testing.T) {
	t.Parallel()
	for _, disk := range []bool{true, false} {
		t.Run(fmt.Sprintf("locks %v", disk), func(t *testing.T) {
			t.Parallel()
			s := newStand(t, "a=1")
			var place connectors.Place = s.Place
			if !disk {
				place = bare{Place: s.Place}
			}
			var writers sync.WaitGroup
			var mu sync.Mutex
			done := 0
			for range 6 {
				writers.Go(func() {
					for range 3 {
						o := s.options()
						o.Wait = true
						_, err := Create(t.Context(), place, "", o)
						mu.Lock()
						if err == nil {
							done++
						} else if disk || connectors.KindOf(err) != connectors.KindBusy && FaultOf(err) == "" {
							t.Error(err)
						}
						mu.Unlock()
					}
				})
			}
			writers.Wait()
			h, err := Read(t.Context(), s.Place, "", nil)
			if done == 0 && !disk {
				return // all gave way, which they may
			}
			if err != nil || len(h.Links) != done {
				t.Errorf("%d writers were told that their generation is there, %d are (%v)", done, len(h.Links), err)
			}
			if disk && done != 18 {
				t.Errorf("%d of 18 got their turn", done)
			}
		})
	}
}

func TestAnotherWriterIsRefusedAtOnce(t *testing.T) {
	t.Parallel()
	s := newStand(t, "a=1")
	unlock, err := Lock(t.Context(), s.Place, "", false)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Create(t.Context(), s.Place, "", s.options()); connectors.KindOf(err) != connectors.KindBusy {
		t.Error(err)
	}
	unlock()
	s.create()
}

func TestHostileHistories(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		spoil func(s *stand)
		fault Fault
	}{
		"a chain that is none": {func(s *stand) { s.write("ascmhl/ascmhl_chain.xml=x") }, Unreadable},
		"a chain that leaves":  {func(s *stand) { s.swap("ascmhl_chain.xml", "<path>0001", "<path>../0001") }, Unreadable},
		"a chain with a gap":   {func(s *stand) { s.swap("ascmhl_chain.xml", `sequencenr="2"`, `sequencenr="3"`) }, Unreadable},
		"a chain of entities": {func(s *stand) {
			s.swap("ascmhl_chain.xml", "?>", `?><!DOCTYPE a [<!ENTITY b "c">]>`)
			s.swap("ascmhl_chain.xml", "<path>0001", "<path>&b;")
		}, Unreadable},
		"one manifest twice":          {func(s *stand) { s.again() }, Unreadable},
		"a manifest that was altered": {func(s *stand) { s.swap("0001_*", "original", "verified") }, Altered},
		"a manifest that is gone":     {func(s *stand) { s.remove("ascmhl/0001_*") }, NoManifest},
		"a pinned path that leaves":   {func(s *stand) { s.swap("0001_*", ">a<", ">../a<"); s.pin() }, Unreadable},
		"a pinned manifest of junk":   {func(s *stand) { s.swap("0001_*", "<hashes>", "<hashes"); s.pin() }, Unreadable},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStand(t, "a=1")
			s.create()
			s.create()
			c.spoil(s)
			before := s.tree()
			_, err := Verify(t.Context(), s.Place, "", VerifyOptions{})
			if FaultOf(err) != c.fault {
				t.Errorf("verify: %v, want %s", err, c.fault)
			}
			if _, err := Create(t.Context(), s.Place, "", s.options()); FaultOf(err) != c.fault {
				t.Errorf("create: %v, want %s", err, c.fault)
			}
			if len(before) != len(s.tree()) {
				t.Error("something was written beside a broken history")
			}
		})
	}
}

func (s *stand) swap(file, old, now string) {
	s.t.Helper()
	p := name(s, "ascmhl/"+file)
	text := s.tree()[p]
	if !strings.Contains(text, old) {
		s.t.Fatalf("no %q in %s", old, p)
	}
	s.write(p + "=" + strings.Replace(text, old, now, 1))
}

// again has the chain name its first manifest in the second's place.
func (s *stand) again() {
	links, err := mhl.ParseChain(strings.NewReader(s.tree()["ascmhl/ascmhl_chain.xml"]))
	if err != nil {
		s.t.Fatal(err)
	}
	links[1].Name, links[1].C4 = links[0].Name, links[0].C4
	s.write("ascmhl/ascmhl_chain.xml=" + string(mhl.WriteChain(links)))
}

// pin has the chain pin the manifests as they are.
func (s *stand) pin() {
	links, err := mhl.ParseChain(strings.NewReader(s.tree()["ascmhl/ascmhl_chain.xml"]))
	if err != nil {
		s.t.Fatal(err)
	}
	for i := range links {
		links[i].C4 = mhl.C4([]byte(s.tree()["ascmhl/"+links[i].Name]))
	}
	s.write("ascmhl/ascmhl_chain.xml=" + string(mhl.WriteChain(links)))
}

func TestThousandsOfGenerations(t *testing.T) {
	t.Parallel()
	s := newStand(t, "a=1")
	const generations = 2000
	var links []mhl.Link
	if err := os.Mkdir(filepath.Join(s.dir, "ascmhl"), 0o755); err != nil {
		t.Fatal(err)
	}
	for n := 1; n <= generations; n++ {
		g := mhl.Generation{
			Root: "A001", Number: n, Created: s.now(), Process: mhl.InPlace, Tool: "t",
			Files: []mhl.File{{Path: "a", Size: 1, Digests: map[string]string{"md5": "c4ca4238a0b923820dcc509a6f75849b"}, Action: mhl.Verified}},
		}
		file, manifest, err := mhl.Build(g)
		if err != nil {
			t.Fatal(err)
		}
		links = append(links, mhl.Link{Number: n, Name: file, C4: mhl.C4(manifest)})
		if err := os.WriteFile(filepath.Join(s.dir, "ascmhl", file), manifest, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	s.write("ascmhl/ascmhl_chain.xml=" + string(mhl.WriteChain(links)))
	if r := s.create(); r.Written[0].Number != generations+1 || says(r) != "" {
		t.Errorf("%+v", r)
	}
}
