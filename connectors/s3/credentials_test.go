package s3_test

import (
	"crypto/sha1"
	"encoding/hex"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"

	"gantry/connectors"
	"gantry/connectors/s3"
	"gantry/connectors/servers"
)

// A watchman stands before a real store, which accepts nothing but what is signed
// with its keys, and keeps what came by.
type watchman struct {
	*servers.VersityGW
	url string

	mu   sync.Mutex
	seen []http.Header
}

func watch(t *testing.T) *watchman {
	t.Helper()
	g, err := servers.StartVersityGW(t.Context(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	if err := g.MakeBucket(t.Context(), "bucket"); err != nil {
		t.Fatal(err)
	}
	target, err := url.Parse(g.Endpoint)
	if err != nil {
		t.Fatal(err)
	}
	w := &watchman{VersityGW: g}
	proxy := &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		r.SetURL(target)
		r.Out.Host = r.In.Host // the signature covers it
		w.mu.Lock()
		defer w.mu.Unlock()
		w.seen = append(w.seen, r.In.Header.Clone())
	}}
	server := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if r.Header.Get("X-Amz-Security-Token") == "" {
			proxy.ServeHTTP(rw, r)
			return
		}
		w.judge(t, rw, r)
	}))
	t.Cleanup(server.Close)
	w.url = server.URL
	return w
}

// judge stands in for the store, which knows no sessions: it signs the request
// again with the keys, and compares.
func (w *watchman) judge(t *testing.T, rw http.ResponseWriter, r *http.Request) {
	w.mu.Lock()
	w.seen = append(w.seen, r.Header.Clone())
	w.mu.Unlock()
	at, err := time.Parse("20060102T150405Z", r.Header.Get("X-Amz-Date"))
	if err != nil {
		t.Error(err)
	}
	again := r.Clone(r.Context())
	given := again.Header.Get("Authorization")
	again.Header = make(http.Header)
	_, signed, _ := strings.Cut(given, "SignedHeaders=")
	signed, _, _ = strings.Cut(signed, ",")
	for name := range strings.SplitSeq(signed, ";") {
		if values := r.Header.Values(name); len(values) > 0 {
			again.Header[http.CanonicalHeaderKey(name)] = values
		}
	}
	again.ContentLength = 0
	keys := aws.Credentials{AccessKeyID: w.AccessKey, SecretAccessKey: w.SecretKey, SessionToken: token}
	signer := v4.NewSigner(func(o *v4.SignerOptions) { o.DisableURIPathEscaping = true })
	if err := signer.SignHTTP(r.Context(), keys, again, r.Header.Get("X-Amz-Content-Sha256"), "s3", "us-east-1", at); err != nil {
		t.Error(err)
	}
	if got := again.Header.Get("Authorization"); got != given {
		t.Errorf("signed as %q; with the keys it is %q", given, got)
		rw.WriteHeader(http.StatusForbidden)
		return
	}
	fmt.Fprint(rw, `<ListBucketResult><IsTruncated>false</IsTruncated></ListBucketResult>`)
}

// alone takes away whatever the machine that runs the tests has of AWS.
func alone(t *testing.T) (home string) {
	t.Helper()
	for _, variable := range os.Environ() {
		if name, _, _ := strings.Cut(variable, "="); strings.HasPrefix(name, "AWS_") {
			t.Setenv(name, "")
			_ = os.Unsetenv(name)
		}
	}
	home = t.TempDir()
	t.Setenv("HOME", home)
	t.Setenv("AWS_CONFIG_FILE", home+"/.aws/config") // the SDK looks for HOME when the process begins
	t.Setenv("AWS_SHARED_CREDENTIALS_FILE", home+"/.aws/credentials")
	t.Setenv("AWS_EC2_METADATA_DISABLED", "true")
	return home
}

