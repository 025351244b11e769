package transfer

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"testing"

	"filippo.io/age"

	"gantry/connectors"
	"gantry/connectors/seal"
)

// A lock packs for the holder of its key.
type lock struct {
	seal.Seal
	keys seal.Keys
}

func newLock(t *testing.T) lock {
	t.Helper()
	id, err := age.GenerateX25519Identity()
	must(t, err)
	keys, err := seal.ParseKeys([]byte(id.String()))
	must(t, err)
	return lock{seal.Seal{Compress: seal.Zstd, EncryptTo: []string{id.Recipient().String()}}, keys}
}

func (l lock) open(t *testing.T, file string) []byte {
	t.Helper()
	f, err := os.Open(file)
	must(t, err)
	defer f.Close()
	o, err := l.keys.Opener(file)
	must(t, err)
	var data bytes.Buffer
	must(t, o.Apply(&data, f))
	return data.Bytes()
}

const packedName = "clip.zst.age"

func (s *stage) packJob(l lock, to connectors.Place) Job {
	job := s.job("clip", to)
	job.Pack, job.Destinations[0].Path = l.Seal, packedName
	return job
}

func TestAPackedCopyOpensToTheSource(t *testing.T) {
	s, l := newStage(t), newLock(t)
	data := s.file("clip", 7*part+13)
	job := s.packJob(l, s.folder("a"))
	job.Expect = sums(t, data, connectors.XXH128)
	receipt := s.run(job)
	file := filepath.Join(s.dir, "a", packedName)
	if !bytes.Equal(l.open(t, file), data) {
		t.Fatal("it opens to something else")
	}
	sent, err := os.ReadFile(file)
	must(t, err)
	if _, equal := sums(t, sent, connectors.XXH128).Agree(receipt.Digests); !equal || receipt.Size != int64(len(sent)) {
		t.Errorf("the receipt is not of the packed file: %+v", receipt)
	}
	p := receipt.Packed
	if p == nil || p.Original.Size != int64(len(data)) || p.Digests[connectors.XXH128] != job.Expect[connectors.XXH128] {
		t.Fatalf("the receipt does not tell of the original: %+v", p)
	}
	if left, _ := filepath.Glob(filepath.Join(s.dir, "scratch", "*", "*")); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}

	// Done once, it is not packed again, and found after a restart.
	s.start()
	reads := 0
	s.source.open = func(_ int, _ int64, r io.ReadCloser) (io.ReadCloser, error) { reads++; return r, nil }
	if again := s.run(job); !again.Finished.Equal(receipt.Finished) || reads > 0 {
		t.Errorf("the source was read %d times again; %+v", reads, again)
	}
}

func TestUnpackingGivesTheOriginal(t *testing.T) {
	s, l := newStage(t), newLock(t)
	data := s.file("clip", 5*part)
	s.run(s.packJob(l, s.folder("a")))
	o, err := l.keys.Opener(packedName)
	must(t, err)
	s.run(Job{
		ID: "back", Source: Source{Place: s.folder("a"), Location: "a", Path: packedName}, Pack: o,
		Destinations: []Destination{{Place: s.folder("b"), Location: "b", Path: "clip"}},
	})
	s.holds("b", "clip", data)
}

func TestAnInterruptedPackedCopyGoesOnWithTheSameBytes(t *testing.T) {
	s, l := newStage(t), newLock(t)
	data := s.file("clip", 20*part)
	to := &script{Place: s.folder("a")}
	to.write = failFrom(9, connectors.KindPermission)
	s.fails(s.packJob(l, to), connectors.KindPermission)
	s.start()
	to.write = nil
	if c := s.run(s.packJob(l, to)).Copies[0]; c.Resumed < 5 {
		t.Errorf("%d parts were taken up: %+v", c.Resumed, c)
	}
	if !bytes.Equal(l.open(t, filepath.Join(s.dir, "a", packedName)), data) {
		t.Error("it opens to something else")
	}
}

func TestAnotherRecipeOrALostPackingStartsOver(t *testing.T) {
	for name, lose := range map[string]bool{"another key": false, "the packed file is lost": true} {
		t.Run(name, func(t *testing.T) {
			s, l := newStage(t), newLock(t)
			data := s.file("clip", 20*part)
			to := &script{Place: s.folder("a")}
			to.write = failFrom(9, connectors.KindPermission)
			s.fails(s.packJob(l, to), connectors.KindPermission)
			if lose {
				must(t, os.RemoveAll(filepath.Join(s.dir, "scratch")))
			} else {
				l = newLock(t)
			}
			s.start()
			to.write = nil
			s.run(s.packJob(l, to))
			if !bytes.Equal(l.open(t, filepath.Join(s.dir, "a", packedName)), data) {
				t.Error("it opens to something else")
			}
		})
	}
}

func TestWhatIsPackedIsTheVersionThatWasMeant(t *testing.T) {
	s, l := newStage(t), newLock(t)
	data := s.file("clip", 3*part)
	job := s.packJob(l, s.folder("a"))
	job.Expect = sums(t, content(99, 10), connectors.XXH128)
	s.fails(job, connectors.KindIntegrity)

	job.Expect = nil
	s.source.open = func(_ int, _ int64, r io.ReadCloser) (io.ReadCloser, error) {
		s.put("clip", content(98, 3*part))
		return r, nil
	}
	s.fails(job, connectors.KindChanged)
	s.source.open = nil

	entry, err := s.source.Stat(s.ctx, "clip")
	must(t, err)
	s.put("clip", data)
	job.Source.Version = &entry
	s.fails(job, connectors.KindChanged)
	if _, err := os.Stat(filepath.Join(s.dir, "a", packedName)); err == nil {
		t.Error("something was delivered")
	}
}

func TestAPackedFileThatRotsIsNotSent(t *testing.T) {
	s, l := newStage(t), newLock(t)
	data := s.file("clip", 12*part)
	to := &script{Place: s.folder("a"), write: failFrom(3, connectors.KindAuth)}
	job := s.packJob(l, to)
	s.fails(job, connectors.KindAuth)
	packed, err := filepath.Glob(filepath.Join(s.dir, "scratch", "*", "packed"))
	if err != nil || len(packed) != 1 {
		t.Fatalf("%v, %v", packed, err)
	}
	sent, err := os.ReadFile(packed[0])
	must(t, err)
	sent[9*part] ^= 4
	must(t, os.WriteFile(packed[0], sent, 0o600))
	to.write = nil
	s.start()
	s.fails(job, connectors.KindIntegrity)
	s.run(job) // it is packed anew
	if !bytes.Equal(l.open(t, filepath.Join(s.dir, "a", packedName)), data) {
		t.Error("it opens to something else")
	}
}
