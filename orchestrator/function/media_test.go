package function_test

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"gantry/connectors"
	"gantry/connectors/servers"
	"gantry/orchestrator/catalog"
	"gantry/orchestrator/function"
	"gantry/orchestrator/media"
	"gantry/transfer/agent/wire"
)

func TestAClipIsExaminedAndMadeIntoRenditions(t *testing.T) {
	w := newWorld(t).withTools()
	asset, source := w.clip("day 1/Clip & <1>.mp4")
	var info media.Info
	w.done("probe", asset, "probe", function.ProbeInput{Source: source}, &info)
	if info.Video[0].Width != 160 || len(info.Audio) != 1 {
		t.Errorf("probe says %+v", info)
	}
	var report function.QCOutput
	w.done("qc", asset, "qc", function.QCInput{Source: source}, &report)
	if report.Outcome == "" {
		t.Errorf("QC says %+v", report)
	}
	var still function.StillOutput
	w.done("still", asset, "still", function.StillInput{Source: source, Media: info}, &still)
	if still.File.Location != "hot" || still.File.Path != "renditions/"+asset+"/poster/Clip & <1>.jpg" || still.File.Digests["xxh128"] == "" {
		t.Errorf("the still is %+v", still)
	}

	in := function.TranscodeInput{Source: source, Media: info, Profiles: []string{"tiny"}}
	for range 2 { // a second attempt comes to the same
		var out function.TranscodeOutput
		w.done("transcode", asset, "transcode", in, &out)
		tiny := out.Renditions["tiny"]
		if tiny.Main != "renditions/"+asset+"/tiny/Clip & <1>.mp4" || len(tiny.Files) != 1 || tiny.Media.Video[0].Codec != "h264" {
			t.Errorf("the rendition is %+v", tiny)
		}
		if _, err := os.Stat(filepath.Join(w.dir, "hot", tiny.Main)); err != nil {
			t.Error(err)
		}
	}
	a := read(w, func(ctx context.Context, r catalog.Reader) (catalog.Asset, error) { return r.Asset(ctx, asset) })
	if !json.Valid(a.Facts) || !json.Valid(a.QC) {
		t.Errorf("the asset knows %s and %s", a.Facts, a.QC)
	}
	copies := read(w, func(ctx context.Context, r catalog.Reader) ([]catalog.Copy, error) {
		return r.Copies(ctx, catalog.CopyFilter{AssetID: asset, Kind: []string{catalog.CopyWork}})
	})
	if len(copies) != 2 || copies[0].Proof == "" {
		t.Errorf("the copies are %+v", copies)
	}
	if left, err := os.ReadDir(filepath.Join(w.dir, "scratch")); err != nil || len(left) != 0 {
		t.Errorf("left behind are %v, %v", left, err)
	}

	tr, o := w.pending("deliver", asset, "deliver", function.DeliverInput{Partner: "wants-tiny"})
	if len(o.Files) != 1 || o.Files[0].Destinations[0].Path != "Clip & <1>-"+asset[len(asset)-8:]+"/Clip & <1>.mp4" {
		t.Errorf("the order is %+v", o)
	}
	_, err := w.finish(tr, w.receipts(o))
	w.must(err)
}

func TestFilesThatARenditionNoLongerHasAreNotDelivered(t *testing.T) {
	w := newWorld(t).withTools()
	asset, source := w.clip("clip.mp4")
	var info media.Info
	w.done("probe", asset, "probe", function.ProbeInput{Source: source}, &info)
	in := function.TranscodeInput{Source: source, Media: info, Profiles: []string{"tiny"}}
	var out function.TranscodeOutput
	w.done("transcode", asset, "k1", in, &out)
	tiny := read(w, func(ctx context.Context, r catalog.Reader) (catalog.Rendition, error) {
		return r.Rendition(ctx, asset, "tiny")
	})
	w.must(w.Store.Write(t.Context(), func(ctx context.Context, tx catalog.Tx) error {
		return w.copyOf(ctx, tx, tiny, "hot", "renditions/"+asset+"/tiny/old-segment.mp4", catalog.CopyWork)
	}))
	w.done("transcode", asset, "k2", in, &out)
	if _, o := w.pending("deliver", asset, "k3", function.DeliverInput{Partner: "wants-tiny"}); len(o.Files) != 1 {
		t.Errorf("the files are %+v", o.Files)
	}
}

