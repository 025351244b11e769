package function_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"time"

	"gantry/connectors"
	"gantry/orchestrator/function"
)

// A seen request is what a receiver got.
type seen struct {
	*http.Request
	body []byte
}

// receiver answers by a function and keeps what it gets.
func receiver(t *testing.T, answer http.HandlerFunc) (address string, got func() seen) {
	t.Helper()
	last := make(chan seen, 100)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		last <- seen{r, body}
		answer(w, r)
	}))
	t.Cleanup(server.Close)
	return server.URL, func() seen {
		select {
		case r := <-last:
			return r
		default:
			return seen{}
		}
	}
}

func says(status int, text string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("X-From", "far")
		w.WriteHeader(status)
		fmt.Fprint(w, text)
	}
}

func goesTo(address string, status int) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, address, status) }
}

func TestCallingHTTP(t *testing.T) {
	w := newWorld(t)
	address, got := receiver(t, says(200, `{"n": 1}`))
	var out struct{ N int }
	w.done("http", "", "run_1/step", map[string]any{
		"method": "post", "endpoint": map[string]any{"uri": address + "/a b?x=1"}, "headers": map[string]string{"X-Mine": "yes"},
		"query": map[string]any{"limit": 1000000, "name": "a&b", "deep": true}, "body": map[string]any{"a": []int{1}},
	}, &out)
	r := got()
	if out.N != 1 || r.Method != http.MethodPost || string(r.body) != `{"a":[1]}` || r.Header.Get("Content-Type") != "application/json" {
		t.Errorf("output %+v, %s %s %s", out, r.Method, r.body, r.Header)
	}
	if got, want := r.URL.RequestURI(), "/a%20b?deep=true&limit=1000000&name=a%26b&x=1"; got != want {
		t.Errorf("called %s; want %s", got, want)
	}
	if r.Header.Get("Idempotency-Key") != "run_1/step" || r.Header.Get("X-Mine") != "yes" {
		t.Errorf("headers %v", r.Header)
	}
}

func TestFormsOfAnswers(t *testing.T) {
	w := newWorld(t)
	for _, test := range []struct{ answer, form, want string }{
		{`{"a":[1]}`, "", `{"a":[1]}`},
		{`{"a":[1]}`, "content", `{"a":[1]}`},
		{`plain`, "", `"plain"`},
		{``, "", `null`},
		{`plain`, "raw", `"cGxhaW4="`},
	} {
		address, _ := receiver(t, says(200, test.answer))
		output, err := w.call("http", "", "k", map[string]any{"method": "get", "endpoint": address, "output": test.form})
		if err != nil || string(output) != test.want {
			t.Errorf("%q as %q: %s, %v; want %s", test.answer, test.form, output, err, test.want)
		}
	}
	address, _ := receiver(t, says(201, `[2]`))
	var out struct {
		Request    struct{ Method, URI string }
		StatusCode int
		Headers    map[string]string
		Content    []int
	}
	w.done("http", "", "k", map[string]any{"method": "get", "endpoint": strings.Replace(address, "//", "//me:hunter2@", 1), "output": "response"}, &out)
	if out.StatusCode != 201 || out.Headers["X-From"] != "far" || out.Content[0] != 2 || out.Request.Method != "GET" || strings.Contains(out.Request.URI, "hunter2") {
		t.Errorf("the response is %+v", out)
	}
}

func TestAnswersThatAreFailures(t *testing.T) {
	w := newWorld(t)
	for status, kind := range map[int]connectors.Kind{429: connectors.KindBusy, 500: connectors.KindUnavailable, 503: connectors.KindUnavailable} {
		address, _ := receiver(t, says(status, "later"))
		if _, err := w.call("http", "", "k", map[string]any{"method": "get", "endpoint": address}); connectors.KindOf(err) != kind {
			t.Errorf("%d: %v", status, err)
		}
	}
	address, _ := receiver(t, says(404, "who?"))
	_, err := w.call("http", "", "k", map[string]any{"method": "get", "endpoint": address})
	w.wantFault(err, "communication", "it answered 404 Not Found: who?")

	address, _ = receiver(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(304) })
	_, err = w.call("http", "", "k", map[string]any{"method": "get", "endpoint": address, "redirect": true})
	w.must(err)

	address, _ = receiver(t, func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write(make([]byte, 4<<20+1))
	})
	_, err = w.call("http", "", "k", map[string]any{"method": "get", "endpoint": address})
	w.wantFault(err, "communication", "larger than 4 MiB")

	address, _ = receiver(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "10")
		_, _ = w.Write([]byte("short"))
	})
	if _, err = w.call("http", "", "k", map[string]any{"method": "get", "endpoint": address}); connectors.KindOf(err) != connectors.KindIncomplete {
		t.Errorf("an answer that breaks off: %v", err)
	}

	w.HTTP.Timeout = 50 * time.Millisecond
	silent := make(chan struct{})
	defer close(silent)
	address, _ = receiver(t, func(http.ResponseWriter, *http.Request) { <-silent })
	if _, err = w.call("http", "", "k", map[string]any{"method": "get", "endpoint": address}); connectors.KindOf(err) != connectors.KindTimeout {
		t.Errorf("no answer: %v", err)
	}
	if _, err = w.call("http", "", "k", map[string]any{"method": "get", "endpoint": "http://127.0.0.1:1/?key=hunter2"}); connectors.KindOf(err) != connectors.KindUnavailable {
		t.Errorf("nobody there: %v", err)
	}
}

