package test

import (
	"context"
	"encoding/json"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"gantry/connectors/objectstore"
	"gantry/connectors/servers"
)

// TestSessionsThatExpire has a store refuse the session's token in the middle of a file.
// The copy says what to renew, and the same command with a new token goes on at the part
// where it stopped.
func TestSessionsThatExpire(t *testing.T) {
	t.Parallel()
	gateway, err := servers.StartVersityGW(context.Background(), t.TempDir())
	if err == nil {
		err = gateway.MakeBucket(t.Context(), "bucket")
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = gateway.Stop() })
	for _, wire := range []string{"s3", "s3compat"} {
		for _, way := range []string{"up", "down"} {
			t.Run(wire+"/"+way, func(t *testing.T) {
				t.Parallel()
				newSession(t, gateway, wire).expires(way)
			})
		}
	}
}

const sessionPart, sessionParts = 5 << 20, 8 // bytes; of the file

// A session is one with a store that knows two tokens, of which the first one expires.
type session struct {
	t     *testing.T
	dir   string
	url   string
	root  string // of the bucket on this machine
	args  []string
	moves atomic.Int64 // parts that the first token may still move
}

func newSession(t *testing.T, gateway *servers.VersityGW, wire string) *session {
	s := &session{t: t, dir: t.TempDir(), root: filepath.Join(gateway.Root, "bucket")}
	behind, err := url.Parse(gateway.Endpoint)
	if err != nil {
		t.Fatal(err)
	}
	keys, signer := objectstore.Keys{Access: gateway.AccessKey, Secret: gateway.SecretKey}, &objectstore.Signer{Service: "s3", Region: gateway.Region}
	proxy := &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		r.SetURL(behind)
		r.Out.Header.Del("X-Amz-Security-Token") // the gateway itself knows none for its first user
		r.Out.Header.Del("Authorization")
		signer.Sign(r.Out, keys, r.In.Header.Get("X-Amz-Content-Sha256"), time.Now())
	}}
	front := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("X-Amz-Security-Token") == "first" && s.expired(r) {
			_, _ = io.Copy(io.Discard, r.Body)
			w.Header().Set("Content-Type", "application/xml")
			w.WriteHeader(http.StatusBadRequest)
			_, _ = io.WriteString(w, `<Error><Code>ExpiredToken</Code><Message>The provided token has expired.</Message></Error>`)
			return
		}
		proxy.ServeHTTP(w, r)
	}))
	t.Cleanup(front.Close)
	s.url = "s3+" + front.URL + "/bucket"
	if wire == "s3" {
		s.url, s.args = "s3://bucket", []string{"endpoint=" + front.URL}
	}
	for name, value := range map[string]string{"accessKey": gateway.AccessKey, "secretKey": gateway.SecretKey, "sessionToken": "first"} {
		s.args = append(s.args, name+"=file:"+written(t, filepath.Join(s.dir, name), []byte(value)))
	}
	s.args = append(s.args, "region="+gateway.Region)
	return s
}

// expired counts the parts that are written or read.
func (s *session) expired(r *http.Request) bool {
	if r.Method == http.MethodPut || r.Method == http.MethodGet && r.Header.Get("Range") != "" {
		return s.moves.Add(-1) < 0
	}
	return s.moves.Load() < 0
}

func (s *session) expires(way string) {
	t, name := s.t, strings.ReplaceAll(s.t.Name(), "/", "-")
	data := noise(rand.New(rand.NewPCG(1, 2)), sessionPart*sessionParts)
	here, there, far := filepath.Join(s.dir, name), filepath.Join(s.root, name), s.url+"/"+name
	from, to, ends, option := here, far, there, "--dst-option"
	if way == "down" {
		from, to, ends, option = far, here, here, "--src-option"
		written(t, there, data)
		past := time.Now().Add(-time.Hour)
		_ = os.Chtimes(there, past, past)
	} else {
		written(t, here, data)
	}
	const before = 5
	s.moves.Store(before)
	report, problems, err := s.copy(from, to, option)
	if err == nil || report.Failed != 1 || !strings.Contains(problems, "renew the session token") {
		t.Fatalf("with a token that expires: %v, %+v\n%s", err, report, problems)
	}
	if _, err := os.Stat(ends); err == nil {
		t.Error("half a file is there")
	}
	written(t, filepath.Join(s.dir, "sessionToken"), []byte("second"))
	report, problems, err = s.copy(from, to, option)
	if err != nil || report.Resumed != 1 {
		t.Fatalf("with a new token: %v, %+v\n%s", err, report, problems)
	}
	if most := int64(sessionParts-before+1) * sessionPart; report.SentBytes > most {
		t.Errorf("%d bytes were sent with the new token; %d is the most", report.SentBytes, most)
	}
	if got, err := os.ReadFile(ends); err != nil || string(got) != string(data) {
		t.Errorf("another file is there: %v", err)
	}
}

func (s *session) copy(from, to, option string) (report copyReport, problems string, err error) {
	args := []string{"copy", from, to, "-o", "json", "--part-size", "5MiB", "--parallel", "1"}
	for _, o := range s.args {
		args = append(args, option, o)
	}
	cmd := exec.Command(program, args...)
	cmd.Env = append(os.Environ(), "XDG_STATE_HOME="+filepath.Join(s.dir, "state"), "XDG_CACHE_HOME="+filepath.Join(s.dir, "cache"))
	var out, log strings.Builder
	cmd.Stdout, cmd.Stderr = &out, &log
	err = cmd.Run()
	if wrong := json.Unmarshal([]byte(out.String()), &report); wrong != nil {
		s.t.Errorf("%v: %s", wrong, out.String())
	}
	return report, log.String() + out.String(), err
}
