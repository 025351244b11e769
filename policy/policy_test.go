package policy

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"reflect"
	"regexp"
	"strings"
	"sync"
	"testing"

	"go.yaml.in/yaml/v3"

	"gantry/configs/resource"
)

var update = flag.Bool("update", false, "write the golden files anew")

const housePolicy = "../configs/policies/tiering-house.yaml"

func document(t testing.TB, file, text string) resource.Resource {
	t.Helper()
	docs, err := resource.Parse(file, []byte(text))
	if err != nil || len(docs) != 1 {
		t.Fatalf("%d documents, %v", len(docs), err)
	}
	return docs[0]
}

// withRules makes a policy of rules that are given as YAML, the first on line 6.
func withRules(rules string) string {
	return "apiVersion: gantry/v1\nkind: TieringPolicy\nmetadata: { name: p }\nspec:\n  rules:\n" + indent(rules) + "  default: { tier: warm, reason: otherwise }\n"
}

func indent(lines string) string {
	return "    " + strings.ReplaceAll(strings.TrimRight(lines, "\n"), "\n", "\n    ") + "\n"
}

func compile(t testing.TB, condition string) (*Tiering, error) {
	t.Helper()
	rules, err := yaml.Marshal([]map[string]string{{"name": "r", "when": condition, "tier": "cold", "reason": "it holds"}})
	if err != nil {
		t.Fatal(err)
	}
	return CompileTiering(document(t, "policy.yaml", withRules(string(rules))))
}

func TestHousePolicyDecides(t *testing.T) {
	text, err := os.ReadFile(housePolicy)
	if err != nil {
		t.Fatal(err)
	}
	policy, err := CompileTiering(document(t, housePolicy, string(text)))
	if err != nil {
		t.Fatal(err)
	}
	table, err := os.ReadFile("testdata/decisions.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var cases []struct {
		Name       string
		Facts      Facts
		Tier, Rule string
		Used       map[string]any
	}
	decoder := yaml.NewDecoder(strings.NewReader(string(table)))
	decoder.KnownFields(true)
	if err := decoder.Decode(&cases); err != nil {
		t.Fatal(err)
	}
	for _, c := range cases {
		t.Run(c.Name, func(t *testing.T) {
			d, err := policy.Decide(c.Facts)
			if err != nil {
				t.Fatal(err)
			}
			if d.Tier != c.Tier || d.Rule != c.Rule || d.Reason == "" {
				t.Errorf("%+v, want tier %q by rule %q", d, c.Tier, c.Rule)
			}
			if c.Used == nil {
				return
			}
			used := map[string]string{}
			for _, u := range d.Facts {
				used[u.Name] = fmt.Sprint(u.Value)
			}
			want := map[string]string{}
			for name, v := range c.Used {
				want[name] = fmt.Sprint(v)
			}
			if !reflect.DeepEqual(used, want) {
				t.Errorf("used %v, want %v", used, want)
			}
		})
	}
}

var costs = regexp.MustCompile(`may cost \d+`)

