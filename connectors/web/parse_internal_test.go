package web

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"

	"gantry/connectors"
)

func TestParseContentRange(t *testing.T) {
	for text, want := range map[string]span{
		"bytes 0-9/100": {0, 9, 100}, "bytes 5-5/6": {5, 5, 6}, "bytes 0-9/*": {0, 9, -1}, "bytes */100": {-1, -1, 100}, " Bytes  0-9 / 10 ": {0, 9, 10},
	} {
		if got, err := parseContentRange(text); got != want || err != nil {
			t.Errorf("%q: %+v, %v", text, got, err)
		}
	}
	for _, bad := range []string{
		"", "bytes", "bytes 0-9", "items 0-9/10", "bytes 9-0/10", "bytes 0-10/10", "bytes -5/10", "bytes 0-/10", "bytes 0-9/-1", "bytes 0-9/99999999999999999999", "bytes +0-9/10",
	} {
		if got, err := parseContentRange(bad); err == nil {
			t.Errorf("%q is read as %+v", bad, got)
		}
	}
}

func FuzzContentRange(f *testing.F) {
	for _, seed := range []string{"bytes 0-9/100", "bytes 0-9/*", "bytes */7", "bytes 9-0/1"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		s, err := parseContentRange(text)
		if err == nil && (s.first > s.last || s.total >= 0 && s.last >= s.total || s.first < -1) {
			t.Errorf("%q is read as %+v", text, s)
		}
	})
}

func FuzzDigests(f *testing.F) {
	f.Add("sha-256=:ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=:", "SHA-256=ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=", "kAFQmDzST7DWlj99KOF/cg==")
	f.Add("md5=:,:,sha=::", "=,=", "")
	f.Fuzz(func(t *testing.T, repr, digest, md5 string) {
		for algorithm, sum := range wholeDigests(http.Header{"Repr-Digest": {repr}, "Digest": {digest}, "Content-Md5": {md5}}) {
			if len(sum) < 8 || strings.Trim(sum, "0123456789abcdef") != "" {
				t.Errorf("%s is %q", algorithm, sum)
			}
		}
	})
}

const listing = `<?xml version="1.0"?><d:multistatus xmlns:d="DAV:">
<d:response><d:href>/dav/</d:href><d:propstat><d:prop><d:resourcetype><d:collection/></d:resourcetype></d:prop><d:status>HTTP/1.1 200 OK</d:status></d:propstat></d:response>
<d:response><d:href>/dav/clip%20one.mxf</d:href><d:propstat><d:prop><d:getcontentlength>12</d:getcontentlength><d:getetag>"e"</d:getetag><d:resourcetype/></d:prop>
<d:status>HTTP/1.1 200 OK</d:status></d:propstat><d:propstat><d:prop><d:getlastmodified/></d:prop><d:status>HTTP/1.1 404 Not Found</d:status></d:propstat></d:response>
</d:multistatus>`