func file(t *testing.T, name, content string) string {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

// listed lists the bucket and tells how the last request was signed.
func (w *watchman) listed(t *testing.T, options map[string]string) (http.Header, error) {
	t.Helper()
	l := connectors.Location{URL: "s3://bucket", Options: map[string]string{"endpoint": w.url}}
	for name, value := range options {
		l.Options[name] = value
	}
	p, err := s3.Connector().Open(t.Context(), l)
	if err != nil {
		return nil, err
	}
	defer p.Close()
	for _, err := range p.List(t.Context(), "") {
		if err != nil {
			return nil, err
		}
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.seen[len(w.seen)-1], nil
}

func answer(t *testing.T, handler http.HandlerFunc) string {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	return server.URL
}

const token = "token-of-the-session"

// sts is a stand-in for the Security Token Service, with the documents of its API.
func (w *watchman) sts(t *testing.T, check func(form url.Values, h http.Header)) string {
	return w.stsFor(t, time.Hour, check)
}

func (w *watchman) stsFor(t *testing.T, life time.Duration, check func(form url.Values, h http.Header)) string {
	return answer(t, func(rw http.ResponseWriter, r *http.Request) {
		if err := r.ParseForm(); err != nil {
			t.Error(err)
		}
		check(r.PostForm, r.Header)
		action := r.PostForm.Get("Action")
		rw.Header().Set("Content-Type", "text/xml")
		fmt.Fprintf(rw, `<%[1]sResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><%[1]sResult>
<AssumedRoleUser><Arn>arn:aws:sts::111122223333:assumed-role/ingest/gantry</Arn><AssumedRoleId>AROA:gantry</AssumedRoleId></AssumedRoleUser>
<Credentials><AccessKeyId>%[2]s</AccessKeyId><SecretAccessKey>%[3]s</SecretAccessKey><SessionToken>%[4]s</SessionToken><Expiration>%[5]s</Expiration></Credentials>
</%[1]sResult><ResponseMetadata><RequestId>1</RequestId></ResponseMetadata></%[1]sResponse>`,
			action, w.AccessKey, w.SecretKey, token, time.Now().Add(life).UTC().Format(time.RFC3339))
	})
}

// document is what the metadata services of EC2, ECS and EKS answer.
func (w *watchman) document() string {
	return fmt.Sprintf(`{"Code":"Success","Type":"AWS-HMAC","AccessKeyId":%q,"SecretAccessKey":%q,"Token":%q,"Expiration":%q,"LastUpdated":%q}`,
		w.AccessKey, w.SecretKey, token, time.Now().Add(time.Hour).UTC().Format(time.RFC3339), time.Now().UTC().Format(time.RFC3339))
}

func TestCredentials(t *testing.T) {
	w := watch(t)
	const role = "arn:aws:iam::111122223333:role/ingest"
	for what, test := range map[string]struct {
		prepare func(t *testing.T, home string) (options map[string]string)
		token   bool // the credentials are those of a session
	}{
		"the options": {func(t *testing.T, _ string) map[string]string {
			t.Setenv("MY_ACCESS", w.AccessKey)
			t.Setenv("MY_SECRET", w.SecretKey)
			t.Setenv("AWS_ACCESS_KEY_ID", "another")
			t.Setenv("AWS_SECRET_ACCESS_KEY", "another")
			return map[string]string{"accessKey": "env:MY_ACCESS", "secretKey": "env:MY_SECRET"}
		}, false},
		"the environment": {func(t *testing.T, _ string) map[string]string {
			t.Setenv("AWS_ACCESS_KEY_ID", w.AccessKey)
			t.Setenv("AWS_SECRET_ACCESS_KEY", w.SecretKey)
			t.Setenv("AWS_SESSION_TOKEN", token)
			return nil
		}, true},
		"the credentials file": {func(t *testing.T, home string) map[string]string {
			file(t, home+"/.aws/credentials", "[default]\naws_access_key_id = "+w.AccessKey+"\naws_secret_access_key = "+w.SecretKey+"\n")
			return nil
		}, false},
		"a profile by the option": {func(t *testing.T, home string) map[string]string {
			file(t, home+"/.aws/credentials", "[default]\naws_access_key_id = no\naws_secret_access_key = no\n[archive]\naws_access_key_id = "+w.AccessKey+"\naws_secret_access_key = "+w.SecretKey+"\n")
			file(t, home+"/.aws/config", "[profile archive]\nregion = us-east-1\n")
			return map[string]string{"profile": "archive"}
		}, false},
		"a profile by the environment": {func(t *testing.T, home string) map[string]string {
			t.Setenv("AWS_SHARED_CREDENTIALS_FILE", file(t, home+"/elsewhere", "[venue]\naws_access_key_id = "+w.AccessKey+"\naws_secret_access_key = "+w.SecretKey+"\n"))
			t.Setenv("AWS_PROFILE", "venue")
			return nil
		}, false},
		"a process": {func(t *testing.T, home string) map[string]string {
			document := file(t, home+"/keys.json", fmt.Sprintf(`{"Version":1,"AccessKeyId":%q,"SecretAccessKey":%q,"SessionToken":%q}`, w.AccessKey, w.SecretKey, token))
			file(t, home+"/.aws/config", "[default]\ncredential_process = cat "+document+"\n")
			return nil
		}, true},
		"a role, taken on with static keys": {func(t *testing.T, _ string) map[string]string {
			t.Setenv("AWS_ACCESS_KEY_ID", "AKIDBASE")
			t.Setenv("AWS_SECRET_ACCESS_KEY", "base-secret")
			t.Setenv("AWS_ENDPOINT_URL_STS", w.sts(t, func(form url.Values, h http.Header) {
				if form.Get("Action") != "AssumeRole" || form.Get("RoleArn") != role || form.Get("ExternalId") != "4711" || form.Get("RoleSessionName") != "venue-7" {
					t.Errorf("the service is asked %v", form)
				}
				if !strings.Contains(h.Get("Authorization"), "AKIDBASE/") {
					t.Errorf("the service is asked with %q", h.Get("Authorization"))
				}
			}))
			return map[string]string{"roleArn": role, "externalId": "4711", "roleSessionName": "venue-7"}
		}, true},
		"a web identity": {func(t *testing.T, home string) map[string]string {
			t.Setenv("AWS_WEB_IDENTITY_TOKEN_FILE", file(t, home+"/jwt", "header.claims.signature"))
			t.Setenv("AWS_ROLE_ARN", role)
			t.Setenv("AWS_ENDPOINT_URL_STS", w.sts(t, func(form url.Values, h http.Header) {
				if form.Get("Action") != "AssumeRoleWithWebIdentity" || form.Get("WebIdentityToken") != "header.claims.signature" || h.Get("Authorization") != "" {
					t.Errorf("the service is asked %v", form)
				}
			}))
			return nil
		}, true},
		"a container": {func(t *testing.T, _ string) map[string]string {
			t.Setenv("AWS_CONTAINER_AUTHORIZATION_TOKEN", "of-the-task")
			t.Setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", answer(t, func(rw http.ResponseWriter, r *http.Request) {
				if r.Header.Get("Authorization") != "of-the-task" || r.URL.Path != "/v2/credentials" {
					t.Errorf("the agent is asked for %s with %q", r.URL, r.Header.Get("Authorization"))
				}
				fmt.Fprint(rw, w.document())
			})+"/v2/credentials")
			return nil
		}, true},
		"a machine's role": {func(t *testing.T, _ string) map[string]string {
			t.Setenv("AWS_EC2_METADATA_DISABLED", "false")
			t.Setenv("AWS_EC2_METADATA_SERVICE_ENDPOINT", answer(t, func(rw http.ResponseWriter, r *http.Request) {
				switch {
				case r.Method == http.MethodPut && r.URL.Path == "/latest/api/token":
					rw.Header().Set("X-Aws-Ec2-Metadata-Token-Ttl-Seconds", "21600")
					fmt.Fprint(rw, "of-the-machine")
				case r.Header.Get("X-Aws-Ec2-Metadata-Token") != "of-the-machine":
					rw.WriteHeader(http.StatusUnauthorized)
				case strings.HasSuffix(r.URL.Path, "/security-credentials/"):
					fmt.Fprint(rw, "venue-role")
				case strings.HasSuffix(r.URL.Path, "/security-credentials/venue-role"):
					fmt.Fprint(rw, w.document())
				default:
					rw.WriteHeader(http.StatusNotFound)
				}
			}))
			return nil
		}, true},
		"a single sign-on session": {func(t *testing.T, home string) map[string]string {
			file(t, home+"/.aws/config", "[profile studio]\nsso_session = corp\nsso_account_id = 111122223333\nsso_role_name = Editor\nregion = us-east-1\n"+
				"[sso-session corp]\nsso_region = us-east-1\nsso_start_url = https://corp.awsapps.com/start\nsso_registration_scopes = sso:account:access\n")
			sum := sha1.Sum([]byte("corp"))
			file(t, home+"/.aws/sso/cache/"+hex.EncodeToString(sum[:])+".json", fmt.Sprintf(
				`{"accessToken":"of-the-login","expiresAt":%q,"region":"us-east-1","startUrl":"https://corp.awsapps.com/start"}`, time.Now().Add(time.Hour).UTC().Format(time.RFC3339)))
			t.Setenv("AWS_ENDPOINT_URL_SSO", answer(t, func(rw http.ResponseWriter, r *http.Request) {
				if r.URL.Path != "/federation/credentials" || r.Header.Get("X-Amz-Sso_bearer_token") != "of-the-login" || r.URL.Query().Get("role_name") != "Editor" {
					t.Errorf("the portal is asked for %s with %q", r.URL, r.Header.Get("X-Amz-Sso_bearer_token"))
				}
				fmt.Fprintf(rw, `{"roleCredentials":{"accessKeyId":%q,"secretAccessKey":%q,"sessionToken":%q,"expiration":%d}}`,
					w.AccessKey, w.SecretKey, token, time.Now().Add(time.Hour).UnixMilli())
			}))
			return map[string]string{"profile": "studio"}
		}, true},
	} {
		t.Run(what, func(t *testing.T) {
			options := test.prepare(t, alone(t))
			h, err := w.listed(t, options)
			if err != nil {
				t.Fatal(err)
			}
			if got := h.Get("Authorization"); !strings.Contains(got, "Credential="+w.AccessKey+"/") {
				t.Errorf("signed with %q", got)
			}
			if got := h.Get("X-Amz-Security-Token"); (got == token) != test.token {
				t.Errorf("the session's token is %q", got)
			}
		})
	}
}

