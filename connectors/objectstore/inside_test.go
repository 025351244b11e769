package objectstore

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net/http"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"gantry/connectors"
)

func TestJudge(t *testing.T) {
	p := New(nil, Config{URL: "s3://media/root", Bucket: "media"})
	for _, test := range []struct {
		op    string
		fault Fault
		kind  connectors.Kind
		says  string
	}{
		{"open", Fault{Status: 404, Code: "NoSuchKey"}, connectors.KindNotFound, ""},
		{"open", Fault{Status: 404, Code: "NoSuchBucket"}, connectors.KindNotFound, `create the bucket "media"`},
		{"stat", Fault{Status: 404}, connectors.KindNotFound, ""},
		{"open", Fault{Status: 403, Code: "AccessDenied"}, connectors.KindPermission, "grant"},
		{"stat", Fault{Status: 403}, connectors.KindPermission, ""},
		{"open", Fault{Status: 403, Code: "SignatureDoesNotMatch"}, connectors.KindAuth, "secretKey"},
		{"open", Fault{Status: 403, Code: "InvalidAccessKeyId"}, connectors.KindAuth, "accessKey"},
		{"open", Fault{Status: 403, Code: "RequestTimeTooSkewed"}, connectors.KindAuth, "clock"},
		{"open", Fault{Status: 403, Code: "InvalidObjectState"}, connectors.KindArchived, "restore"},
		{"open", Fault{Status: 400, Code: "ExpiredToken"}, connectors.KindAuth, "renew"},
		{"open", Fault{Status: 401}, connectors.KindAuth, ""},
		{"open", Fault{Status: 301, Code: "PermanentRedirect", Region: "eu-west-1"}, connectors.KindInvalid, "region to eu-west-1"},
		{"open", Fault{Status: 400, Code: "AuthorizationHeaderMalformed", Region: "eu-west-1"}, connectors.KindInvalid, "region to eu-west-1"},
		{"commit", Fault{Status: 412, Code: "PreconditionFailed"}, connectors.KindExists, ""},
		{"copy", Fault{Status: 412, Code: "PreconditionFailed"}, connectors.KindChanged, ""},
		{"commit", Fault{Status: 409, Code: "ConditionalRequestConflict"}, connectors.KindBusy, ""},
		{"write part", Fault{Status: 404, Code: "NoSuchUpload"}, connectors.KindNotFound, ""},
		{"write part", Fault{Status: 400, Code: "BadDigest"}, connectors.KindIntegrity, ""},
		{"write part", Fault{Status: 400, Code: "EntityTooLarge"}, connectors.KindInvalid, ""},
		{"commit", Fault{Status: 400, Code: "EntityTooSmall"}, connectors.KindInvalid, "5 MiB"},
		{"write part", Fault{Status: 400, Code: "RequestTimeout"}, connectors.KindTimeout, ""},
		{"write part", Fault{Status: 400, Code: "IncompleteBody"}, connectors.KindIncomplete, ""},
		{"write part", Fault{Status: 503, Code: "SlowDown"}, connectors.KindBusy, ""},
		{"write part", Fault{Status: 503}, connectors.KindBusy, ""},
		{"write part", Fault{Status: 429}, connectors.KindBusy, ""},
		{"commit", Fault{Status: 200, Code: "InternalError"}, connectors.KindUnavailable, ""},
		{"write part", Fault{Status: 500}, connectors.KindUnavailable, ""},
		{"write part", Fault{Status: 502}, connectors.KindUnavailable, ""},
		{"write part", Fault{Status: 504}, connectors.KindTimeout, ""},
		{"write part", Fault{Status: 507}, connectors.KindNoSpace, ""},
		{"write part", Fault{Status: 501, Code: "NotImplemented"}, connectors.KindUnsupported, ""},
		{"open", Fault{Status: 416, Code: "InvalidRange"}, connectors.KindIncomplete, ""},
		{"open", Fault{Status: 400, Code: "Nonsense"}, connectors.KindInvalid, ""},
	} {
		err := p.failed(t.Context(), test.op, "clip", fmt.Errorf("wrapped: %w", &test.fault))
		if connectors.KindOf(err) != test.kind || !strings.Contains(err.Error(), test.says) {
			t.Errorf("%s, %+v: %v; want kind %q that says %q", test.op, test.fault, err, test.kind, test.says)
		}
	}
}

func TestFailedKnowsContexts(t *testing.T) {
	p := New(nil, Config{})
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	late, cancel := context.WithTimeout(t.Context(), -time.Second)
	defer cancel()
	for kind, ctx := range map[connectors.Kind]context.Context{
		connectors.KindCanceled:    cancelled,
		connectors.KindTimeout:     late,
		connectors.KindUnavailable: t.Context(),
	} {
		if err := p.failed(ctx, "open", "clip", errors.New("connection reset")); connectors.KindOf(err) != kind {
			t.Errorf("%v; want kind %q", err, kind)
		}
	}
}

func TestWholeSums(t *testing.T) {
	for what, test := range map[string]struct {
		kind, sum string
		counts    bool
	}{
		"of the full object":      {"FULL_OBJECT", "AAAAAAAAAAA=", true},
		"of no stated kind":       {"", "AAAAAAAAAAA=", true},
		"a composite":             {"COMPOSITE", "AAAAAAAAAAA=", false},
		"a composite by its form": {"", "AAAAAAAAAAA=-2", false},
		"none":                    {"FULL_OBJECT", "", false},
		"no base64":               {"FULL_OBJECT", "?", false},
	} {
		digests := digestsOf(WholeSums(test.kind, map[connectors.Algorithm]string{connectors.CRC64NVME: test.sum}))
		if (digests[connectors.CRC64NVME] == "0000000000000000") != test.counts {
			t.Errorf("%s gives %v", what, digests)
		}
	}
}

