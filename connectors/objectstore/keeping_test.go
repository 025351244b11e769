package objectstore_test

import (
	"fmt"
	"maps"
	"net/url"
	"testing"
	"time"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"
	"github.com/minio/minio-go/v7/pkg/tags"

	"gantry/connectors"
	"gantry/connectors/servers"
)

// keeper is a store that keeps versions and locks: "bucket" does both, "plain"
// does neither.
func keeper(t *testing.T) (*servers.VersityGW, *minio.Core) {
	t.Helper()
	g, err := servers.StartVersityGWWith(t.Context(), t.TempDir(), servers.VersityGWOptions{Versioning: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("TEST_ACCESS_KEY", g.AccessKey)
	t.Setenv("TEST_SECRET_KEY", g.SecretKey)
	u, err := url.Parse(g.Endpoint)
	if err != nil {
		t.Fatal(err)
	}
	core, err := minio.NewCore(u.Host, &minio.Options{Creds: credentials.NewStaticV4(g.AccessKey, g.SecretKey, ""), Region: g.Region})
	if err != nil {
		t.Fatal(err)
	}
	if err := core.MakeBucket(t.Context(), "bucket", minio.MakeBucketOptions{ObjectLocking: true}); err != nil {
		t.Fatal(err)
	}
	// Not even its owner lifts a retention there unless it is written down.
	policy := `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":["` + g.AccessKey + `"]},"Action":"s3:*","Resource":["arn:aws:s3:::bucket","arn:aws:s3:::bucket/*"]}]}`
	if err := core.SetBucketPolicy(t.Context(), "bucket", policy); err != nil {
		t.Fatal(err)
	}
	if err := core.MakeBucket(t.Context(), "plain", minio.MakeBucketOptions{}); err != nil {
		t.Fatal(err)
	}
	return g, core
}

func put(t *testing.T, p connectors.Place, path string, data []byte) connectors.Entry {
	t.Helper()
	up, whole, err := upload(t.Context(), p, path, data, connectors.UploadOptions{})
	if err != nil {
		t.Fatal(err)
	}
	entry, err := up.Commit(t.Context(), whole)
	if err != nil {
		t.Fatal(err)
	}
	return entry
}

func can[T any](t *testing.T, p connectors.Place) T {
	t.Helper()
	able, ok := connectors.As[T](p)
	if !ok {
		t.Fatalf("the place is no %T", *new(T))
	}
	return able
}

func versions(t *testing.T, p connectors.Place, path string) []connectors.FileVersion {
	t.Helper()
	var all []connectors.FileVersion
	for v, err := range can[connectors.Versioner](t, p).Versions(t.Context(), path) {
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, v)
	}
	return all
}

func readVersion(t *testing.T, p connectors.Place, path, id string, offset, length int64) (string, error) {
	t.Helper()
	r, err := can[connectors.Versioner](t, p).OpenVersion(t.Context(), path, id, offset, length)
	if err != nil {
		return "", err
	}
	defer r.Close()
	data := make([]byte, 100)
	n, _ := r.Read(data)
	return string(data[:n]), nil
}

func TestVersions(t *testing.T) {
	g, _ := keeper(t)
	for _, w := range wires {
		t.Run(w.name, func(t *testing.T) {
			p := w.place(t, g.Endpoint, nil)
			versioner := can[connectors.Versioner](t, p)
			path := w.name + "/clip ä+%.mxf"
			put(t, p, path+"2", []byte("another file"))
			put(t, p, path, []byte("first"))
			put(t, p, path, []byte("second"))
			if err := p.Remove(t.Context(), path); err != nil {
				t.Fatal(err)
			}
			all := versions(t, p, path)
			if len(all) != 3 || !all[0].Removed || !all[0].Latest || all[1].Removed || all[1].Size != 6 || all[2].Size != 5 || all[1].Latest {
				t.Fatalf("versions %+v", all)
			}
			for i, want := range []string{"second", "first"} {
				if got, err := readVersion(t, p, path, all[i+1].ID, 0, -1); got != want {
					t.Errorf("version %d is %q, %v; want %q", i, got, err, want)
				}
			}
			if got, err := readVersion(t, p, path, all[1].ID, 2, 3); got != "con" {
				t.Errorf("a range is %q, %v", got, err)
			}
			if got, err := readVersion(t, p, path, all[1].ID, 6, -1); got != "" || err != nil {
				t.Errorf("nothing at the end is %q, %v", got, err)
			}
			_, err := readVersion(t, p, path, all[0].ID, 0, -1)
			isKind(t, "read a marker", err, connectors.KindNotFound)
			_, err = readVersion(t, p, path, "", 0, -1)
			isKind(t, "read no version", err, connectors.KindInvalid, "list the versions")

			// Without its marker, the file is there again.
			if err := versioner.RemoveVersion(t.Context(), path, all[0].ID); err != nil {
				t.Fatal(err)
			}
			if got, err := read(p, t.Context(), path, 0, -1); got != "second" {
				t.Errorf("after the marker is gone: %q, %v", got, err)
			}
			if err := versioner.RemoveVersion(t.Context(), path, all[1].ID); err != nil {
				t.Fatal(err)
			}
			if got, err := read(p, t.Context(), path, 0, -1); got != "first" {
				t.Errorf("after the second version is gone: %q, %v", got, err)
			}
			isKind(t, "remove it again", versioner.RemoveVersion(t.Context(), path, all[1].ID), connectors.KindNotFound)
			for _, err = range versioner.Versions(t.Context(), "none") {
				break
			}
			isKind(t, "versions of nothing", err, connectors.KindNotFound)
		})
	}
}

// A bucket that keeps no versions has one of each file, which can be used as such:
// on a store that could keep some, and on one that cannot.
func TestVersionsWhereThereAreNone(t *testing.T) {
	g, _ := keeper(t)
	check := func(w wire, bucket string, endpoint string) {
		p, err := w.open(t.Context(), endpoint, bucket, nil)
		if err != nil {
			t.Fatal(err)
		}
		defer p.Close()
		put(t, p, w.name, []byte("older"))
		put(t, p, w.name, []byte("newer"))
		all := versions(t, p, w.name)
		if len(all) != 1 || !all[0].Latest || all[0].Size != 5 {
			t.Fatalf("%s: versions %+v", w.name, all)
		}
		if got, err := readVersion(t, p, w.name, all[0].ID, 0, -1); got != "newer" {
			t.Errorf("%s: version %q reads %q, %v", w.name, all[0].ID, got, err)
		}
		if err := can[connectors.Versioner](t, p).RemoveVersion(t.Context(), w.name, all[0].ID); err != nil {
			t.Errorf("%s: %v", w.name, err)
		}
		_, err = p.Stat(t.Context(), w.name)
		isKind(t, w.name+", after that", err, connectors.KindNotFound)
	}
	for _, w := range wires {
		check(w, "plain/root", g.Endpoint)
	}
	other, _ := gateway(t)
	for _, w := range wires {
		check(w, "bucket/root", other.Endpoint)
	}
}

func TestTags(t *testing.T) {
	g, _ := keeper(t)
	for _, w := range wires {
		t.Run(w.name, func(t *testing.T) {
			p := w.place(t, g.Endpoint, map[string]string{"tags": "project=cup+final&place=a%2Fb"})
			tagger := can[connectors.Tagger](t, p)
			for _, data := range [][]byte{[]byte("small"), big()} {
				path := fmt.Sprintf("%s-%d", w.name, len(data))
				put(t, p, path, data)
				got, err := tagger.Tags(t.Context(), path)
				if want := map[string]string{"project": "cup final", "place": "a/b"}; !maps.Equal(got, want) {
					t.Errorf("a new object of %d bytes has the tags %q, %v", len(data), got, err)
				}
				want := map[string]string{"state": "rough + ready = @ö", "empty": ""}
				if err := tagger.SetTags(t.Context(), path, want); err != nil {
					t.Fatal(err)
				}
				if got, err := tagger.Tags(t.Context(), path); !maps.Equal(got, want) {
					t.Errorf("tags %q, %v; want %q", got, err, want)
				}
				if err := tagger.SetTags(t.Context(), path, nil); err != nil {
					t.Fatal(err)
				}
				if got, err := tagger.Tags(t.Context(), path); len(got) > 0 || err != nil {
					t.Errorf("tags that were taken off: %q, %v", got, err)
				}
			}
			_, err := tagger.Tags(t.Context(), "none")
			isKind(t, "tags of nothing", err, connectors.KindNotFound)
			isKind(t, "set tags of nothing", tagger.SetTags(t.Context(), "none", map[string]string{"a": "b"}), connectors.KindNotFound)
			isKind(t, "take tags off nothing", tagger.SetTags(t.Context(), "none", nil), connectors.KindNotFound)
		})
	}
}

// The tag that keeps our digests is not the user's: it is not shown, and stays.
func TestOurOwnTagStays(t *testing.T) {
	g, core := keeper(t)
	own := map[string]string{"gantry-digests": "xxh128:0123", "a": "1"}
	for _, w := range wires {
		p := w.place(t, g.Endpoint, nil)
		put(t, p, w.name, []byte("x"))
		given, err := tags.NewTags(own, true)
		if err != nil {
			t.Fatal(err)
		}
		if err := core.PutObjectTagging(t.Context(), "bucket", "root/"+w.name, given, minio.PutObjectTaggingOptions{}); err != nil {
			t.Fatal(err)
		}
		tagger := can[connectors.Tagger](t, p)
		if got, err := tagger.Tags(t.Context(), w.name); !maps.Equal(got, map[string]string{"a": "1"}) {
			t.Errorf("%s: tags %q, %v", w.name, got, err)
		}
		for _, set := range []map[string]string{{"b": "2"}, nil} {
			if err := tagger.SetTags(t.Context(), w.name, set); err != nil {
				t.Fatal(err)
			}
			kept, err := core.GetObjectTagging(t.Context(), "bucket", "root/"+w.name, minio.GetObjectTaggingOptions{})
			if err != nil || kept.ToMap()["gantry-digests"] != "xxh128:0123" || kept.Count() != len(set)+1 {
				t.Errorf("%s: after %q there is %v, %v", w.name, set, kept, err)
			}
		}
	}
}

func TestLocks(t *testing.T) {
	g, _ := keeper(t)
	until := time.Now().UTC().Add(time.Hour).Truncate(time.Second)
	for _, w := range wires {
		t.Run(w.name, func(t *testing.T) {
			p := w.place(t, g.Endpoint, nil)
			locker, versioner := can[connectors.Locker](t, p), can[connectors.Versioner](t, p)
			path := w.name
			put(t, p, path, []byte("master"))
			if l, err := locker.Lock(t.Context(), path); err != nil || l != (connectors.Lock{}) {
				t.Errorf("a new object has the lock %+v, %v", l, err)
			}
			set := func(l connectors.Lock) {
				t.Helper()
				if err := locker.SetLock(t.Context(), path, l); err != nil {
					t.Fatal(err)
				}
				if got, err := locker.Lock(t.Context(), path); err != nil || got != l {
					t.Errorf("the lock is %+v, %v; want %+v", got, err, l)
				}
			}
			id := versions(t, p, path)[0].ID
			set(connectors.Lock{Hold: true})
			isKind(t, "remove under a hold", versioner.RemoveVersion(t.Context(), path, id), connectors.KindHeld, "legal hold")
			set(connectors.Lock{Mode: connectors.Governance, Until: until})
			isKind(t, "remove under governance", versioner.RemoveVersion(t.Context(), path, id), connectors.KindHeld,
				"governance retention until "+until.Format(time.RFC3339))
			set(connectors.Lock{Mode: connectors.Governance, Until: until.Add(-time.Minute)}) // loosened by who may
			set(connectors.Lock{Mode: connectors.Compliance, Until: until, Hold: true})
			isKind(t, "remove under both", versioner.RemoveVersion(t.Context(), path, id), connectors.KindHeld, "legal hold, and under compliance")
			set(connectors.Lock{Mode: connectors.Compliance, Until: until.Add(time.Minute)})
			for what, l := range map[string]connectors.Lock{
				"shorter": {Mode: connectors.Compliance, Until: until},
				"weaker":  {Mode: connectors.Governance, Until: until.Add(time.Hour)},
				"none":    {},
			} {
				isKind(t, "make compliance "+what, locker.SetLock(t.Context(), path, l), connectors.KindHeld, "until")
			}

			// Without a version, a removal only hides what is locked.
			if err := p.Remove(t.Context(), path); err != nil {
				t.Errorf("remove without a version: %v", err)
			}
			if got, err := readVersion(t, p, path, id, 0, -1); got != "master" {
				t.Errorf("what is hidden reads %q, %v", got, err)
			}
			_, err := locker.Lock(t.Context(), "none")
			isKind(t, "lock of nothing", err, connectors.KindNotFound)
			isKind(t, "half a lock", locker.SetLock(t.Context(), path, connectors.Lock{Mode: connectors.Compliance}), connectors.KindInvalid)

			plain, err := w.open(t.Context(), g.Endpoint, "plain/root", nil)
			if err != nil {
				t.Fatal(err)
			}
			defer plain.Close()
			put(t, plain, "clip", []byte("x"))
			_, err = can[connectors.Locker](t, plain).Lock(t.Context(), "clip")
			isKind(t, "lock in a bucket without", err, connectors.KindUnsupported, "Object Lock")
			err = can[connectors.Locker](t, plain).SetLock(t.Context(), "clip", connectors.Lock{Hold: true})
			isKind(t, "set lock in a bucket without", err, connectors.KindUnsupported, "Object Lock")
		})
	}
}

// Archive copies are locked from the first second, in one request or in parts,
// with and without a checksum that the store knows.
func TestNewObjectsAreLocked(t *testing.T) {
	g, _ := keeper(t)
	for _, w := range wires {
		for _, checksum := range []string{"auto", "none"} {
			p := w.place(t, g.Endpoint, map[string]string{"retain": "governance 2d", "hold": "true", "checksum": checksum})
			for _, data := range [][]byte{[]byte("small"), big()} {
				path := fmt.Sprintf("%s-%s-%d", w.name, checksum, len(data))
				put(t, p, path, data)
				l, err := can[connectors.Locker](t, p).Lock(t.Context(), path)
				days := time.Until(l.Until).Hours() / 24
				if err != nil || l.Mode != connectors.Governance || !l.Hold || days < 1.99 || days > 2.01 {
					t.Errorf("%s: lock %+v, %v", path, l, err)
				}
			}
		}
		p, err := w.open(t.Context(), g.Endpoint, "plain/root", map[string]string{"retain": "compliance 1d"})
		if err != nil {
			t.Fatal(err)
		}
		up, whole, err := upload(t.Context(), p, "clip", []byte("x"), connectors.UploadOptions{})
		if err != nil {
			t.Fatal(err)
		}
		_, err = up.Commit(t.Context(), whole)
		isKind(t, w.name+", retain in a bucket without Object Lock", err, connectors.KindUnsupported, "Object Lock")
		_ = p.Close()
	}
}

func TestDescribe(t *testing.T) {
	g, _ := keeper(t)
	for _, w := range wires {
		for bucket, features := range map[string][]string{
			"bucket/root": {"region us-east-1", "versioning Enabled", "object-lock Enabled"},
			"plain":       {"versioning off", "object-lock off"},
		} {
			p, err := w.open(t.Context(), g.Endpoint, bucket, nil)
			if err != nil {
				t.Fatal(err)
			}
			d, err := can[connectors.Describer](t, p).Describe(t.Context())
			if err != nil || d.Software != "versitygw" || time.Since(d.Clock).Abs() > time.Minute || len(d.Quirks) != 1 {
				t.Errorf("%s: %+v, %v", w.name, d, err)
			}
			told := fmt.Sprint(d.Features)
			for _, feature := range features {
				if !contains(d.Features, feature) {
					t.Errorf("%s, %s: it tells %s, and not %q", w.name, bucket, told, feature)
				}
			}
			_ = p.Close()
		}
		p, err := w.open(t.Context(), g.Endpoint, "nothing", nil)
		if err != nil {
			t.Fatal(err)
		}
		_, err = can[connectors.Describer](t, p).Describe(t.Context())
		isKind(t, w.name+", no bucket", err, connectors.KindNotFound, "create the bucket")
	}
}

func contains(list []string, one string) bool {
	for _, each := range list {
		if each == one {
			return true
		}
	}
	return false
}
