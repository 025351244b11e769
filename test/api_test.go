package test

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus/testutil/promlint"

	"gantry/orchestrator/api"
)

func checkAPI(t *testing.T, s *stand) {
	for path, want := range map[string]string{"/livez": "ok", "/readyz": "ok", "/docs/": "swagger", "/openapi.json": `"openapi"`, "/metrics": "gantry_assets"} {
		status, text := fetch(t, s, path, nil)
		if status != http.StatusOK || !strings.Contains(strings.ToLower(text), want) {
			t.Errorf("GET %s: %d, nothing of %q in it", path, status, want)
		}
	}
	t.Run("metrics have good names", func(t *testing.T) {
		_, text := fetch(t, s, "/metrics", nil)
		problems, err := promlint.New(strings.NewReader(text)).Lint()
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range problems {
			if strings.HasPrefix(p.Metric, "gantry_") {
				t.Errorf("%s: %s", p.Metric, p.Text)
			}
		}
	})
	t.Run("OpenAPI is JSON", func(t *testing.T) {
		_, text := fetch(t, s, "/openapi.json", nil)
		if !json.Valid([]byte(text)) {
			t.Error("it is not")
		}
	})
	t.Run("other sites and names are refused", func(t *testing.T) {
		if status, _ := fetch(t, s, "/api/v1/assets", map[string]string{"Origin": "https://evil.example"}); status != http.StatusForbidden {
			t.Errorf("a foreign origin got %d", status)
		}
		if status, _ := fetch(t, s, "/api/v1/assets", map[string]string{"Host": "rebound.example"}); status != http.StatusMisdirectedRequest {
			t.Errorf("a foreign host got %d", status)
		}
	})
	t.Run("bad documents are refused with their place", func(t *testing.T) {
		for name, c := range map[string]struct{ text, want string }{
			"unknown field":       {"apiVersion: gantry/v1\nkind: Partner\nmetadata: {name: x}\nspec:\n  locaton: archive\n", "5:3: unknown field \\\"locaton\\\": did you mean \\\"location\\\"?"},
			"bad workflow":        {"document: {dsl: 1.0.3, namespace: a, name: b, version: 1.0.0}\ndo:\n  - x:\n      cal: probe\n", "4:7"},
			"bad rule":            {"apiVersion: gantry/v1\nkind: TieringPolicy\nmetadata: {name: house}\nspec:\n  rules:\n    - {name: r, when: 'media.duration + 1.0', tier: cold, reason: r}\n  default: {tier: cold, reason: d}\n", "6:23: rule \\\"r\\\": a condition is true or false"},
			"no such place":       {"apiVersion: gantry/v1\nkind: Partner\nmetadata: {name: x}\nspec: {location: nowhere, profile: hls-ladder}\n", "input:1: Partner/x: location names Location/nowhere"},
			"misspelt argument":   {"document: {dsl: 1.0.3, namespace: a, name: b, version: 1.0.0}\ndo:\n  - x:\n      call: deliver\n      with: {partner: clubtv}\n", "input:5:23: there is no Partner"},
			"secret in an option": {"apiVersion: gantry/v1\nkind: Location\nmetadata: {name: x}\nspec: {site: local, url: 's3://bucket', options: {secretKey: me:secret}}\n", "holds a secret itself"},
			"secret in URL":       {"apiVersion: gantry/v1\nkind: Location\nmetadata: {name: x}\nspec: {site: local, url: 'sftp://me:secret@host/'}\n", "carries a secret"},
		} {
			status, answer := s.post("/resources", api.ApplyRequest{Text: c.text})
			if status != http.StatusUnprocessableEntity || !strings.Contains(answer, c.want) {
				t.Errorf("%s: %d, nothing of %q in %s", name, status, c.want, answer)
			}
			if strings.Contains(answer, "me:secret") {
				t.Errorf("%s: the answer repeats the secret", name)
			}
		}
	})
}

func fetch(t *testing.T, s *stand, path string, headers map[string]string) (int, string) {
	t.Helper()
	request, err := http.NewRequest(http.MethodGet, "http://"+s.listen+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	for name, value := range headers {
		request.Header.Set(name, value)
		if name == "Host" {
			request.Host = value
		}
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, string(text)
}