// TestRefused checks each case of testdata/refused.txt: a title, a policy, and the messages that it gets.
func TestRefused(t *testing.T) {
	raw, err := os.ReadFile("testdata/refused.txt")
	if err != nil {
		t.Fatal(err)
	}
	parts := strings.Split(string(raw), "-- ")
	golden := parts[0]
	for _, part := range parts[1:] {
		title, body, _ := strings.Cut(part, "\n")
		var rules, want []string
		for line := range strings.Lines(strings.TrimRight(body, "\n") + "\n") {
			if strings.HasPrefix(line, "policy.yaml:") {
				want = append(want, line)
			} else {
				rules = append(rules, line)
			}
		}
		text := withRules(strings.Join(rules, ""))
		if whole, ok := strings.CutPrefix(strings.Join(rules, ""), "whole: "); ok {
			text = "apiVersion: gantry/v1\nkind: TieringPolicy\nmetadata: { name: p }\nspec: " + whole
		}
		_, err := CompileTiering(document(t, "policy.yaml", text))
		got := "nothing\n"
		if err != nil {
			got = costs.ReplaceAllString(err.Error(), "may cost COST") + "\n"
		}
		if got != strings.Join(want, "") && !*update {
			t.Errorf("%s:\n%s\ngot:\n%swant:\n%s", title, text, got, strings.Join(want, ""))
		}
		golden += "-- " + title + "\n" + strings.Join(rules, "") + got + "\n"
	}
	if *update {
		if err := os.WriteFile("testdata/refused.txt", []byte(strings.TrimRight(golden, "\n")+"\n"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

func TestAnotherKindIsRefused(t *testing.T) {
	doc := document(t, "x.yaml", "apiVersion: gantry/v1\nkind: Site\nmetadata: { name: s }\nspec: { rules: [] }\n")
	if _, err := CompileTiering(doc); err == nil || !strings.Contains(err.Error(), "Site/s is not a TieringPolicy") {
		t.Error(err)
	}
}

// TestConditions shows the language: what holds for one clip, and what cannot be told.
func TestConditions(t *testing.T) {
	clip := Facts{
		Asset:  AssetFacts{Name: "Sport/final.mxf", Site: "venue-1", Route: "ingest", Size: 3 << 30},
		Media:  MediaFacts{Container: "mxf", VideoCodec: "mpeg2video", Width: 1920, Height: 1080, FrameRate: 25, Interlaced: true, AudioStreams: 8, AudioChannels: 8},
		Labels: map[string]string{"event": "final"},
	}
	for condition, want := range map[string]string{
		`asset.size == 3 * GiB`:                       "true",
		`asset.size > 3 * GB`:                         "true",
		`media.frameRate > 24`:                        "true", // a whole number compares with a fraction
		`asset.name.startsWith("Sport/")`:             "true",
		`asset.name.matches("(?i)\\.MXF$")`:           "true",
		`media.videoCodec in ["mpeg2video", "dnxhd"]`: "true",
		`media.interlaced && !media.hdr`:              "true",
		`labels["event"] == "final"`:                  "true",
		`"event" in labels && labels.event == "semi"`: "false",
		`has(labels.event)`:                           "true",
		`has(labels.competition)`:                     "false",
		`has(asset.digest)`:                           "false",
		`labels.exists(k, k.startsWith("ev"))`:        "true",
		`true || labels.competition == "x"`:           "true",
		`labels.competition == "x"`:                   `rule "r" could not be evaluated: no such key: competition: ask for it first`,
		`asset.duration > 1.0`:                        `rule "r" could not be evaluated: asset.duration is not known: ask has(asset.duration) first`,
		`asset.digest.startsWith("0")`:                `asset.digest is not known`,
		`asset.size / media.bitRate > 1`:              `rule "r" could not be evaluated: division by zero`,
		`int(asset.name) > 1`:                         `rule "r" could not be evaluated`,
		`asset == asset`:                              `rule "r" could not be evaluated`,
	} {
		policy, err := compile(t, condition)
		if err != nil {
			t.Errorf("%s: %v", condition, err)
			continue
		}
		d, err := policy.Decide(clip)
		got := fmt.Sprint(d.Rule == "r")
		if err != nil {
			got = err.Error()
			var e *EvaluationError
			if !errors.As(err, &e) || e.Rule != "r" || e.Policy != "TieringPolicy/p" || d.Tier != "" {
				t.Errorf("%s: error %#v, decision %+v", condition, err, d)
			}
		}
		if !strings.Contains(got, want) {
			t.Errorf("%s: %s, want %s", condition, got, want)
		}
	}
}

func TestCostIsLimitedWhileItRuns(t *testing.T) {
	policy, err := compile(t, `labels.all(k, k != asset.name)`)
	if err != nil {
		t.Fatal(err)
	}
	labels := map[string]string{}
	for i := range 100_000 {
		labels[fmt.Sprint(i)] = strings.Repeat("x", 10)
	}
	if _, err := policy.Decide(Facts{Labels: labels, Asset: AssetFacts{Name: "x"}}); err == nil || !strings.Contains(err.Error(), "cost limit") {
		t.Errorf("error %v, want one about the cost limit", err)
	}
}

func TestNamedFacts(t *testing.T) {
	for condition, want := range map[string]string{
		`asset.size > 1 && media.width > 1 && asset.size < 9`: "[asset.size media.width]",
		`has(asset.duration)`:               "[asset.duration]",
		`labels.a == "x" || "b" in labels`:  "[labels.a labels.b]",
		`labels["c d"] == "x"`:              "[labels.c d]",
		`labels.exists(k, k == asset.name)`: "[asset.name labels]",
		`labels[asset.name] == labels["a"]`: "[asset.name labels labels.a]",
		`true`:                              "[]",
	} {
		policy, err := compile(t, condition)
		if err != nil {
			t.Fatal(err)
		}
		if got := fmt.Sprint(policy.set.rules[0].when.facts); got != want {
			t.Errorf("%s: %s, want %s", condition, got, want)
		}
	}
}

// TestVocabularyIsWhole: each field of the facts can be named by its YAML name, and nothing else can.
func TestVocabularyIsWhole(t *testing.T) {
	for object, typ := range map[string]reflect.Type{"asset": reflect.TypeFor[AssetFacts](), "media": reflect.TypeFor[MediaFacts]()} {
		left := map[string]bool{}
		for name := range vocabulary[object] {
			left[name] = true
		}
		for field := range typ.Fields() {
			name := field.Tag.Get("yaml")
			if !left[name] {
				t.Errorf("%s.%s cannot be named in a rule", object, name)
			}
			delete(left, name)
		}
		delete(left, "duration") // asset.duration stands for media.duration
		if len(left) > 0 {
			t.Errorf("%s: %v are in no facts", object, left)
		}
	}
}

func TestDecideAtOnceFromManyGoroutines(t *testing.T) {
	policy, err := compile(t, `asset.size > 10 && "a" in labels`)
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for g := range 8 {
		wg.Go(func() {
			for i := range 200 {
				size := int64(i + g)
				d, err := policy.Decide(Facts{Asset: AssetFacts{Size: size}, Labels: map[string]string{"a": ""}})
				if err != nil || (d.Tier == Cold) != (size > 10) {
					t.Errorf("size %d: %+v, %v", size, d, err)
				}
			}
		})
	}
	wg.Wait()
}

func TestDecideAllocatesLittle(t *testing.T) {
	policy, err := compile(t, `media.width > 1920 && asset.size > 50 * GiB && asset.name.endsWith(".mxf")`)
	if err != nil {
		t.Fatal(err)
	}
	f := Facts{Asset: AssetFacts{Name: "final.mxf", Size: 60 << 30}, Media: MediaFacts{Width: 3840}}
	if n := testing.AllocsPerRun(200, func() { _, _ = policy.Decide(f) }); n > 30 {
		t.Errorf("%v allocations a decision", n)
	}
}

func BenchmarkDecide(b *testing.B) {
	policy, err := compile(b, `media.width > 1920 && asset.size > 50 * GiB && asset.name.endsWith(".mxf")`)
	if err != nil {
		b.Fatal(err)
	}
	f := Facts{Asset: AssetFacts{Name: "final.mxf", Size: 60 << 30}, Media: MediaFacts{Width: 3840}}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := policy.Decide(f); err != nil {
			b.Fatal(err)
		}
	}
}

func FuzzCondition(f *testing.F) {
	for _, seed := range []string{
		`asset.size > 50 * GiB || has(asset.duration) && asset.duration > 1800.0`, `"a" in labels && labels.a.matches("^x+$")`,
		`labels.all(k, labels[k] != "")`, `[1, 2, 3].map(i, i * asset.size).exists(i, i > 5)`, `asset == asset`, `dyn(media).width == 1`,
		`timestamp("2026-05-01T00:00:00Z").getFullYear() == 2026`, `asset.name + asset.site == ""`, "\xff", `((((((((((true))))))))))`,
	} {
		f.Add(seed)
	}
	l, err := newLanguage()
	if err != nil {
		f.Fatal(err)
	}
	facts := Facts{
		Asset: AssetFacts{Name: "final.mxf", Site: "venue-1", Size: 1 << 33}, Media: MediaFacts{Duration: 12, Width: 1920},
		Labels: map[string]string{"a": "x", "b": ""},
	}
	f.Fuzz(func(t *testing.T, expression string) {
		c, mistakes := l.compile(expression)
		if (c == nil) == (len(mistakes) == 0) {
			t.Fatalf("condition %v with mistakes %v", c, mistakes)
		}
		if c == nil {
			return
		}
		first, err := c.holds(speech{&facts})
		second, again := c.holds(speech{&facts})
		if first != second || (err == nil) != (again == nil) {
			t.Fatalf("%v, %v and then %v, %v", first, err, second, again)
		}
		facts.used(c.facts)
	})
}
