package objectstore_test

import (
	"bytes"
	"net/url"
	"testing"
	"time"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"

	"gantry/connectors"
	"gantry/connectors/servers"
)

// gateway starts a store with an empty bucket, and gives a client of it that is
// not ours.
func gateway(t *testing.T) (*servers.VersityGW, *minio.Core) {
	t.Helper()
	g, err := servers.StartVersityGW(t.Context(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	if err := g.MakeBucket(t.Context(), "bucket"); err != nil {
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
	return g, core
}

func TestChecksumsAreTheStores(t *testing.T) {
	g, core := gateway(t)
	for _, w := range wires {
		t.Run(w.name, func(t *testing.T) {
			p := w.place(t, g.Endpoint, nil)
			if traits := p.Traits(); traits.PartDigest != connectors.CRC64NVME || traits.WholeDigest != connectors.CRC64NVME {
				t.Errorf("traits %+v", traits)
			}
			data, path := big(), w.name+".mxf"

			up, whole, err := upload(t.Context(), p, path, data, connectors.UploadOptions{})
			if err != nil {
				t.Fatal(err)
			}
			wrong := cut(data)[0]
			wrong.Digests = crc([]byte("another"))
			_, err = write(t.Context(), up, data, wrong)
			isKind(t, "a part whose bytes are others", err, connectors.KindIntegrity)

			lie := whole
			lie.Digests = crc([]byte("another"))
			_, err = up.Commit(t.Context(), lie)
			isKind(t, "a whole that is another", err, connectors.KindIntegrity)
			_, err = p.Stat(t.Context(), path)
			isKind(t, "after that", err, connectors.KindNotFound)

			entry, err := up.Commit(t.Context(), whole)
			if err != nil {
				t.Fatal(err)
			}
			if common, equal := entry.Digests.Agree(whole.Digests); common != 1 || !equal {
				t.Errorf("commit says %v; want %v", entry.Digests, whole.Digests)
			}
			o, err := core.StatObject(t.Context(), "bucket", "root/"+path, minio.StatObjectOptions{Checksum: true})
			if err != nil || o.ChecksumMode != "FULL_OBJECT" || o.ChecksumCRC64NVME == "" {
				t.Errorf("another client sees the checksum %q of type %q, %v", o.ChecksumCRC64NVME, o.ChecksumMode, err)
			}
		})
	}
}

func TestUploadWithoutDigests(t *testing.T) {
	g, _ := gateway(t)
	for _, w := range wires {
		for _, checksum := range []string{"auto", "none"} {
			p := w.place(t, g.Endpoint, map[string]string{"checksum": checksum})
			data := big()
			up, err := p.Begin(t.Context(), "clip", connectors.UploadOptions{Size: -1})
			if err != nil {
				t.Fatal(err)
			}
			whole := connectors.Whole{Size: int64(len(data))}
			for _, part := range cut(data) {
				part.Digests = nil
				written, err := write(t.Context(), up, data, part)
				if err != nil {
					t.Fatal(err)
				}
				whole.Parts = append(whole.Parts, written)
			}
			if _, err := up.Commit(t.Context(), whole); err != nil {
				t.Errorf("%s, checksum %s: %v", w.name, checksum, err)
			}
			if got, err := read(p, t.Context(), "clip", 0, -1); err != nil || got != string(data) {
				t.Errorf("%s, checksum %s: %d bytes read, %v", w.name, checksum, len(got), err)
			}
		}
	}
}

// The answer to a commit is lost: the same process asks again, and so does the
// next one, which took the upload up before it was committed.
func TestCommitAgainSucceeds(t *testing.T) {
	g, _ := gateway(t)
	for _, w := range wires {
		for _, exclusive := range []bool{false, true} {
			p := w.place(t, g.Endpoint, nil)
			data := big()
			o := connectors.UploadOptions{Exclusive: exclusive}
			path := w.name
			if exclusive {
				path += "-exclusive"
			}
			up, whole, err := upload(t.Context(), p, path, data, o)
			if err != nil {
				t.Fatal(err)
			}
			o.Resume, o.Size = up.ID(), whole.Size
			other, err := p.Begin(t.Context(), path, o)
			if err != nil {
				t.Fatal(err)
			}
			first, err := up.Commit(t.Context(), whole)
			if err != nil {
				t.Fatal(err)
			}
			for _, again := range []connectors.Upload{up, other} {
				entry, err := again.Commit(t.Context(), whole)
				if err != nil || !entry.SameVersion(first) {
					t.Errorf("%s: commit again = %+v, %v; the first was %+v", path, entry, err, first)
				}
			}
			smaller := whole
			smaller.Parts, smaller.Size, smaller.Digests = whole.Parts[:1], whole.Parts[0].Size, nil
			if _, err = other.Commit(t.Context(), smaller); err == nil {
				t.Errorf("%s: commit of something else: no error", path)
			}
		}
	}
}

func TestPropertiesOfObjects(t *testing.T) {
	g, core := gateway(t)
	for _, w := range wires {
		p := w.place(t, g.Endpoint, nil)
		for _, data := range [][]byte{[]byte("small"), big()} {
			up, whole, err := upload(t.Context(), p, "reel.mxf", data, connectors.UploadOptions{
				ModTime: time.Unix(1700000000, 250_000_000), Metadata: map[string]string{"house-id": "Grün 7"},
			})
			if err != nil {
				t.Fatal(err)
			}
			if _, err := up.Commit(t.Context(), whole); err != nil {
				t.Fatal(err)
			}
			o, err := core.StatObject(t.Context(), "bucket", "root/reel.mxf", minio.StatObjectOptions{})
			if err != nil {
				t.Fatal(err)
			}
			if o.ContentType != "application/mxf" || o.UserMetadata["Mtime"] != "1700000000.25" || o.UserMetadata["House-Id"] != "Grün 7" {
				t.Errorf("%s: type %q, metadata %q", w.name, o.ContentType, o.UserMetadata)
			}
		}
		_, err := p.Begin(t.Context(), "x", connectors.UploadOptions{Metadata: map[string]string{"a b": "c"}})
		isKind(t, "metadata with a space in the name", err, connectors.KindInvalid)
	}
}

// Others put what they like into a bucket.
func TestKeysThatAreNoPaths(t *testing.T) {
	g, core := gateway(t)
	for _, key := range []string{"root/day/", "root/day/clip", "root/day/．．/x", "rooted", "other/x"} {
		body := bytes.NewReader(nil)
		if _, err := core.PutObject(t.Context(), "bucket", key, body, 0, "", "", minio.PutObjectOptions{DisableContentSha256: true}); err != nil {
			t.Fatalf("put %q: %v", key, err)
		}
	}
	for _, w := range wires {
		var refused []string
		ctx := connectors.WithPassedOver(t.Context(), func(key string, _ error) { refused = append(refused, key) })
		paths, err := list(ctx, w.place(t, g.Endpoint, nil), "")
		if err != nil || len(paths) != 1 || paths[0] != "day/clip" {
			t.Errorf("%s lists %q, %v", w.name, paths, err)
		}
		if len(refused) != 1 || refused[0] != "root/day/．．/x" {
			t.Errorf("%s reports %q", w.name, refused)
		}
	}
}

func TestWhatIsWrongWithTheLocation(t *testing.T) {
	g, _ := gateway(t)
	t.Setenv("WRONG", "wrong")
	for _, w := range wires {
		for what, test := range map[string]struct {
			bucket  string
			options map[string]string
			kind    connectors.Kind
			says    string
		}{
			"no such bucket":   {"nothing", nil, connectors.KindNotFound, `create the bucket "nothing"`},
			"a wrong key":      {"bucket", map[string]string{"accessKey": "env:WRONG"}, connectors.KindAuth, "accessKey"},
			"a wrong secret":   {"bucket", map[string]string{"secretKey": "env:WRONG"}, connectors.KindAuth, "secretKey"},
			"a wrong region":   {"bucket", map[string]string{"region": "mars-1"}, connectors.KindInvalid, "region"},
			"a key that lacks": {"bucket", map[string]string{"accessKey": "env:NOT_THERE"}, connectors.KindAuth, "not set"},
		} {
			p, err := w.open(t.Context(), g.Endpoint, test.bucket, test.options)
			if err == nil {
				_, err = list(t.Context(), p, "")
				isKind(t, w.name+", list, "+what, err, test.kind, test.says)
				_, err = p.Stat(t.Context(), "clip")
				_ = p.Close()
			}
			isKind(t, w.name+", stat, "+what, err, test.kind)
		}
		p := w.place(t, g.Endpoint, nil)
		_ = p.Close()
		_, err := p.Stat(t.Context(), "clip")
		isKind(t, w.name+", after Close", err, connectors.KindOther, "closed")
	}
	if err := g.Stop(); err != nil {
		t.Fatal(err)
	}
	for _, w := range wires {
		_, err := list(t.Context(), w.place(t, g.Endpoint, nil), "")
		isKind(t, w.name+", with the server down", err, connectors.KindUnavailable, "check that the store runs")
	}
}