// What is wrong with the credentials has a kind and a remedy, and no secret in it.
func TestCredentialsThatFail(t *testing.T) {
	w := watch(t)
	for what, test := range map[string]struct {
		prepare func(t *testing.T, home string) (options map[string]string)
		kind    connectors.Kind
		says    string
	}{
		"none": {func(*testing.T, string) map[string]string { return nil }, connectors.KindAuth, "anonymous: true"},
		"a profile that is not there": {func(*testing.T, string) map[string]string {
			return map[string]string{"profile": "nobody"}
		}, connectors.KindInvalid, "profile"},
		"a login that has expired": {func(t *testing.T, home string) map[string]string {
			file(t, home+"/.aws/config", "[default]\nsso_session = corp\nsso_account_id = 1\nsso_role_name = E\n[sso-session corp]\nsso_region = us-east-1\nsso_start_url = https://corp.awsapps.com/start\n")
			sum := sha1.Sum([]byte("corp"))
			file(t, home+"/.aws/sso/cache/"+hex.EncodeToString(sum[:])+".json", `{"accessToken":"hunter2","expiresAt":"2020-01-01T00:00:00Z"}`)
			return nil
		}, connectors.KindAuth, "aws sso login"},
		"a process that fails": {func(t *testing.T, home string) map[string]string {
			file(t, home+"/.aws/config", "[default]\ncredential_process = false\n")
			return nil
		}, connectors.KindAuth, "accessKey"},
		"a role that is refused": {func(t *testing.T, _ string) map[string]string {
			t.Setenv("AWS_ACCESS_KEY_ID", "AKIDBASE")
			t.Setenv("AWS_SECRET_ACCESS_KEY", "hunter2")
			t.Setenv("AWS_ENDPOINT_URL_STS", answer(t, func(rw http.ResponseWriter, _ *http.Request) {
				rw.WriteHeader(http.StatusForbidden)
				fmt.Fprint(rw, `<ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><Error><Type>Sender</Type><Code>AccessDenied</Code><Message>not authorized to perform sts:AssumeRole</Message></Error></ErrorResponse>`)
			}))
			return map[string]string{"roleArn": "arn:aws:iam::111122223333:role/x"}
		}, connectors.KindAuth, "trust this account"},
		"an external ID without a role": {func(*testing.T, string) map[string]string {
			return map[string]string{"externalId": "4711"}
		}, connectors.KindInvalid, "roleArn"},
		"a wrong secret": {func(t *testing.T, _ string) map[string]string {
			t.Setenv("AWS_ACCESS_KEY_ID", w.AccessKey)
			t.Setenv("AWS_SECRET_ACCESS_KEY", "hunter2")
			return nil
		}, connectors.KindAuth, "secretKey"},
		"a key that nobody knows": {func(t *testing.T, _ string) map[string]string {
			t.Setenv("AWS_ACCESS_KEY_ID", "AKIDNOBODY")
			t.Setenv("AWS_SECRET_ACCESS_KEY", "hunter2")
			return nil
		}, connectors.KindAuth, "accessKey"},
	} {
		t.Run(what, func(t *testing.T) {
			_, err := w.listed(t, test.prepare(t, alone(t)))
			text := fmt.Sprint(err)
			if connectors.KindOf(err) != test.kind || !strings.Contains(text, test.says) {
				t.Errorf("%v (kind %q); want kind %q that says %q", err, connectors.KindOf(err), test.kind, test.says)
			}
			if strings.Contains(text, "hunter2") || strings.Contains(text, w.SecretKey) {
				t.Errorf("%v tells a secret", err)
			}
		})
	}
}