func TestDigestsSurviveTheWire(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		digest := fmt.Sprintf("%016x", rapid.Uint64().Draw(t, "crc"))
		wire, err := toWire(digest)
		if err != nil || toHex(wire) != digest {
			t.Fatalf("%s becomes %q and %q, %v", digest, wire, toHex(wire), err)
		}
	})
}

func TestUnixTime(t *testing.T) {
	for want, when := range map[string]time.Time{
		"0":                time.Unix(0, 0),
		"1700000000":       time.Unix(1700000000, 0),
		"1700000000.25":    time.Unix(1700000000, 250_000_000),
		"315532800.000001": time.Unix(315532800, 1000),
		"-1":               time.Unix(-1, 0),
		"-0.5":             time.Unix(-1, 500_000_000),
	} {
		if got := unixTime(when); got != want {
			t.Errorf("unixTime(%v) = %s; want %s", when, got, want)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		seconds, nanos := rapid.Int64Range(-1e11, 1e11).Draw(t, "seconds"), rapid.Int64Range(0, 999_999_999).Draw(t, "nanos")
		want := new(big.Rat).Add(big.NewRat(seconds, 1), big.NewRat(nanos, 1e9))
		got, ok := new(big.Rat).SetString(unixTime(time.Unix(seconds, nanos)))
		if !ok || got.Cmp(want) != 0 {
			t.Fatalf("unixTime(%d s, %d ns) = %s", seconds, nanos, unixTime(time.Unix(seconds, nanos)))
		}
	})
}

// A body reads like the stretch of bytes that it stands for, however it is read
// and sought, and not at all once it is detached.
func TestBody(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		data := rapid.SliceOfN(rapid.Byte(), 0, 100).Draw(t, "data")
		start := rapid.IntRange(0, len(data)).Draw(t, "start")
		size := rapid.IntRange(0, len(data)-start).Draw(t, "size")
		r := bytes.NewReader(data)
		_, _ = r.Seek(int64(start), io.SeekStart)
		b, err := newBody(r, int64(size))
		if err != nil {
			t.Fatal(err)
		}
		want := bytes.NewReader(data[start : start+size])
		for range rapid.IntRange(1, 10).Draw(t, "steps") {
			if rapid.Bool().Draw(t, "seek") {
				offset, whence := rapid.Int64Range(-10, 110).Draw(t, "offset"), rapid.IntRange(0, 2).Draw(t, "whence")
				got, err := b.Seek(offset, whence)
				expected, refused := want.Seek(offset, whence)
				if (err == nil) != (refused == nil) || got != expected {
					t.Fatalf("seek %d, %d = %d, %v; want %d, %v", offset, whence, got, err, expected, refused)
				}
				continue
			}
			p, q := make([]byte, 7), make([]byte, 7)
			n, err := b.Read(p)
			m, expected := want.Read(q)
			if n != m || !bytes.Equal(p, q) || err != expected {
				t.Fatalf("read %q, %v; want %q, %v", p[:n], err, q[:m], expected)
			}
		}
		b.detach()
		if _, err := b.Read(make([]byte, 1)); !errors.Is(err, errDetached) {
			t.Fatalf("read when detached: %v", err)
		}
	})
	if _, err := newBody(strings.NewReader("abc"), 4); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("a body longer than its reader: %v", err)
	}
}

func TestContentType(t *testing.T) {
	for name, want := range map[string]string{
		"a/clip.MXF":   "application/mxf",
		"index.m3u8":   "application/vnd.apple.mpegurl",
		"seg-1.ts":     "video/mp2t",
		"dash.mpd":     "application/dash+xml",
		"day1.mhl":     "application/xml",
		"clip.mp4":     "video/mp4",
		"page.html":    "text/html; charset=utf-8",
		"noextension":  "application/octet-stream",
		"dir.mov/clip": "application/octet-stream",
	} {
		if got := contentType(name); got != want {
			t.Errorf("contentType(%q) = %q; want %q", name, got, want)
		}
	}
}

func TestJoinedETag(t *testing.T) {
	parts := []connectors.Part{{ETag: "d41d8cd98f00b204e9800998ecf8427e"}, {ETag: "0cc175b9c0f1b6a831c399e269772661"}}
	if got := joinedETag(parts); got != "68083ea43d0307eecfa2b4749f19df15-2" {
		t.Errorf("joinedETag = %q", got)
	}
	if got := joinedETag([]connectors.Part{{ETag: "kms"}}); got != "" {
		t.Errorf("of an ETag that is no MD5: %q", got)
	}
}

func TestTransportIsMadeForManyRequests(t *testing.T) {
	transport := Transport(Limits{Stall: time.Minute})
	if transport.MaxIdleConnsPerHost < 64 || transport.ResponseHeaderTimeout == 0 || transport.TLSHandshakeTimeout == 0 || !transport.DisableCompression {
		t.Errorf("%+v", transport)
	}
	var _ http.RoundTripper = transport
}
