package test

import (
	"context"
	"fmt"
	"io"
	"math"
	"os"
	"path"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"gantry/orchestrator/api"
	"gantry/orchestrator/catalog"
)

// checkWithOthers reads what was delivered and archived as the receivers would.
func checkWithOthers(t *testing.T, s *stand, v api.AssetView, original string) {
	seconds := duration(t, original)

	fetched := t.TempDir()
	folder := delivery(v, "nordic-sport").Path
	s.sftp(t, folder, fetched)
	there := filepath.Join(s.partners(), "nordic-sport", folder)
	checkFolder(t, filepath.Join(fetched, path.Base(folder)), seconds)
	for _, f := range glob(t, filepath.Join(fetched, path.Base(folder), "*.*")) {
		if !same(t, f, filepath.Join(there, filepath.Base(f))) {
			t.Errorf("OpenSSH's sftp fetched other bytes of %s than lie there", filepath.Base(f))
		}
	}

	ladder := t.TempDir()
	s.s3get(t, "in/"+delivery(v, "stream-one").Path+"/", ladder)
	checkFolder(t, ladder, seconds)
	checkRungs(t, ladder, seconds)

	for _, c := range v.Copies {
		if c.Kind == catalog.CopyArchive {
			kept := filepath.Join(s.dir, "archive", c.Path)
			if got, want := sha256sum(t, kept), sha256sum(t, original); got != want {
				t.Errorf("the archive's copy has sha256 %s, the original %s", got, want)
			}
			checkTree(t, filepath.Dir(kept))
		}
	}
}

// checkFolder looks at all files of a delivery: media have pictures or sound, of
// the length of the original, XML is well-formed, and the manifest holds.
func checkFolder(t *testing.T, folder string, seconds float64) {
	t.Helper()
	for _, f := range files(t, folder) {
		switch path.Ext(f) {
		case ".xml", ".mhl":
			run(t, "xmllint", "--noout", filepath.Join(folder, f))
		case ".mxf", ".mov", ".mp4", ".m3u8":
			if path.Base(f) == "init.mp4" {
				continue // the head of a rung's stream
			}
			if got := duration(t, filepath.Join(folder, f)); math.Abs(got-seconds) > 0.2 {
				t.Errorf("%s lasts %.3f s, the original %.3f s", f, got, seconds)
			}
		}
	}
	checkTree(t, folder)
}

// checkRungs sees to it that a player can change from each rung to each other one:
// every segment begins with a keyframe, at the same time in all rungs.
func checkRungs(t *testing.T, ladder string, seconds float64) {
	t.Helper()
	var first, starts string
	for _, rung := range glob(t, filepath.Join(ladder, "*p", "index.m3u8")) {
		text, err := os.ReadFile(rung)
		if err != nil {
			t.Fatal(err)
		}
		var total float64
		var times []string
		for line := range strings.Lines(string(text)) {
			if length, ok := strings.CutPrefix(line, "#EXTINF:"); ok {
				times = append(times, fmt.Sprintf("%.3f", total))
				length, _, _ = strings.Cut(strings.TrimSpace(length), ",")
				n, err := strconv.ParseFloat(length, 64)
				if err != nil {
					t.Fatalf("%s: %v", rung, err)
				}
				total += n
			}
		}
		if math.Abs(total-seconds) > 0.2 {
			t.Errorf("the segments of %s last %.3f s, the original %.3f s", rung, total, seconds)
		}
		keys := keyframes(t, rung)
		for _, at := range times {
			if !keys[at] {
				t.Errorf("the segment at %s s of %s does not begin with a keyframe: they are at %v", at, rung, keys)
			}
		}
		if all := strings.Join(times, " "); first == "" {
			first, starts = rung, all
		} else if all != starts {
			t.Errorf("the segments of %s begin at %s, those of %s at %s", rung, all, first, starts)
		}
	}
	if first == "" {
		t.Errorf("there is no rung in %q", files(t, ladder))
	}
}