func TestParseMultistatus(t *testing.T) {
	var got []resource
	if err := parseMultistatus(strings.NewReader(listing), func(r resource) error { got = append(got, r); return nil }); err != nil {
		t.Fatal(err)
	}
	want := []resource{{href: "/dav/", collection: true, size: -1}, {href: "/dav/clip%20one.mxf", size: 12, etag: `"e"`}}
	if !slices.Equal(got, want) {
		t.Errorf("%+v", got)
	}
	for name, bad := range map[string]string{
		"nothing": "", "cut": listing[:len(listing)-40], "cut between files": listing[:strings.LastIndex(listing, "</d:multistatus>")], "a page": "<html><body>index</body></html>",
		"another namespace": strings.ReplaceAll(listing, `"DAV:"`, `"dav:"`),
		"an entity":         `<!DOCTYPE x [<!ENTITY a "b">]><multistatus xmlns="DAV:"><response><href>&a;</href></response></multistatus>`,
		"a file in trouble": `<multistatus xmlns="DAV:"><response><href>/x</href><status>HTTP/1.1 500 Oops</status></response></multistatus>`,
	} {
		if err := parseMultistatus(strings.NewReader(bad), func(resource) error { return nil }); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

func FuzzMultistatus(f *testing.F) {
	f.Add(listing)
	f.Add(`<multistatus xmlns="DAV:"/>`)
	f.Fuzz(func(t *testing.T, text string) {
		folder := &url.URL{Scheme: "https", Host: "host", Path: "/dav/"}
		_ = parseMultistatus(strings.NewReader(text), func(r resource) error {
			if name, err := nameIn(folder, r.href); err == nil && strings.Contains(name, "/") {
				t.Errorf("%q is called %q", r.href, name)
			}
			return nil
		})
	})
}

// TestHostileListing has a server list names that lead out, and others that are good.
func TestHostileListing(t *testing.T) {
	hrefs := map[string]string{ // the name that it must get; "" = passed over
		"/dav/good.mxf": "good.mxf", "https://other.example/dav/absolute.mxf": "absolute.mxf", "relative.mxf": "relative.mxf", "/dav/a%20b": "a b", "/dav/%25": "%",
		"/dav/../../etc/passwd": "", "/etc/passwd": "", "/dav/%2e%2e": "", "/dav/..": "", "/dav/a%2Fb": "", "/dav/a/b": "", "/dav/x%00": "", "/dav/%EF%BC%8E%EF%BC%8E": "",
		"%zz": "", "/dav//": "", "/dav/.gantry-uploads/": "hidden",
	}
	var b strings.Builder
	b.WriteString(`<multistatus xmlns="DAV:">`)
	for href := range hrefs {
		fmt.Fprintf(&b, `<response><href>%s</href><propstat><prop><getcontentlength>1</getcontentlength></prop><status>HTTP/1.1 200 OK</status></propstat></response>`, href)
	}
	b.WriteString("</multistatus>")
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusMultiStatus)
		_, _ = w.Write([]byte(b.String()))
	}))
	t.Cleanup(s.Close)
	var got, passed, want []string
	wantPassed := 0
	for _, name := range hrefs {
		switch name {
		case "hidden":
		case "":
			wantPassed++
		default:
			want = append(want, name)
		}
	}
	slices.Sort(want)
	ctx := connectors.WithPassedOver(t.Context(), func(name string, _ error) { passed = append(passed, name) })
	for e, err := range openWith(t, s.URL+"/dav", nil, nil, map[string]string{"dav": "true"}).List(ctx, "") {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, e.Path)
	}
	if !slices.Equal(got, want) || len(passed) != wantPassed {
		t.Errorf("listed %q; want %q; passed over %q", got, want, passed)
	}
}

func TestListsThatCannotBeTrusted(t *testing.T) {
	for name, answer := range map[string]string{
		"cut":   listing[:len(listing)-20],
		"twice": strings.Replace(listing, "</d:multistatus>", listing[strings.LastIndex(listing, "<d:response>"):], 1),
	} {
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusMultiStatus)
			_, _ = w.Write([]byte(answer))
		}))
		t.Cleanup(s.Close)
		var last error
		for _, err := range openWith(t, s.URL+"/dav", nil, nil, map[string]string{"dav": "true"}).List(t.Context(), "") {
			last = err
		}
		if connectors.KindOf(last) != connectors.KindIncomplete {
			t.Errorf("%s: %v", name, last)
		}
	}
}