func TestCallsThatDoNotFit(t *testing.T) {
	w := newWorld(t)
	for name, input := range map[string]map[string]any{
		"endpoint is no address":         {"method": "get", "endpoint": "example.com"},
		"write an http or https URL":     {"method": "get", "endpoint": "file:///etc/passwd"},
		"endpoint is no":                 {"method": "get", "endpoint": 7},
		"only uri is known":              {"method": "get", "endpoint": map[string]any{"uri": "http://127.0.0.1", "authentication": map[string]any{}}},
		`output is "xml"`:                {"method": "get", "endpoint": "http://127.0.0.1", "output": "xml"},
		`headers: "X Y" cannot be sent`:  {"method": "get", "endpoint": "http://127.0.0.1", "headers": map[string]string{"X Y": "1"}},
		`headers: "X" cannot be sent`:    {"method": "get", "endpoint": "http://127.0.0.1", "headers": map[string]string{"X": "1\r\nHost: evil"}},
		`net/http: invalid method "A B"`: {"method": "a b", "endpoint": "http://127.0.0.1"},
	} {
		_, err := w.call("http", "", "k", input)
		w.wantFault(err, "validation", name)
	}
}

func TestInnerAddressesAreNotCalled(t *testing.T) {
	w := newWorld(t)
	w.HTTP = function.GuardedClient(nil)
	for _, host := range []string{
		"169.254.169.254", "127.0.0.1", "127.1.2.3", "10.0.0.1", "172.16.0.1", "192.168.1.1", "100.64.0.1", "0.0.0.0", "0.1.2.3", "198.18.0.1", "224.0.0.1",
		"255.255.255.255", "[::1]", "[::]", "[::ffff:127.0.0.1]", "[::ffff:169.254.169.254]", "[::127.0.0.1]", "[64:ff9b::7f00:1]", "[64:ff9b:1::7f00:1]",
		"[2002:7f00:1::]", "[2001::1]", "[fc00::1]", "[fd00::1]", "[fe80::1]", "[fec0::1]", "[ff02::1]", "localhost",
	} {
		_, err := w.call("http", "", "k", map[string]any{"method": "get", "endpoint": "http://" + host + "/"})
		w.wantFault(err, "configuration", "allow it with --allow-net if a workflow may call it")
	}
}

func TestTheAllowListOpensWhatItNames(t *testing.T) {
	w := newWorld(t)
	address, _ := receiver(t, says(200, "in"))
	for network, open := range map[string]bool{"127.0.0.1/32": true, "127.0.0.0/8": true, "127.0.0.2/32": false, "10.0.0.0/8": false, "::1/128": false, "169.254.0.0/16": false} {
		w.HTTP = function.GuardedClient([]netip.Prefix{netip.MustParsePrefix(network)})
		_, err := w.call("http", "", "k", map[string]any{"method": "get", "endpoint": address})
		if (err == nil) != open {
			t.Errorf("with %s allowed: %v", network, err)
		}
		mapped := strings.Replace(address, "127.0.0.1", "[::ffff:127.0.0.1]", 1)
		_, err = w.call("http", "", "k", map[string]any{"method": "get", "endpoint": mapped})
		if (err == nil) != open {
			t.Errorf("with %s allowed, as IPv6: %v", network, err)
		}
	}
}

