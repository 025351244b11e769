package test

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"gantry/orchestrator/api"
	"gantry/orchestrator/catalog"
)

// TestClipsEndWhereTheyShould sends good and bad clips through `gantry up` and
// looks at what came out with others' tools.
func TestClipsEndWhereTheyShould(t *testing.T) {
	t.Parallel()
	s := newStand(t)
	s.up()
	s.realPartners()
	clips := t.TempDir()
	good := goodClip(t, filepath.Join(clips, "goal & <save>.mp4"), "3", "one")
	s.drop(good)
	s.drop(blackClip(t, filepath.Join(clips, "black.mp4")))
	s.drop(silentClip(t, filepath.Join(clips, "silent.mp4")))
	s.drop(truncatedClip(t, filepath.Join(clips, "truncated.mp4")))
	s.drop(written(t, filepath.Join(clips, "empty.mov"), nil))
	s.drop(written(t, filepath.Join(clips, "noise.mxf"), []byte(strings.Repeat("no media at all ", 5000))))
	s.drop(written(t, filepath.Join(clips, "playlist.mp4"), []byte("#EXTM3U\n#EXTINF:1,\nfile:///etc/passwd\n")))
	ends := s.settled(7)

	for name, want := range map[string]string{
		"black.mp4": "black", "silent.mp4": "silen", "truncated.mp4": "", "empty.mov": "empty", "noise.mxf": "", "playlist.mp4": "playlist",
	} {
		a := ends[name]
		if a.Status != catalog.AssetQuarantined {
			t.Errorf("%s is %s (%s), want quarantined", name, a.Status, a.Reason)
		}
		if a.Reason == "" || !strings.Contains(strings.ToLower(a.Reason), want) {
			t.Errorf("%s was refused with the reason %q, which does not say %q", name, a.Reason, want)
		}
		aside := glob(t, filepath.Join(s.dir, "quarantine", "*", name))
		if len(aside) != 1 || len(glob(t, aside[0]+".reason.json")) != 1 {
			t.Errorf("%s is not in quarantine with its reason", name)
		}
		if _, err := os.Stat(filepath.Join(s.dir, "watch", name)); err != nil {
			t.Errorf("the original of %s is gone: %v", name, err)
		}
	}
	a := ends["goal & <save>.mp4"]
	if a.Status != catalog.AssetPublished {
		t.Fatalf("the good clip is %s: %s", a.Status, a.Reason)
	}
	v, err := get[api.AssetView](s, "/assets/"+a.ID)
	if err != nil {
		t.Fatal(err)
	}
	if len(v.Deliveries) != 2 {
		t.Fatalf("%d deliveries, want 2", len(v.Deliveries))
	}
	for _, d := range v.Deliveries {
		if d.Status != catalog.DeliveryDelivered {
			t.Errorf("delivery to %s is %s: %s", d.Partner, d.Status, d.Error)
		}
	}
	t.Run("mezzanine by SFTP", func(t *testing.T) { checkMezzanine(t, s) })
	t.Run("ladder in S3", func(t *testing.T) { checkLadder(t, s) })
	t.Run("archive", func(t *testing.T) { checkArchive(t, s, good) })
	t.Run("commands", func(t *testing.T) { checkCommands(t, s, a) })
	t.Run("API", func(t *testing.T) { checkAPI(t, s) })
}

// checkMezzanine looks at what lies at the partner's, which got nothing else.
func checkMezzanine(t *testing.T, s *stand) {
	root := filepath.Join(s.partners(), "nordic-sport")
	media := append(glob(t, filepath.Join(root, "*", "*.mxf")), glob(t, filepath.Join(root, "*", "*.mov"))...)
	if len(media) != 1 {
		t.Fatalf("media at the partner's: %q, want one", media)
	}
	if codec := ffprobe(t, media[0], "stream=codec_name", "v:0"); codec != "dnxhd" {
		t.Errorf("the mezzanine is %q, want dnxhd", codec)
	}
	sidecar := glob(t, filepath.Join(root, "*", "*.xml"))
	if len(sidecar) != 1 {
		t.Fatalf("sidecars: %q, want one", sidecar)
	}
	run(t, "xmllint", "--noout", sidecar[0])
	text, err := os.ReadFile(sidecar[0])
	if err != nil {
		t.Fatal(err)
	}
	if sum := xxhsum(t, media[0]); !strings.Contains(string(text), sum) {
		t.Errorf("the sidecar does not name the media's xxh128 %s:\n%s", sum, text)
	}
	checkManifest(t, filepath.Dir(media[0]))
	checkOnly(t, root, 1)
}

// checkOnly counts what lies in a partner's folder, and finds what an upload may
// have left behind.
func checkOnly(t *testing.T, root string, want int) {
	t.Helper()
	entries, err := os.ReadDir(root)
	if err != nil {
		t.Fatal(err)
	}
	var found []string
	for _, e := range entries {
		if e.Name() != ".gantry-uploads" { // there as long as the agent is connected
			found = append(found, e.Name())
		}
	}
	if len(found) != want {
		t.Errorf("%d entries in the partner's folder, want %d: %q", len(found), want, found)
	}
	if left := glob(t, filepath.Join(root, ".gantry-uploads", "*")); len(left) > 0 {
		t.Errorf("left behind of uploads: %q", left)
	}
}

