package local_test

import (
	"bytes"
	"crypto/sha256"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
	"pgregory.net/rapid"

	"gantry/connectors"
	"gantry/connectors/servers/volume"
)

// room is what a file takes on the disk, in bytes.
func room(t *testing.T, file string) int64 {
	t.Helper()
	var s syscall.Stat_t
	must(t, syscall.Stat(file, &s))
	return s.Blocks * 512
}

// sparseFile makes a file of size bytes that holds text at some offsets.
func sparseFile(t *testing.T, file string, size int64, texts map[int64]string) {
	t.Helper()
	f, err := os.Create(file)
	must(t, err)
	defer f.Close()
	must(t, f.Truncate(size))
	for offset, text := range texts {
		_, err := f.WriteAt([]byte(text), offset)
		must(t, err)
	}
}

// counting discards what it is given and keeps what is not zero.
type counting struct {
	n    int64
	text []byte
}

func (c *counting) Write(b []byte) (int, error) {
	c.n += int64(len(b))
	for _, part := range bytes.FieldsFunc(b, func(r rune) bool { return r == 0 }) {
		c.text = append(c.text, part...)
	}
	return len(b), nil
}

// Holes are read as zeros without asking the disk for them.
func TestHolesAreReadQuickly(t *testing.T) {
	onEach(t, func(t *testing.T, dir string) {
		const size = 512 << 20
		sparseFile(t, filepath.Join(dir, "sparse"), size, map[int64]string{0: "head", 300<<20 + 5: "middle", size - 4: "tail"})
		place := open(t, dir)
		r, err := place.Open(t.Context(), "sparse", 1<<20, size-1<<20)
		must(t, err)
		defer r.Close()
		var c counting
		// Most of a hole is looked at without a search for text, which would take longer than the reading.
		buffer, zeros := make([]byte, 1<<20), make([]byte, 1<<20)
		for {
			n, err := r.Read(buffer)
			if bytes.Equal(buffer[:n], zeros[:n]) {
				c.n += int64(n)
			} else {
				_, _ = c.Write(buffer[:n])
			}
			if err == io.EOF {
				break
			}
			must(t, err)
		}
		if c.n != size-1<<20 || string(c.text) != "middletail" {
			t.Errorf("%d bytes with %q", c.n, c.text)
		}
		if taken := room(t, filepath.Join(dir, "sparse")); taken > 1<<20 {
			t.Errorf("reading has filled the holes: %d bytes", taken)
		}
	})
}

// What is read of a file with holes is what the file holds, wherever they are.
func TestReadingHoles(t *testing.T) {
	onEach(t, func(t *testing.T, dir string) {
		place := open(t, dir)
		file := filepath.Join(dir, "sparse")
		rapid.Check(t, func(rt *rapid.T) {
			size := rapid.Int64Range(1, 1<<20).Draw(rt, "size")
			f, err := os.Create(file)
			must(t, err)
			defer f.Close()
			must(t, f.Truncate(size))
			for range rapid.IntRange(0, 4).Draw(rt, "pieces") {
				at := rapid.Int64Range(0, size-1).Draw(rt, "at")
				data := make([]byte, min(size-at, rapid.Int64Range(1, 100<<10).Draw(rt, "length")))
				_, _ = rand.NewChaCha8(sha256.Sum256([]byte{byte(at)})).Read(data)
				_, err := f.WriteAt(data, at)
				must(t, err)
			}
			want, err := os.ReadFile(file)
			must(t, err)
			from := rapid.Int64Range(0, size).Draw(rt, "from")
			length := rapid.Int64Range(-1, size-from).Draw(rt, "length read")
			r, err := place.Open(t.Context(), "sparse", from, length)
			must(t, err)
			defer r.Close()
			got, err := io.ReadAll(r)
			must(t, err)
			if length < 0 {
				length = size - from
			}
			if !bytes.Equal(got, want[from:from+length]) {
				rt.Fatalf("%d bytes from %d on are others than in the file", length, from)
			}
		})
	})
}