func TestRedirects(t *testing.T) {
	w := newWorld(t)
	secret := map[string]string{"Authorization": "Bearer hunter2", "X-Api-Key": "hunter2", "Cookie": "hunter2"}
	far, got := receiver(t, says(200, "far"))
	far = strings.Replace(far, "127.0.0.1", "localhost", 1) // another host
	w.HTTP = function.GuardedClient([]netip.Prefix{netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("::1/128")})

	t.Run("to another host go without secrets", func(t *testing.T) {
		address, _ := receiver(t, goesTo(far+"/x", http.StatusTemporaryRedirect))
		_, err := w.call("http", "", "k", map[string]any{"method": "get", "endpoint": address + "/?key=hunter2", "headers": secret})
		w.must(err)
		if r := got(); r.Request == nil || strings.Contains(fmt.Sprint(r.Header), "hunter2") || r.Header.Get("Idempotency-Key") != "" {
			t.Errorf("it took along %v", r.Header)
		}
	})
	t.Run("to another host go without bodies", func(t *testing.T) {
		address, _ := receiver(t, goesTo(far+"/x", http.StatusTemporaryRedirect))
		_, err := w.call("http", "", "k", map[string]any{"method": "post", "endpoint": address, "body": "hunter2"})
		w.wantFault(err, "configuration", "it takes the body to localhost")
		if r := got(); r.Request != nil {
			t.Errorf("it went: %s", r.body)
		}
	})
	t.Run("on the same host keep headers", func(t *testing.T) {
		kept := ""
		address, _ := receiver(t, func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/a" {
				http.Redirect(w, r, "/b", http.StatusFound)
				return
			}
			kept = r.Header.Get("X-Api-Key")
		})
		_, err := w.call("http", "", "k", map[string]any{"method": "get", "endpoint": address + "/a", "headers": secret})
		w.must(err)
		if kept != "hunter2" {
			t.Error("the header was lost")
		}
	})
	t.Run("to inner addresses are refused", func(t *testing.T) {
		w.HTTP = function.GuardedClient([]netip.Prefix{netip.MustParsePrefix("127.0.0.1/32")})
		for _, inner := range []string{"http://169.254.169.254/latest/meta-data", "http://10.0.0.1/", "http://[::1]:80/", "http://127.0.0.2/"} {
			address, _ := receiver(t, goesTo(inner, http.StatusFound))
			_, err := w.call("http", "", "k", map[string]any{"method": "get", "endpoint": address})
			w.wantFault(err, "configuration", "inner address")
		}
	})
	t.Run("without end are refused", func(t *testing.T) {
		address, _ := receiver(t, goesTo("/again", http.StatusFound))
		_, err := w.call("http", "", "k", map[string]any{"method": "get", "endpoint": address})
		w.wantFault(err, "configuration", "it is the sixth")
	})
}

func hook(name, address, secret string) string {
	return fmt.Sprintf("apiVersion: gantry/v1\nkind: Webhook\nmetadata: { name: %s }\nspec: { url: %q, secret: %q }\n", name, address, secret)
}

func TestNotifyingIsSignedAfterStandardWebhooks(t *testing.T) {
	address, got := receiver(t, says(204, ""))
	key := []byte("a key of some bytes \x00\xff")
	t.Setenv("HOOK_ENCODED", "whsec_"+base64.StdEncoding.EncodeToString(key))
	t.Setenv("HOOK_PLAIN", "a plain key")
	t.Setenv("HOOK_BAD", "whsec_???")
	t.Setenv("HOOK_EMPTY", "")
	w := newWorld(
		t, hook("encoded", address, "env:HOOK_ENCODED"), hook("plain", address, "env:HOOK_PLAIN"), hook("bad", address, "env:HOOK_BAD"),
		hook("empty", address, "env:HOOK_EMPTY"), hook("unset", address, "env:HOOK_UNSET"),
	)
	ids := map[string]bool{}
	for name, key := range map[string][]byte{"encoded": key, "plain": []byte("a plain key")} {
		for range 2 {
			var out function.NotifyOutput
			w.done("notify", "", "run_1/"+name, function.NotifyInput{Webhook: name, Type: "clip.published", Data: map[string]any{"name": "<é & \"x\">"}}, &out)
			r := got()
			mac := hmac.New(sha256.New, key)
			mac.Write([]byte(r.Header.Get("webhook-id") + "." + r.Header.Get("webhook-timestamp") + "." + string(r.body)))
			if want := "v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil)); r.Header.Get("webhook-signature") != want {
				t.Errorf("the signature is %s; want %s", r.Header.Get("webhook-signature"), want)
			}
			var message struct {
				Type      string
				Timestamp time.Time
				Data      struct{ Name string }
			}
			w.must(json.Unmarshal(r.body, &message))
			if message.Type != "clip.published" || !message.Timestamp.Equal(w.now) || message.Data.Name != "<é & \"x\">" || r.Header.Get("webhook-timestamp") != fmt.Sprint(w.now.Unix()) {
				t.Errorf("the message is %s", r.body)
			}
			if out.ID != r.Header.Get("webhook-id") || out.Status != 204 || r.Header.Get("Content-Type") != "application/json" {
				t.Errorf("the output is %+v", out)
			}
			ids[out.ID] = true
		}
	}
	if len(ids) != 2 {
		t.Errorf("two messages, each sent twice, have the IDs %v", ids)
	}
	for name, why := range map[string]string{"bad": "no base64", "empty": "it is empty", "unset": "not set", "nobody": `there is no Webhook "nobody"`} {
		_, err := w.call("notify", "", "k", function.NotifyInput{Webhook: name, Type: "x"})
		w.wantFault(err, "configuration", why)
	}
	if r := got(); r.Request != nil {
		t.Error("a message went without a signature")
	}
}