// keyframes gives the times of a stream's keyframes, counted from its beginning.
func keyframes(t *testing.T, file string) map[string]bool {
	t.Helper()
	out := run(t, "ffprobe", "-v", "error", "-allowed_extensions", "ALL", "-select_streams", "v:0", "-show_entries", "packet=pts_time,flags", "-of", "csv=p=0", file)
	found := map[string]bool{}
	begin := math.NaN()
	for line := range strings.Lines(out) {
		fields := strings.Split(strings.TrimSpace(line), ",")
		if len(fields) < 2 || !strings.HasPrefix(fields[1], "K") {
			continue
		}
		at, err := strconv.ParseFloat(fields[0], 64)
		if err != nil {
			t.Fatalf("ffprobe %s: %v", file, err)
		}
		if math.IsNaN(begin) {
			begin = at
		}
		found[fmt.Sprintf("%.3f", at-begin)] = true
	}
	return found
}

func duration(t *testing.T, file string) float64 {
	t.Helper()
	seconds, err := strconv.ParseFloat(examine(t, file).Format.Duration, 64)
	if err != nil {
		t.Fatalf("duration of %s: %v", file, err)
	}
	return seconds
}

func sha256sum(t *testing.T, file string) string {
	t.Helper()
	sum, _, _ := strings.Cut(run(t, "sha256sum", "--", file), " ")
	return strings.TrimPrefix(sum, `\`)
}

// sftp fetches a folder from nordic-sport with OpenSSH's client.
func (s *stand) sftp(t *testing.T, folder, to string) {
	t.Helper()
	host, port, _ := strings.Cut(s.sshd.Addr, ":")
	batch := written(t, filepath.Join(t.TempDir(), "batch"), fmt.Appendf(nil, "get -r %q %q\n", filepath.Join(s.partners(), "nordic-sport", folder), to))
	run(t, "sftp", "-b", batch, "-P", port, "-i", s.sshd.IdentityFile, "-o", "UserKnownHostsFile="+s.sshd.KnownHosts, "-o", "StrictHostKeyChecking=yes",
		"-o", "IdentitiesOnly=yes", "-F", "/dev/null", s.sshd.User+"@"+host)
}

// s3get fetches the objects below a prefix of stream-one with Amazon's own client.
func (s *stand) s3get(t *testing.T, prefix, to string) {
	t.Helper()
	ctx := context.Background()
	client := s3.New(s3.Options{
		BaseEndpoint: &s.s3.Endpoint, Region: s.s3.Region, UsePathStyle: true,
		Credentials: credentials.NewStaticCredentialsProvider(s.s3.AccessKey, s.s3.SecretKey, ""),
	})
	bucket := aws.String("stream-one")
	pages := s3.NewListObjectsV2Paginator(client, &s3.ListObjectsV2Input{Bucket: bucket, Prefix: &prefix})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			t.Fatal(err)
		}
		for _, o := range page.Contents {
			r, err := client.GetObject(ctx, &s3.GetObjectInput{Bucket: bucket, Key: o.Key})
			if err != nil {
				t.Fatal(err)
			}
			data, err := io.ReadAll(r.Body)
			if err != nil {
				t.Fatalf("%s: %v", *o.Key, err)
			}
			_ = r.Body.Close()
			name := filepath.Join(to, strings.TrimPrefix(*o.Key, prefix))
			s.must(os.MkdirAll(filepath.Dir(name), 0o755))
			written(t, name, data)
		}
	}
}

// files lists the files below a folder by their paths from it.
func files(t *testing.T, folder string) []string {
	t.Helper()
	var found []string
	err := filepath.WalkDir(folder, func(p string, e os.DirEntry, err error) error {
		if err == nil && !e.IsDir() {
			rel, _ := filepath.Rel(folder, p)
			found = append(found, rel)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}