func TestFilesThatAreNoMedia(t *testing.T) {
	w := newWorld(t).withTools()
	for name, content := range map[string]string{"empty.mxf": "", "text.mxf": "just words, which no decoder takes"} {
		asset, source := w.registered(name, w.file(name, content))
		_, err := w.call("probe", asset, "k", function.ProbeInput{Source: source})
		w.wantFault(err, "unreadable", "the file")
		_, err = w.call("qc", asset, "k", function.QCInput{Source: source})
		w.wantFault(err, "unreadable", "the file")
	}
	asset, source := w.asset("x.mxf")
	_, err := w.call("qc", asset, "k", function.QCInput{Source: source, Rules: "none"})
	w.wantFault(err, "configuration", `there are no QCRules "none"`)
	_, err = w.call("transcode", asset, "k", function.TranscodeInput{Source: source, Profiles: []string{"huge"}})
	w.wantFault(err, "configuration", `there is no Profile "huge"`)
}

// A file that is away says nothing about the file: it must not end in quarantine.
func TestFilesThatAreNotThereAreNoBadMedia(t *testing.T) {
	w := newWorld(t).withTools()
	asset, source := w.clip("clip.mp4")
	other := source
	other.Size++
	for name, test := range map[string]struct {
		source wire.FileRef
		kind   connectors.Kind
	}{
		"no such file":    {wire.FileRef{Location: "hot", Path: "nothing.mp4"}, connectors.KindNotFound},
		"another version": {other, connectors.KindChanged},
		"outside":         {wire.FileRef{Location: "hot", Path: "../gantry.db"}, connectors.KindInvalid},
	} {
		if _, err := w.call("probe", asset, "k", function.ProbeInput{Source: test.source}); connectors.KindOf(err) != test.kind {
			t.Errorf("%s: %v; want %s", name, err, test.kind)
		}
	}
	_, err := w.call("probe", asset, "k", function.ProbeInput{Source: wire.FileRef{Location: "moon", Path: "x"}})
	w.wantFault(err, "configuration", `there is no location "moon"`)
	w.must(os.RemoveAll(filepath.Join(w.dir, "hot")))
	if _, err := w.call("probe", asset, "k", function.ProbeInput{Source: source}); err == nil || strings.Contains(err.Error(), "unreadable") {
		t.Errorf("the folder is away: %v", err)
	}
}

func TestFilesOfAnotherMachine(t *testing.T) {
	sshd, err := servers.StartSSHD(t.Context(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = sshd.Stop() })
	far := t.TempDir()
	w := newWorld(t, "apiVersion: gantry/v1\nkind: Location\nmetadata: { name: far }\nspec: { site: venue, url: \""+sshd.URL(far)+"\", options: { identityFile: \""+sshd.IdentityFile+"\", knownHosts: \""+sshd.KnownHosts+"\" } }\n")
	content := strings.Repeat("far away ", 1000)
	w.must(os.WriteFile(filepath.Join(far, "a & b.bin"), []byte(content), 0o644))

	name, done, err := w.Files.Local(t.Context(), "k", wire.FileRef{Location: "far", Path: "a & b.bin"}, func(function.Progress) {})
	w.must(err)
	if got, err := os.ReadFile(name); err != nil || string(got) != content {
		t.Errorf("fetched %d bytes, %v", len(got), err)
	}
	done()
	if _, err := os.Stat(name); !os.IsNotExist(err) {
		t.Errorf("what was fetched is there still: %v", err)
	}
	wrong := connectors.Digests{"xxh128": strings.Repeat("0", 32)}
	if _, _, err := w.Files.Local(t.Context(), "k2", wire.FileRef{Location: "far", Path: "a & b.bin", Digests: wrong}, func(function.Progress) {}); connectors.KindOf(err) != connectors.KindIntegrity {
		t.Errorf("other bytes than expected: %v", err)
	}

	dir, err := w.Files.Folder("k3")
	w.must(err)
	w.must(os.MkdirAll(filepath.Join(dir, "sub"), 0o755))
	w.must(os.WriteFile(filepath.Join(dir, "sub", "<x>"), []byte("made here"), 0o644))
	w.must(os.WriteFile(filepath.Join(dir, "y"), []byte("too"), 0o644))
	for range 2 { // again comes to the same
		kept, err := w.Files.Keep(t.Context(), "k3", dir, []function.Item{{From: "sub/<x>", To: "deep/er/<x> &.txt"}, {From: "y", To: "y"}}, w.Resources.Current().Locations["far"], func(function.Progress) {})
		w.must(err)
		if len(kept) != 2 || kept[0].Location != "far" || kept[0].Path != "deep/er/<x> &.txt" || kept[0].Size != 9 || kept[0].Proof != "readback" || kept[1].Path != "y" {
			t.Errorf("kept %+v", kept)
		}
		if got, err := os.ReadFile(filepath.Join(far, "deep/er/<x> &.txt")); err != nil || string(got) != "made here" {
			t.Errorf("it holds %q, %v", got, err)
		}
	}
}
