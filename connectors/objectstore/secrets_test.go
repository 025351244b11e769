package objectstore_test

import (
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"gantry/connectors"
)

// However a store fails, no error tells a key.
func TestErrorsTellNoSecrets(t *testing.T) {
	customer := base64.StdEncoding.EncodeToString([]byte("this key has 32 bytes, by design"))
	secrets := []string{"hunter2-secret", "hunter2-token", customer}
	t.Setenv("TEST_ACCESS_KEY", "AKIDEXAMPLE")
	t.Setenv("TEST_SECRET_KEY", secrets[0])
	t.Setenv("TEST_TOKEN", secrets[1])
	t.Setenv("TEST_CUSTOMER_KEY", customer)
	for what, answer := range map[string]func(w http.ResponseWriter){
		"denied": func(w http.ResponseWriter) { w.WriteHeader(403); _, _ = io.WriteString(w, errorBody("AccessDenied")) },
		"not signed": func(w http.ResponseWriter) {
			w.WriteHeader(403)
			_, _ = io.WriteString(w, errorBody("SignatureDoesNotMatch"))
		},
		"no sense":    func(w http.ResponseWriter) { w.WriteHeader(400); _, _ = io.WriteString(w, "<html>Bad Request</html>") },
		"broken":      func(w http.ResponseWriter) { w.WriteHeader(500) },
		"hung up":     func(http.ResponseWriter) { panic(http.ErrAbortHandler) },
		"half of XML": func(w http.ResponseWriter) { _, _ = io.WriteString(w, "<Tagging><TagSet") },
		"sent astray": func(w http.ResponseWriter) {
			w.Header().Set("Location", "https://elsewhere.example/")
			w.WriteHeader(307)
		},
		"a lying size": func(w http.ResponseWriter) { w.Header().Set("Content-Length", "100"); _, _ = io.WriteString(w, "x") },
	} {
		for _, wire := range wires {
			t.Run(what+"/"+wire.name, func(t *testing.T) {
				server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { answer(w) }))
				defer server.Close()
				server.Config.ErrorLog = nil
				ca := filepath.Join(t.TempDir(), "ca.pem")
				if err := os.WriteFile(ca, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw}), 0o600); err != nil {
					t.Fatal(err)
				}
				p := wire.place(t, server.URL, map[string]string{
					"caFile": ca, "sessionToken": "env:TEST_TOKEN", "encryption": "sse-c", "customerKey": "env:TEST_CUSTOMER_KEY",
				})
				for call, err := range failures(t, p) {
					text := fmt.Sprintf("%v %+v %#v", err, err, err)
					for _, secret := range secrets {
						if strings.Contains(text, secret) {
							t.Errorf("%s: %s", call, text)
						}
					}
					if err == nil && what != "a lying size" && what != "half of XML" {
						t.Errorf("%s succeeds", call)
					}
				}
			})
		}
	}
}

// failures makes each kind of call.
func failures(t *testing.T, p connectors.Place) map[string]error {
	ctx := t.Context()
	found := make(map[string]error)
	_, found["stat"] = p.Stat(ctx, "clip")
	_, found["read"] = read(p, ctx, "clip", 0, -1)
	_, found["list"] = list(ctx, p, "")
	_, found["begin"] = p.Begin(ctx, "clip", connectors.UploadOptions{Size: -1})
	if up, whole, err := upload(ctx, p, "clip", []byte("small"), connectors.UploadOptions{}); err == nil {
		_, found["commit"] = up.Commit(ctx, whole)
	}
	found["remove"] = p.Remove(ctx, "clip")
	_, found["tags"] = can[connectors.Tagger](t, p).Tags(ctx, "clip")
	_, found["lock"] = can[connectors.Locker](t, p).Lock(ctx, "clip")
	found["remove version"] = can[connectors.Versioner](t, p).RemoveVersion(ctx, "clip", "v")
	_, found["restore"] = can[connectors.Tierer](t, p).Restore(ctx, "clip", connectors.RestoreOptions{Days: 1})
	_, found["describe"] = can[connectors.Describer](t, p).Describe(ctx)
	return found
}