// A metadata service that nobody reaches, as on a machine outside of the cloud
// whose packets vanish.
func TestUnreachableMetadataDoesNotHang(t *testing.T) {
	w := watch(t)
	alone(t)
	t.Setenv("AWS_EC2_METADATA_DISABLED", "false")
	silent := make(chan struct{})
	t.Setenv("AWS_EC2_METADATA_SERVICE_ENDPOINT", answer(t, func(_ http.ResponseWriter, r *http.Request) {
		select {
		case <-silent:
		case <-r.Context().Done():
		}
	}))
	t.Cleanup(func() { close(silent) })
	began := time.Now()
	_, err := w.listed(t, nil)
	if took := time.Since(began); connectors.KindOf(err) != connectors.KindAuth || took > 8*time.Second {
		t.Errorf("after %v: %v", took, err)
	}
}

func TestAnonymous(t *testing.T) {
	w := watch(t)
	alone(t)
	t.Setenv("AWS_ACCESS_KEY_ID", w.AccessKey)
	t.Setenv("AWS_SECRET_ACCESS_KEY", w.SecretKey)
	_, err := w.listed(t, map[string]string{"anonymous": "true"})
	if connectors.KindOf(err) != connectors.KindPermission {
		t.Errorf("a bucket that is not public: %v", err)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, h := range w.seen {
		if h.Get("Authorization") != "" || h.Get("X-Amz-Security-Token") != "" {
			t.Errorf("an anonymous request is signed: %v", h)
		}
	}
}

// Credentials that have run out are renewed, and a service that then refuses is
// told as a matter of credentials.
func TestCredentialsAreRenewed(t *testing.T) {
	w := watch(t)
	alone(t)
	t.Setenv("AWS_ACCESS_KEY_ID", "AKIDBASE")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "base-secret")
	asked := 0
	t.Setenv("AWS_ENDPOINT_URL_STS", w.stsFor(t, -time.Second, func(url.Values, http.Header) { asked++ }))
	if _, err := w.listed(t, map[string]string{"roleArn": "arn:aws:iam::111122223333:role/ingest"}); err != nil {
		t.Fatal(err)
	}
	if asked < 2 {
		t.Errorf("the service was asked %d times; want it asked again for what has expired", asked)
	}
}