func TestListOption(t *testing.T) {
	names := map[string]string{"/m/list.txt": "b.mxf\r\na.mxf\n\n../x\nday/c.mxf\ngone.mxf\na.mxf\n", "/m/list.json": ` ["b.mxf", "a.mxf", "/abs", "day/c.mxf", "gone.mxf"] `}
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if text, ok := names[r.URL.Path]; ok {
			_, _ = w.Write([]byte(text))
			return
		}
		if strings.Contains(r.URL.Path, "gone") {
			http.NotFound(w, r)
			return
		}
		_, _ = w.Write([]byte(r.URL.Path))
	}))
	t.Cleanup(s.Close)
	for _, list := range []string{"list.txt", "list.json", s.URL + "/m/list.txt"} {
		p := openWith(t, s.URL+"/m", nil, nil, map[string]string{"list": list})
		for prefix, want := range map[string][]string{"": {"a.mxf", "b.mxf", "day/c.mxf"}, "day": {"day/c.mxf"}, "b.mxf": {"b.mxf"}, "da": nil} {
			var got, passed []string
			ctx := connectors.WithPassedOver(t.Context(), func(name string, _ error) { passed = append(passed, name) })
			for e, err := range p.List(ctx, prefix) {
				if err != nil {
					t.Fatal(err)
				}
				got = append(got, e.Path)
			}
			if !slices.Equal(got, want) || prefix == "" && len(passed) != 2 {
				t.Errorf("%s, %q: %q, passed over %q", list, prefix, got, passed)
			}
		}
		if !p.Traits().DoubtfulLists {
			t.Error("a list that somebody wrote is trusted")
		}
	}
	p := openWith(t, s.URL+"/m", nil, nil, nil)
	for prefix, kind := range map[string]connectors.Kind{"": connectors.KindUnsupported, "gone": connectors.KindUnsupported, "a.mxf": ""} {
		for _, err := range p.List(t.Context(), prefix) {
			if connectors.KindOf(err) != kind {
				t.Errorf("without a list, %q: %v", prefix, err)
			}
		}
	}
}

func TestLocations(t *testing.T) {
	for name, test := range map[string]struct {
		url     string
		options map[string]string
		says    string // "" = good
	}{
		"plain":                 {"https://host/folder", nil, ""},
		"root":                  {"https://host", nil, ""},
		"escaped":               {"https://host/a%20b/%E7%B4%A0/", nil, ""},
		"no host":               {"https:///x", nil, "names no server"},
		"opaque":                {"https:x", nil, "names no server"},
		"a port that cannot be": {"https://host:99999/", nil, "no such port"},
		"a query":               {"https://host/x?sig=hunter2", nil, "option query"},
		"a fragment":            {"https://host/x#y", nil, "%23"},
		"dots":                  {"https://host/a/../b", nil, "without dots"},
		"a password":            {"https://u:hunter2@host/", nil, "env:NAME"},
		"a literal token":       {"https://host/", map[string]string{"token": "hunter2"}, "env:NAME"},
		"an unknown option":     {"https://host/", map[string]string{"color": "red"}, `no option "color"`},
		"a secret header":       {"https://host/", map[string]string{"headers": "Authorization: hunter2"}, "secretHeaders"},
		"a header of ours":      {"https://host/", map[string]string{"headers": "Range: bytes=0-"}, "cannot be chosen"},
		"a header that injects": {"https://host/", map[string]string{"headers": "X: a\rY: b"}, "line 1"},
		"no header":             {"https://host/", map[string]string{"headers": "nonsense"}, "line 1"},
		"allow":                 {"https://host/", map[string]string{"allow": "10.0.0.0/99"}, "networks or hosts"},
		"timeout":               {"https://host/", map[string]string{"timeout": "-1s"}, "30s"},
		"connections":           {"https://host/", map[string]string{"connections": "0"}, "from 1 to"},
		"dav":                   {"https://host/", map[string]string{"dav": "maybe"}, "auto, true, false"},
		"half a certificate":    {"https://host/", map[string]string{"clientCert": "/x"}, "give both"},
		"no CA":                 {"https://host/", map[string]string{"caFile": "/does/not/exist"}, "PEM file"},
		"a grant that is not":   {"https://host/", map[string]string{"grant": "env:PATH"}, "ask the hub"},
		"a token and a user":    {"https://u@host/", map[string]string{"token": "env:PATH"}, "one of them"},
	} {
		options := map[string]string{"dav": "false"}
		for k, v := range test.options {
			options[k] = v
		}
		p, err := Connector().Open(context.Background(), connectors.Location{URL: test.url, Options: options})
		switch {
		case test.says == "" && err != nil:
			t.Errorf("%s: %v", name, err)
		case test.says != "" && (connectors.KindOf(err) != connectors.KindInvalid || !strings.Contains(err.Error(), test.says) || strings.Contains(err.Error(), "hunter2")):
			t.Errorf("%s: %v; want KindInvalid that says %q, and no secret", name, err, test.says)
		}
		if err == nil {
			_ = p.Close()
		}
	}
}
