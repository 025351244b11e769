package resources_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"gantry/configs"
	"gantry/configs/resource"
	"gantry/orchestrator/resources"
)

// doc writes a document.
func doc(kind, name, spec string) string {
	return fmt.Sprintf("apiVersion: gantry/v1\nkind: %s\nmetadata: { name: %s }\nspec: %s\n", kind, name, spec)
}

func workflow(name string) string {
	return "document: { dsl: 1.0.3, namespace: test, name: " + name + ", version: 1.0.0 }\ndo:\n  - note: { set: { a: 1 } }\n"
}

// world is one good document of each kind.
func world() map[string]string {
	return map[string]string{
		"Site": doc("Site", "venue", "{ title: The venue }"),
		"Location": doc("Location", "a", `{ site: venue, url: "file://${DATA}/a", tier: hot, role: renditions }`) + "---\n" +
			doc("Location", "b", `{ site: venue, url: "sftp://me@host/b", options: { identityFile: "${DATA}/key" } }`),
		"Route":         doc("Route", "in", "{ site: venue, from: a, to: b, settle: { stable: 1 }, workflow: w }"),
		"Partner":       doc("Partner", "p", "{ location: b, profile: original, sidecar: { format: json, name: s.json, template: '{{.Asset.Name}}' } }"),
		"Webhook":       doc("Webhook", "h", "{ url: 'https://example.com/x', secret: 'env:KEY' }"),
		"Profile":       doc("Profile", "tiny", "{ container: mp4, video: { codec: h264, pixelFormat: yuv420p, bitRate: 200k }, audio: { codec: aac, bitRate: 64k } }"),
		"QCRules":       doc("QCRules", "strict", "{}"),
		"TieringPolicy": doc("TieringPolicy", "house", "{ rules: [], default: { tier: cold, reason: always } }"),
		"Workflow":      workflow("w"),
	}
}

func files(texts map[string]string) []resources.File {
	var list []resources.File
	for name, text := range texts {
		list = append(list, resources.File{Name: name + ".yaml", Text: []byte(text)})
	}
	slices.SortFunc(list, func(a, b resources.File) int { return strings.Compare(a.Name, b.Name) })
	return list
}

func TestEveryKindIsRead(t *testing.T) {
	set, err := resources.Read(files(world()), "/data dir")
	if err != nil {
		t.Fatal(err)
	}
	for kind, n := range map[string]int{
		"Site": len(set.Sites), "Route": len(set.Routes), "Partner": len(set.Partners), "Webhook": len(set.Webhooks), "Profile": len(set.Profiles),
		"QCRules": len(set.QC), "TieringPolicy": len(set.Tiering), "Workflow": len(set.Workflows),
	} {
		if n != 1 {
			t.Errorf("%d of kind %s; want 1", n, kind)
		}
		if !slices.Contains(resources.Kinds(), kind) {
			t.Errorf("Kinds does not name %s", kind)
		}
	}
	if got, want := set.Locations["a"].URL, "file:///data%20dir/a"; got != want {
		t.Errorf("the URL is %s; want %s", got, want)
	}
	if got, want := set.Locations["b"].Options["identityFile"], "/data dir/key"; got != want {
		t.Errorf("the option is %s; want %s", got, want)
	}
	if d, ok := set.Document("Location", "b"); !ok || d.File != "Location.yaml" || d.Line != 6 || d.Source != strings.Split(world()["Location"], "---\n")[1] {
		t.Errorf("the document is %+v, %v", d, ok)
	}
}

