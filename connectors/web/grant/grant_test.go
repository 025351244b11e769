package grant_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"gantry/connectors"
	"gantry/connectors/web/grant"
)

const good = `{"path":"clip.mxf","partSize":5,"completeBody":"s3","complete":"https://h/k?uploadId=7&X-Sig=hunter2","expires":"2030-01-01T00:00:00Z",
"parts":[{"number":1,"url":"https://h/k?partNumber=1&X-Sig=hunter2"},{"number":2,"url":"https://h/k?partNumber=2&X-Sig=hunter2"}]}`

func TestParse(t *testing.T) {
	g, err := grant.Parse([]byte(good))
	if err != nil || g.MaxSize() != 10 || !g.Multipart() || g.Path != "clip.mxf" {
		t.Fatalf("%v, %v", g, err)
	}
	for _, text := range []string{fmt.Sprint(g), fmt.Sprintf("%+v %#v", g, g), g.LogValue().String()} {
		if strings.Contains(text, "hunter2") {
			t.Errorf("it prints as %s", text)
		}
	}
	for at, expired := range map[string]bool{"2029-12-31T23:59:59Z": false, "2030-01-01T00:00:00Z": true} {
		now, _ := time.Parse(time.RFC3339, at)
		if g.Expired(now) != expired {
			t.Errorf("at %s: %v", at, !expired)
		}
	}
	for name, change := range map[string][2]string{
		"another number":        {`"number":2`, `"number":3`},
		"the same URL twice":    {"partNumber=2", "partNumber=1"},
		"no URL":                {"https://h/k?partNumber=2", "ftp://h/k?partNumber=2"},
		"a user":                {"https://h/k?partNumber=2", "https://u@h/k?partNumber=2"},
		"another body":          {`"s3"`, `"azure"`},
		"no size":               {`"partSize":5,`, ``},
		"no completion":         {`"complete":"https://h/k?uploadId=7&X-Sig=hunter2",`, ``},
		"a path that leads out": {"clip.mxf", "../clip.mxf"},
		"both ways":             {`"partSize"`, `"put":"https://h/k","partSize"`},
		"an unknown field":      {`"partSize"`, `"partsize2":1,"partSize"`},
		"a header":              {`"partSize"`, `"headers":{"A B":"c"},"partSize"`},
		"a header's value":      {`"partSize"`, `"headers":{"A":"c\r\nB: d"},"partSize"`},
		"a string":              {`"partSize":5`, `"partSize":"5"`},
		"half":                  {`]}`, ``},
		"something behind":      {`]}`, `]}{}`},
	} {
		_, err := grant.Parse([]byte(strings.Replace(good, change[0], change[1], 1)))
		if connectors.KindOf(err) != connectors.KindInvalid || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := grant.Parse([]byte(`{"path":"x"}`)); err == nil {
		t.Error("a grant for nothing is taken")
	}
}

func TestTheIDIsTheUploads(t *testing.T) {
	g, _ := grant.Parse([]byte(good))
	renewed, _ := grant.Parse([]byte(strings.ReplaceAll(good, "hunter2", "hunter3")))
	other, _ := grant.Parse([]byte(strings.ReplaceAll(good, "uploadId=7", "uploadId=8")))
	if g.ID() == "" || renewed.ID() != g.ID() || other.ID() == g.ID() {
		t.Errorf("%s, %s, %s", g.ID(), renewed.ID(), other.ID())
	}
}

func FuzzParse(f *testing.F) {
	f.Add(good)
	f.Add(`{"put":"https://h/x"}`)
	f.Fuzz(func(t *testing.T, text string) {
		g, err := grant.Parse([]byte(text))
		if err == nil && (g.Check() != nil || g.MaxSize() < 0) {
			t.Errorf("%q is taken", text)
		}
	})
}

type signer struct{ fails error }

func (s signer) Part(_ context.Context, n int) (string, error) {
	return fmt.Sprintf("https://h/k?part=%d", n), s.fails
}
func (s signer) Complete(context.Context) (string, error) { return "https://h/k?complete", nil }
func (s signer) Abort(context.Context) (string, error)    { return "https://h/k?abort", nil }
func (s signer) Get(context.Context) (string, error)      { return "", nil }

func TestMake(t *testing.T) {
	later := time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC)
	for size, count := range map[int64]int{0: 1, 1: 1, 5: 1, 6: 2, 50_000: 10_000} {
		g, err := grant.Make(t.Context(), signer{}, grant.Terms{Path: "clip", Size: size, PartSize: 5, Expires: later})
		if err != nil || len(g.Parts) != count {
			t.Errorf("%d bytes: %d parts, %v", size, len(g.Parts), err)
		}
	}
	for name, terms := range map[string]grant.Terms{
		"too many parts": {Path: "clip", Size: 50_001, PartSize: 5, Expires: later}, "no end": {Path: "clip", Size: 1, PartSize: 5},
		"no path": {Size: 1, PartSize: 5, Expires: later}, "no part size": {Path: "clip", Size: 1, Expires: later},
	} {
		if _, err := grant.Make(t.Context(), signer{}, terms); connectors.KindOf(err) != connectors.KindInvalid {
			t.Errorf("%s: %v", name, err)
		}
	}
	broken := errors.New("no key")
	if _, err := grant.Make(t.Context(), signer{broken}, grant.Terms{Path: "clip", Size: 1, PartSize: 5, Expires: later}); !errors.Is(err, broken) {
		t.Error(err)
	}
}