// A file with holes that shrinks while it is read ends with an error.
func TestHolesAreCutOff(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "sparse")
	sparseFile(t, file, 10<<20, map[int64]string{0: "head"})
	r, err := open(t, dir).Open(t.Context(), "sparse", 0, 10<<20)
	must(t, err)
	defer r.Close()
	_, err = io.ReadFull(r, make([]byte, 100))
	must(t, err)
	must(t, os.Truncate(file, 4<<20))
	n, err := io.Copy(io.Discard, r)
	if wantKind(t, "read", err, connectors.KindIncomplete); n+100 > 10<<20 {
		t.Errorf("%d bytes", n)
	}
}

// upload sends data in parts of 3 MiB and a bit, so that they begin anywhere.
func upload(t *testing.T, place connectors.Place, path string, data []byte, again bool) {
	t.Helper()
	const partSize = 3<<20 + 777
	up, err := place.Begin(t.Context(), path, connectors.UploadOptions{Size: int64(len(data))})
	must(t, err)
	w := connectors.Whole{Size: int64(len(data))}
	for at := int64(0); at < w.Size; at += partSize {
		part := connectors.Part{Number: len(w.Parts) + 1, Offset: at, Size: min(partSize, w.Size-at)}
		if again { // something else was written before
			_, err := up.WritePart(t.Context(), part, bytes.NewReader(bytes.Repeat([]byte("x"), int(part.Size))))
			must(t, err)
		}
		_, err := up.WritePart(t.Context(), part, bytes.NewReader(data[at:at+part.Size]))
		must(t, err)
		w.Parts = append(w.Parts, part)
	}
	_, err = up.Commit(t.Context(), w)
	must(t, err)
}

// Runs of zeros become holes, also where something was written before, and the
// room that is taken in advance is given back.
func TestZerosBecomeHoles(t *testing.T) {
	const size = 24 << 20
	content := make([]byte, size) // 2 MiB of noise, 8 MiB of zeros, 1 KiB of text with zeros around, zeros to the end
	_, _ = rand.NewChaCha8([32]byte{}).Read(content[:2<<20])
	copy(content[10<<20+100:], bytes.Repeat([]byte("text"), 256))
	onEach(t, func(t *testing.T, dir string) {
		for mode, most := range map[string]int64{"auto": 4 << 20, "true": 2<<20 + 256<<10, "false": size + 1<<20} {
			for _, again := range []bool{false, true} {
				place := open(t, dir, "sparse="+mode)
				upload(t, place, mode, content, again)
				file := filepath.Join(dir, mode)
				got, err := os.ReadFile(file)
				if must(t, err); !bytes.Equal(got, content) {
					t.Errorf("sparse=%s: the file holds other bytes than were sent", mode)
				}
				taken := room(t, file)
				if again {
					taken -= 1 << 20 // XFS keeps a little of what was written before
				}
				if taken > most {
					t.Errorf("sparse=%s, again=%v: takes %d bytes; want at most %d", mode, again, taken, most)
				}
				if mode == "false" && taken < size-1<<20 {
					t.Errorf("sparse=false: takes %d of %d bytes", taken, size)
				}
			}
		}
	})
}

// A file of which most are zeros fits where the whole would not.
func TestSparseFitsOnASmallVolume(t *testing.T) {
	dir := volume.New(t, "tmpfs", 16<<20)
	content := make([]byte, 64<<20)
	copy(content[40<<20:], "text")
	_, err := open(t, dir).Begin(t.Context(), "sparse", connectors.UploadOptions{Size: int64(len(content))})
	wantKind(t, "begin what is larger than the volume, with the room taken in advance", err, connectors.KindInvalid)
	must(t, os.WriteFile(filepath.Join(dir, "other"), make([]byte, 8<<20), 0o644))
	_, err = open(t, dir).Begin(t.Context(), "later", connectors.UploadOptions{Size: 12 << 20})
	wantKind(t, "begin what fits when there is room", err, connectors.KindNoSpace)
	must(t, os.Remove(filepath.Join(dir, "other")))
	upload(t, open(t, dir, "sparse=true"), "sparse", content, false)
	if got, err := os.ReadFile(filepath.Join(dir, "sparse")); err != nil || !bytes.Equal(got, content) {
		t.Errorf("%d bytes, or others: %v", len(got), err)
	}
}