func TestMistakesAreTold(t *testing.T) {
	for name, test := range map[string]struct{ kind, text, want string }{
		"a kind that there is not":       {"Site", doc("Place", "x", "{}"), `Site.yaml:1:1: there is no kind "Place": known are Location, Partner, Profile, QCRules, Route, Site, TieringPolicy, Webhook, Workflow`},
		"a name given twice":             {"Site", doc("Site", "venue", "{}") + "---\n" + doc("Site", "venue", "{}"), "Site.yaml:6: Site/venue is given twice: it stands in Site.yaml:1 too"},
		"a location of no site":          {"Location", strings.ReplaceAll(world()["Location"], "site: venue", "site: nowhere"), "Location.yaml:1: Location/a: site names Site/nowhere, which does not exist: add it or correct the name\nLocation.yaml:6: Location/b: site names Site/nowhere"},
		"a location of no protocol":      {"Location", doc("Location", "x", "{ site: venue, url: 'gopher://x' }"), "Location.yaml:4:7: "},
		"a location of no tier":          {"Location", doc("Location", "x", "{ site: venue, url: 'file:///x', tier: hott }"), `Location.yaml:4:7: tier is "hott": write one of hot, warm, cold, deep`},
		"a location of no role":          {"Location", doc("Location", "x", "{ site: venue, url: 'file:///x', role: rendition }"), `Location.yaml:4:7: role is "rendition": write one of renditions, quarantine, or none`},
		"a route between one":            {"Route", doc("Route", "in", "{ site: venue, from: a, to: a }"), "Route.yaml:1: Route/in: from and to are the same location"},
		"a route from nowhere":           {"Route", doc("Route", "in", "{ site: venue, to: a, workflow: v }"), "Route.yaml:1: Route/in: from names Location/, which does not exist: add it or correct the name\nRoute.yaml:1: Route/in: workflow names Workflow/v, which does not exist"},
		"a route that proves at random":  {"Route", doc("Route", "in", "{ site: venue, from: a, to: b, growing: { verify: some } }"), "growing: verify: there is no \"some\": write full or edges"},
		"a route with a strange sidecar": {"Route", doc("Route", "in", "{ site: venue, from: a, to: b, growing: { sidecar: done/x } }"), "growing: sidecar: it is put to the name"},
		"a route that shows too early":   {"Route", doc("Route", "in", "{ site: venue, from: a, to: b, path: x, growing: { reveal: x } }"), "growing: reveal: it is the path of the finished file"},
		"a route that never grows":       {"Route", doc("Route", "in", "{ site: venue, from: a, to: b, growing: { after: -1 } }"), "growing: after: write a number"},
		"a route that never settles":     {"Route", doc("Route", "in", "{ site: venue, from: a, to: b, settle: { stable: .nan } }"), "Route.yaml:4:7: settle: write a number of seconds"},
		"a route's endless path":         {"Route", doc("Route", "in", "{ site: venue, from: a, to: b, path: '{{range 1000000000000}}{{end}}x' }"), "Route.yaml:4:7: path: the path template"},
		"a route's unknown field":        {"Route", doc("Route", "in", "{ site: venue, from: a, to: b, path: '{{.Asset}}' }"), "can't evaluate field Asset"},
		"a route's path that leaves":     {"Route", doc("Route", "in", "{ site: venue, from: a, to: b, path: '../{{.Name}}' }"), "Route.yaml:4:7: path: "},
		"a partner of no profile":        {"Partner", doc("Partner", "p", "{ location: b, profile: huge }"), "Partner.yaml:1: Partner/p: profile names Profile/huge, which does not exist"},
		"a partner of no place":          {"Partner", doc("Partner", "p", "{ profile: original }"), "Partner.yaml:4:7: a partner needs a location and a profile"},
		"a partner's bad folder":         {"Partner", doc("Partner", "p", "{ location: b, profile: original, path: '../{{.Asset.ID}}' }"), "Partner.yaml:4:7: "},
		"a partner's bad template":       {"Partner", doc("Partner", "p", "{ location: b, profile: original, sidecar: { format: xml, name: s, template: '<a>{{.Asset.Nam}}</a>' } }"), "can't evaluate field Nam"},
		"a sidecar of no format":         {"Partner", doc("Partner", "p", "{ location: b, profile: original, sidecar: { format: csv, name: s, template: x } }"), `sidecar: format is "csv": write xml or json`},
		"a webhook's literal key":        {"Webhook", doc("Webhook", "h", "{ url: 'https://example.com', secret: hunter2 }"), "Webhook.yaml:4:7: secret: write a reference, env:NAME or file:PATH, to the key that the receiver gave you"},
		"a webhook without a key":        {"Webhook", doc("Webhook", "h", "{ url: 'https://example.com' }"), "Webhook.yaml:4:7: secret: write a reference"},
		"a webhook's bad address":        {"Webhook", doc("Webhook", "h", "{ url: 'example.com', secret: 'env:X' }"), "Webhook.yaml:4:7: url: write an http or https URL"},
		"two policies":                   {"TieringPolicy", world()["TieringPolicy"] + "---\n" + doc("TieringPolicy", "other", "{ default: { tier: cold, reason: r } }"), "TieringPolicy.yaml:6: TieringPolicy/other: there is another TieringPolicy: keep one"},
		"a bad workflow":                 {"Workflow", "# head\n---\n" + strings.ReplaceAll(workflow("w"), "set:", "sett:"), "Workflow.yaml:5:"},
		"a workflow's bad name":          {"Workflow", strings.ReplaceAll(workflow("w"), "name: w", "name: ../../w"), "Workflow.yaml:1:48:"},
		"a workflow that is no YAML":     {"Workflow", "document: { name: w\n", "Workflow.yaml:2: did not find"},
		"a field twice in a flow":        {"Workflow", workflow("w") + "do: []\n", "Workflow.yaml:4:1: "},
		"a file beyond reason":           {"Site", world()["Site"] + strings.Repeat("#\n", 600_000), "Site.yaml:1: the file is larger than 1 MiB"},
		"a bad rule of tiers":            {"TieringPolicy", doc("TieringPolicy", "house", "{ rules: [ { name: r, when: '1', tier: cold, reason: r } ], default: { tier: cold, reason: d } }"), "TieringPolicy.yaml:4:"},
		"a profile of no codec":          {"Profile", doc("Profile", "tiny", "{ container: mp4, video: { codec: h26x } }"), "Profile.yaml:4:7: "},
		"rules of no severity":           {"QCRules", doc("QCRules", "strict", "{ decode: { severity: dire } }"), "QCRules.yaml:4:"},
	} {
		t.Run(name, func(t *testing.T) {
			texts := world()
			texts[test.kind] = test.text
			_, err := resources.Read(files(texts), "/data")
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got  %v\nwant %s", err, test.want)
			}
			if err != nil && strings.Contains(err.Error(), "hunter2") {
				t.Error("the message repeats the secret")
			}
			if problem, ok := errors.AsType[*resource.Problem](err); !ok || problem.File == "" {
				t.Errorf("%v has no place", err)
			}
		})
	}
}