func checkLadder(t *testing.T, s *stand) {
	list := s.gantry("ls", "-o", "json", "stream-one:")
	var entries []struct{ Path string }
	if err := json.Unmarshal([]byte(list), &entries); err != nil {
		t.Fatalf("%v in %s", err, list)
	}
	local := t.TempDir()
	s.gantry("copy", "stream-one:", local+"/")
	masters := glob(t, filepath.Join(local, "*", "*.m3u8"))
	if len(masters) == 0 || len(entries) < 6 {
		t.Fatalf("no playlist among %d objects", len(entries))
	}
	folder := filepath.Dir(masters[0])
	meta, err := os.ReadFile(filepath.Join(folder, "metadata.json"))
	if err != nil {
		t.Fatal(err)
	}
	var sidecar struct {
		Playlist string
		Files    []struct{ Path, XXH128 string }
	}
	if err := json.Unmarshal(meta, &sidecar); err != nil {
		t.Fatal(err)
	}
	for _, f := range sidecar.Files {
		if sum := xxhsum(t, filepath.Join(folder, f.Path)); sum != f.XXH128 {
			t.Errorf("%s has xxh128 %s, the sidecar says %s", f.Path, sum, f.XXH128)
		}
	}
	if codec := ffprobe(t, filepath.Join(folder, sidecar.Playlist), "stream=codec_name", "v:0"); !strings.HasPrefix(codec, "h264") {
		t.Errorf("the ladder plays %q, want h264", codec)
	}
	checkManifest(t, folder)
}

func checkArchive(t *testing.T, s *stand, original string) {
	copies := glob(t, filepath.Join(s.dir, "archive", "*", "*", "*", filepath.Base(original)))
	if len(copies) != 1 {
		t.Fatalf("copies in the archive: %q, want one", copies)
	}
	if got, want := xxhsum(t, copies[0]), xxhsum(t, original); got != want {
		t.Errorf("the archive's copy has xxh128 %s, the original %s", got, want)
	}
	checkManifest(t, filepath.Dir(copies[0]))
}

var manifestEntry = regexp.MustCompile(`(?s)<path[^>]*>([^<]+)</path>.*?<xxh128[^>]*>([0-9a-f]{32})</xxh128>`)

// checkManifest holds the ASC MHL of a folder against the files that are there.
func checkManifest(t *testing.T, folder string) {
	t.Helper()
	manifests := glob(t, filepath.Join(folder, "ascmhl", "0001_*.mhl"))
	if len(manifests) != 1 || len(glob(t, filepath.Join(folder, "ascmhl", "ascmhl_chain.xml"))) != 1 {
		t.Fatalf("manifests in %s: %q, want one and a chain", folder, manifests)
	}
	run(t, "xmllint", "--noout", manifests[0])
	text, err := os.ReadFile(manifests[0])
	if err != nil {
		t.Fatal(err)
	}
	hashes, _, _ := strings.Cut(string(text), "<directoryhash")
	_, hashes, _ = strings.Cut(hashes, "<hashes>")
	found := manifestEntry.FindAllStringSubmatch(hashes, -1)
	if len(found) == 0 {
		t.Fatalf("no file in the manifest %s", manifests[0])
	}
	unescape := strings.NewReplacer("&amp;", "&", "&lt;", "<", "&gt;", ">", "&#38;", "&", "&#60;", "<", "&#62;", ">")
	for _, m := range found {
		if got := xxhsum(t, filepath.Join(folder, unescape.Replace(m[1]))); got != m[2] {
			t.Errorf("%s has xxh128 %s, the manifest says %s", m[1], got, m[2])
		}
	}
}

func checkCommands(t *testing.T, s *stand, a catalog.Asset) {
	for _, c := range []struct {
		args []string
		want string
	}{
		{[]string{"asset", "show", a.ID}, "published"},
		{[]string{"asset", "ls", "--status", "published"}, a.ID},
		{[]string{"get", "runs"}, "completed"},
		{[]string{"get", "deliveries", "-o", "yaml"}, "partner: nordic-sport"},
		{[]string{"get", "locations"}, "archive"},
		{[]string{"get", "functions"}, "transcode"},
		{[]string{"describe", "workflow", "clip"}, "dsl: 1.0.3"},
		{[]string{"transfer", "ls"}, "archive"},
		{[]string{"ls", "nordic-sport:"}, ".xml"},
		{[]string{"doctor"}, "ffmpeg"},
	} {
		if out := s.gantry(c.args...); !strings.Contains(out, c.want) {
			t.Errorf("gantry %v says nothing of %q:\n%s", c.args, c.want, out)
		}
	}
}

func glob(t *testing.T, pattern string) []string {
	t.Helper()
	// Names of clips may hold what Glob reads as a pattern.
	found, err := filepath.Glob(strings.NewReplacer("<", "?", ">", "?", "&", "?").Replace(pattern))
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func run(t *testing.T, name string, args ...string) string {
	t.Helper()
	out, err := exec.Command(name, args...).CombinedOutput()
	if err != nil {
		t.Fatalf("%s %q: %v\n%s", name, args, err, out)
	}
	return string(out)
}

func ffprobe(t *testing.T, file, entries, stream string) string {
	t.Helper()
	out := run(t, "ffprobe", "-v", "error", "-allowed_extensions", "ALL", "-select_streams", stream, "-show_entries", entries, "-of", "csv=p=0", file)
	first, _, _ := strings.Cut(strings.TrimSpace(out), "\n")
	return strings.Trim(first, ", ")
}

// xxhsum asks the reference tool for a file's xxh128.
func xxhsum(t *testing.T, file string) string {
	t.Helper()
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	cmd := exec.Command("xxhsum", "-H2", "-")
	cmd.Stdin = f
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("xxhsum (install it with apt-get install xxhash): %v", err)
	}
	sum, _, _ := strings.Cut(string(out), " ")
	if len(sum) != 32 {
		t.Fatal(fmt.Errorf("xxhsum says %q", out))
	}
	return sum
}