// A copy has the holes of the original, and its time.
func TestCopyKeepsHolesAndTime(t *testing.T) {
	when := time.Date(1999, 12, 31, 23, 59, 59, 123456789, time.UTC)
	onEach(t, func(t *testing.T, dir string) {
		file := filepath.Join(dir, "sparse")
		sparseFile(t, file, 100<<20, map[int64]string{5: "head", 50 << 20: "middle"})
		must(t, os.Chtimes(file, when, when))
		place := open(t, dir)
		copier, ok := connectors.As[connectors.Copier](place)
		if !ok {
			t.Fatal("the place does not copy")
		}
		entry, err := copier.Copy(t.Context(), "sparse", "day/copy")
		must(t, err)
		if entry.Size != 100<<20 || !entry.ModTime.Equal(when) {
			t.Errorf("the copy is %+v", entry)
		}
		if taken := room(t, filepath.Join(dir, "day/copy")); taken > 1<<20 {
			t.Errorf("the copy takes %d bytes", taken)
		}
		a, err := os.ReadFile(file)
		must(t, err)
		b, err := os.ReadFile(filepath.Join(dir, "day/copy"))
		if must(t, err); !bytes.Equal(a, b) {
			t.Error("the copy holds other bytes")
		}
	})
}

// On XFS a copy shares its blocks with the original.
func TestReflink(t *testing.T) {
	dir := volume.New(t, "xfs", volume.MinXFS)
	place := open(t, dir)
	content := make([]byte, 32<<20)
	_, _ = rand.NewChaCha8([32]byte{1}).Read(content)
	upload(t, place, "original", content, false)
	free := func() uint64 {
		var s unix.Statfs_t
		unix.Sync()
		must(t, unix.Statfs(dir, &s))
		return s.Bfree * uint64(s.Bsize)
	}
	before := free()
	copier, _ := connectors.As[connectors.Copier](place)
	_, err := copier.Copy(t.Context(), "original", "copy")
	must(t, err)
	if after := free(); before-after > 4<<20 {
		t.Errorf("a copy of 32 MiB takes %d bytes: it shares nothing", before-after)
	}
	if got, err := os.ReadFile(filepath.Join(dir, "copy")); err != nil || !bytes.Equal(got, content) {
		t.Errorf("the copy holds other bytes: %v", err)
	}
}

// A huge file does not stay in the memory of the system behind its reader.
func TestHugeFileIsForgotten(t *testing.T) {
	dir := volume.New(t, "ext4", 3<<30)
	file := filepath.Join(dir, "huge")
	f, err := os.Create(file)
	must(t, err)
	must(t, unix.Fallocate(int(f.Fd()), 0, 0, 2<<30)) // takes room, and is no hole
	must(t, f.Close())
	r, err := open(t, dir, "sparse=false").Open(t.Context(), "huge", 0, 96<<20)
	must(t, err)
	defer r.Close()
	n, err := io.Copy(io.Discard, r)
	if must(t, err); n != 96<<20 {
		t.Fatalf("%d bytes", n)
	}
	if cached := inMemory(t, file, 96<<20); cached > 48<<20 {
		t.Errorf("%d bytes of %d are still in memory", cached, n)
	}
}

// inMemory tells how much of the beginning of a file the system keeps in memory.
func inMemory(t *testing.T, file string, size int) (bytes int) {
	t.Helper()
	f, err := os.Open(file)
	must(t, err)
	defer f.Close()
	mapped, err := unix.Mmap(int(f.Fd()), 0, size, unix.PROT_READ, unix.MAP_SHARED)
	must(t, err)
	defer func() { must(t, unix.Munmap(mapped)) }()
	pages := make([]byte, size/4096)
	_, _, errno := unix.Syscall(unix.SYS_MINCORE, uintptr(unsafe.Pointer(&mapped[0])), uintptr(size), uintptr(unsafe.Pointer(&pages[0])))
	if errno != 0 {
		t.Fatal(errno)
	}
	for _, p := range pages {
		bytes += int(p&1) * 4096
	}
	return bytes
}