func TestTheDefaultsAreOneGoodSet(t *testing.T) {
	defaults, err := configs.Defaults()
	if err != nil {
		t.Fatal(err)
	}
	texts := map[string]string{}
	for name, text := range defaults {
		texts[strings.TrimSuffix(name, ".yaml")] = string(text)
	}
	if _, err := resources.Read(files(texts), "/data"); err != nil {
		t.Error(err)
	}
}

func TestAFolderIsReadInOrder(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "with [brackets]")
	if set, err := resources.ReadDir(dir, "/data"); err != nil || len(set.Documents) != 0 {
		t.Fatalf("a folder that is not there: %v", err)
	}
	write(t, filepath.Join(dir, "b.yml"), doc("Site", "b", "{}"))
	write(t, filepath.Join(dir, "a.yaml"), doc("Site", "a", "{}"))
	write(t, filepath.Join(dir, ".hidden.yaml"), "no document")
	write(t, filepath.Join(dir, "README.md"), "no document")
	if err := os.Mkdir(filepath.Join(dir, "folder.yaml"), 0o755); err != nil {
		t.Fatal(err)
	}
	set, err := resources.ReadDir(dir, "/data")
	if err != nil || len(set.Documents) != 2 || set.Documents[0].Name != "a" {
		t.Errorf("got %+v, %v", set.Documents, err)
	}
	if err := os.Chmod(filepath.Join(dir, "a.yaml"), 0); err != nil {
		t.Fatal(err)
	}
	if _, err := resources.ReadDir(dir, "/data"); err == nil && os.Getuid() != 0 {
		t.Error("a file that cannot be read was passed over")
	}
}