// A retried run is a new run: the receiver knows its messages by their IDs.
func TestARetriedRunSendsTheSameMessages(t *testing.T) {
	address, _ := receiver(t, says(204, ""))
	t.Setenv("HOOK", "a key")
	w := newWorld(t, hook("a", address, "env:HOOK"), hook("b", address, "env:HOOK"))
	asset, _ := w.asset("clip.mxf")
	other, _ := w.asset("other.mxf")
	id := func(run, asset, step, webhook, name string) string {
		input, err := json.Marshal(function.NotifyInput{Webhook: webhook, Type: "t", Data: map[string]any{"name": name}})
		w.must(err)
		data, err := w.steps["notify"].Run(t.Context(), function.Call{Key: run + step, Run: run, Asset: asset, Input: input, Progress: func(function.Progress) {}})
		w.must(err)
		var out function.NotifyOutput
		w.must(json.Unmarshal(data, &out))
		return out.ID
	}
	first := id("run_1", asset, "/do/0", "a", "x")
	if again := id("run_2", asset, "/do/0", "a", "x"); again != first {
		t.Errorf("the retried run sends %s; want %s", again, first)
	}
	for what, got := range map[string]string{
		"another asset": id("run_1", other, "/do/0", "a", "x"), "another step": id("run_1", asset, "/do/1", "a", "x"),
		"another receiver": id("run_1", asset, "/do/0", "b", "x"), "another message": id("run_1", asset, "/do/0", "a", "y"),
	} {
		if got == first {
			t.Errorf("%s has the same ID", what)
		}
	}
	if id("run_1", "", "/do/0", "a", "x") == id("run_2", "", "/do/0", "a", "x") {
		t.Error("two runs of no asset send the same message")
	}
}

func TestNotifyingFails(t *testing.T) {
	t.Setenv("HOOK", "key")
	far, got := receiver(t, says(200, ""))
	moved, _ := receiver(t, goesTo(far, http.StatusFound))
	gone, _ := receiver(t, says(410, "gone for good"))
	busy, _ := receiver(t, says(503, "later"))
	w := newWorld(t, hook("moved", moved, "env:HOOK"), hook("gone", gone+"/token-hunter2", "env:HOOK"), hook("busy", busy, "env:HOOK"), hook("inner", "http://10.0.0.1/", "env:HOOK"))
	_, err := w.call("notify", "", "k", function.NotifyInput{Webhook: "moved"})
	w.wantFault(err, "communication", `notify "moved": it answered 302`)
	if r := got(); r.Request != nil {
		t.Error("the message went on to another place")
	}
	_, err = w.call("notify", "", "k", function.NotifyInput{Webhook: "gone"})
	w.wantFault(err, "communication", "gone for good")
	if strings.Contains(fmt.Sprint(err), "hunter2") {
		t.Errorf("%v tells the token", err)
	}
	if _, err = w.call("notify", "", "k", function.NotifyInput{Webhook: "busy"}); connectors.KindOf(err) != connectors.KindUnavailable {
		t.Errorf("busy: %v", err)
	}
	_, err = w.call("notify", "", "k", function.NotifyInput{Webhook: "inner"})
	w.wantFault(err, "configuration", "inner address")
}