func write(t *testing.T, name, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// A shelf is a store over a folder.
type shelf struct {
	*resources.Store
	t       *testing.T
	dir     string
	adopted int
	refuse  error
}

func newShelf(t *testing.T, texts map[string]string) *shelf {
	t.Helper()
	s := &shelf{t: t, dir: t.TempDir()}
	for name, text := range texts {
		write(t, filepath.Join(s.dir, name), text)
	}
	var err error
	s.Store, err = resources.Open(t.Context(), s.dir, "/data", func(_ context.Context, _ *resources.Set, dryRun bool) error {
		if !dryRun && s.refuse == nil {
			s.adopted++
		}
		return s.refuse
	})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// folder gives the texts of all files, hidden ones too.
func (s *shelf) folder() map[string]string {
	s.t.Helper()
	entries, err := os.ReadDir(s.dir)
	if err != nil {
		s.t.Fatal(err)
	}
	texts := map[string]string{}
	for _, e := range entries {
		data, err := os.ReadFile(filepath.Join(s.dir, e.Name()))
		if err != nil {
			s.t.Fatal(err)
		}
		texts[e.Name()] = string(data)
	}
	return texts
}

func (s *shelf) apply(text string, dryRun bool) (string, error) {
	s.t.Helper()
	changes, err := s.Apply(s.t.Context(), "input", []byte(text), dryRun)
	said := ""
	for _, c := range changes {
		said += fmt.Sprintf("%s/%s %s\n", c.Kind, c.Name, c.Action)
	}
	return said, err
}

func (s *shelf) wantFolder(want map[string]string) {
	s.t.Helper()
	got := s.folder()
	for name := range want {
		if got[name] != want[name] {
			s.t.Errorf("%s holds %q; want %q", name, got[name], want[name])
		}
	}
	if len(got) != len(want) {
		s.t.Errorf("there are %d files; want %d: %v", len(got), len(want), got)
	}
}

const (
	siteA = "apiVersion: gantry/v1\nkind: Site\nmetadata: { name: a }\nspec: {}\n"
	siteB = "apiVersion: gantry/v1\nkind: Site\nmetadata: { name: b }\nspec: {}\n"
)

func TestApplying(t *testing.T) {
	newA := strings.ReplaceAll(siteA, "{}", "{ title: New }")
	windows := strings.NewReplacer("\n", "\r\n").Replace
	for name, test := range map[string]struct {
		have      map[string]string
		text      string
		said      string
		want      map[string]string
		wantTitle string
	}{
		"creates":                      {nil, siteA, "Site/a created\n", map[string]string{"site-a.yaml": siteA}, ""},
		"creates a workflow":           {nil, workflow("w"), "Workflow/w created\n", map[string]string{"workflow-w.yaml": workflow("w")}, ""},
		"creates several":              {nil, siteA + "---\n" + siteB, "Site/a created\nSite/b created\n", map[string]string{"site-a.yaml": siteA, "site-b.yaml": siteB}, ""},
		"ends a text with a newline":   {nil, strings.TrimSuffix(siteA, "\n"), "Site/a created\n", map[string]string{"site-a.yaml": siteA}, ""},
		"changes nothing":              {map[string]string{"x.yaml": siteA}, "\n" + siteA + "\n", "Site/a unchanged\n", map[string]string{"x.yaml": siteA}, ""},
		"changes where it stands":      {map[string]string{"x.yaml": siteA}, newA, "Site/a configured\n", map[string]string{"x.yaml": newA}, "New"},
		"keeps comments":               {map[string]string{"x.yaml": "# by us\n---\n" + siteB + "--- # a\n" + siteA + "---\n# the end"}, newA, "Site/a configured\n", map[string]string{"x.yaml": "# by us\n---\n" + siteB + "--- # a\n" + newA + "---\n# the end"}, "New"},
		"keeps a missing newline":      {map[string]string{"x.yaml": siteA + "---\n" + strings.TrimSpace(siteB)}, newA, "Site/a configured\n", map[string]string{"x.yaml": newA + "---\n" + strings.TrimSpace(siteB)}, "New"},
		"adds a newline that it needs": {map[string]string{"x.yaml": siteA + "---\n" + siteB}, strings.TrimSpace(newA), "Site/a configured\n", map[string]string{"x.yaml": newA + "---\n" + siteB}, "New"},
		"changes the last":             {map[string]string{"x.yaml": siteB + "---\n" + strings.TrimSpace(siteA)}, strings.TrimSpace(newA), "Site/a configured\n", map[string]string{"x.yaml": siteB + "---\n" + strings.TrimSpace(newA)}, "New"},
		"keeps Windows lines":          {map[string]string{"x.yaml": windows(siteB + "---\n" + siteA + "---\n" + workflow("w"))}, newA, "Site/a configured\n", map[string]string{"x.yaml": windows(siteB+"---\n") + newA + windows("---\n"+workflow("w"))}, "New"},
		"takes a byte-order mark off":  {map[string]string{"x.yaml": siteB + "---\n" + siteA}, "\ufeff" + newA, "Site/a configured\n", map[string]string{"x.yaml": siteB + "---\n" + newA}, "New"},
		"appends to a file of its name": {
			map[string]string{"site-a.yaml": strings.TrimSpace(siteB)},
			siteA, "Site/a created\n",
			map[string]string{"site-a.yaml": siteB + "---\n" + siteA},
			"",
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := newShelf(t, test.have)
			if test.have == nil {
				test.have = map[string]string{}
			}
			if said, err := s.apply(test.text, true); err != nil || said != test.said {
				t.Errorf("dry: %q, %v; want %q", said, err, test.said)
			}
			s.wantFolder(test.have)
			if s.adopted != 1 {
				t.Error("the dry run was adopted")
			}
			if said, err := s.apply(test.text, false); err != nil || said != test.said {
				t.Errorf("%q, %v; want %q", said, err, test.said)
			}
			s.wantFolder(test.want)
			if got := s.Current().Sites["a"].Title; got != test.wantTitle {
				t.Errorf("the title is %q; want %q", got, test.wantTitle)
			}
			again, err := resources.ReadDir(s.dir, "/data")
			if err != nil || len(again.Documents) != len(s.Current().Documents) {
				t.Errorf("the folder holds %d documents, the set %d: %v", len(again.Documents), len(s.Current().Documents), err)
			}
		})
	}
}

// Many documents of one file, changed and added in one go, are found once and not
// once for each other.
func TestApplyingManyAtOnce(t *testing.T) {
	const n = 2000
	var have, text, want strings.Builder
	for i := range n {
		if i > 0 {
			have.WriteString("---\n")
			want.WriteString("---\n")
			text.WriteString("---\n")
		}
		name := fmt.Sprintf("s%d", i)
		have.WriteString("# kept\n---\n" + doc("Site", name, "{}"))
		want.WriteString("# kept\n---\n" + doc("Site", name, "{ title: New }"))
		text.WriteString(doc("Site", name, "{ title: New }"))
	}
	s := newShelf(t, map[string]string{"x.yaml": have.String(), "site-b.yaml": strings.TrimSpace(siteA)})
	began := time.Now()
	if _, err := s.apply(text.String()+"---\n"+siteB+"---\n"+strings.ReplaceAll(siteA, "{}", "{ title: A }"), false); err != nil {
		t.Fatal(err)
	}
	if took := time.Since(began); took > 20*time.Second {
		t.Errorf("it took %s", took)
	}
	s.wantFolder(map[string]string{"x.yaml": want.String(), "site-b.yaml": strings.ReplaceAll(siteA, "{}", "{ title: A }") + "---\n" + siteB})
}

func TestARefusalChangesNothing(t *testing.T) {
	have := map[string]string{"x.yaml": siteA, "l.yaml": doc("Location", "l", "{ site: a, url: 'file:///x' }")}
	for name, test := range map[string]struct{ text, want string }{
		"no document":         {"# nothing\n", "input:1: there is no document in it"},
		"one bad of two":      {siteB + "---\n" + doc("Site", "c", "{ titel: C }"), `input:9:9: unknown field "titel": did you mean "title"?`},
		"two bad":             {doc("Site", "b", "{ a: b }") + "---\n" + doc("Site", "c", "{ titel: C }"), "input:4:9: unknown field \"a\": known are bandwidth, title\ninput:9:9: unknown field \"titel\": did you mean \"title\"?"},
		"the same twice":      {siteB + "---\n" + siteB, "input:6: Site/b is given twice: it stands in input:1 too"},
		"a name of no one":    {doc("Location", "m", "{ site: b, url: 'file:///x' }"), "Location/m: site names Site/b, which does not exist: add it or correct the name"},
		"a name that leaves":  {doc("Site", "../../x", "{}"), `input:3:19: metadata.name is "../../x"`},
		"a flow that leaves":  {workflow("../../x"), "input:1:48"},
		"a flow with a slash": {workflow("/etc/x"), "input:1:48"},
		"too large":           {strings.Repeat("#", resource.MaxSize+1), "input:1: the text is larger than 1 MiB"},
	} {
		t.Run(name, func(t *testing.T) {
			for _, dryRun := range []bool{true, false} {
				s := newShelf(t, have)
				before := s.Current()
				said, err := s.apply(test.text, dryRun)
				if err == nil || !strings.Contains(err.Error(), test.want) || said != "" {
					t.Errorf("got  %v %s\nwant %s", err, said, test.want)
				}
				s.wantFolder(have)
				if s.Current() != before || s.adopted != 1 {
					t.Error("the set is another one")
				}
			}
		})
	}
	t.Run("the hub's", func(t *testing.T) {
		s := newShelf(t, have)
		before := s.Current()
		s.refuse = errors.New("not today")
		if _, err := s.apply(siteB, false); !errors.Is(err, s.refuse) {
			t.Errorf("got %v", err)
		}
		s.wantFolder(have)
		if s.Current() != before {
			t.Error("the set is another one")
		}
	})
}

func TestWhatAPersonWroteIntoTheFolderIsKept(t *testing.T) {
	s := newShelf(t, map[string]string{"x.yaml": siteA})
	byHand := "# mine\n" + strings.ReplaceAll(siteA, "{}", "{ title: By hand }") + "---\n" + siteB
	write(t, filepath.Join(s.dir, "x.yaml"), byHand)
	if said, err := s.apply(doc("Site", "c", "{}"), false); err != nil || said != "Site/c created\n" {
		t.Errorf("%s %v", said, err)
	}
	s.wantFolder(map[string]string{"x.yaml": byHand, "site-c.yaml": doc("Site", "c", "{}")})
	if got := s.Current().Sites["a"].Title; got != "By hand" {
		t.Errorf("the title is %q", got)
	}
	write(t, filepath.Join(s.dir, "x.yaml"), "no document\n")
	if _, err := s.apply(doc("Site", "d", "{}"), false); err == nil || !strings.Contains(err.Error(), "x.yaml:1:1: ") {
		t.Errorf("a broken file beside it: %v", err)
	}
}

func TestOpenRefusesAFolderThatTheHubRefuses(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "a.yaml"), siteA)
	refusal := errors.New("no")
	if _, err := resources.Open(t.Context(), dir, "/data", func(context.Context, *resources.Set, bool) error { return refusal }); !errors.Is(err, refusal) {
		t.Errorf("got %v", err)
	}
}
