package digest

import (
	"context"
	"encoding/hex"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"gantry/connectors"
)

// What other programs say of the same file.
func TestOtherProgramsAgree(t *testing.T) {
	t.Parallel()
	programs := map[connectors.Algorithm][]string{
		connectors.XXH64:  {"xxhsum", "-q", "-H1"},
		connectors.XXH128: {"xxhsum", "-q", "-H2"},
		connectors.XXH3:   {"xxhsum", "-q", "-H3"},
		connectors.MD5:    {"md5sum"},
		connectors.SHA1:   {"sha1sum"},
		connectors.SHA256: {"sha256sum"},
		connectors.C4:     {"sha512sum"}, // the same number, in another base
	}
	dir := t.TempDir()
	for _, size := range []int{0, 1, 17, 240, 241, 1024, 1087, 1088, 1089, 2113, 100_003, 3 << 20} {
		data := make([]byte, size)
		_, _ = rand.NewChaCha8([32]byte{byte(size)}).Read(data)
		file := filepath.Join(dir, "data")
		if err := os.WriteFile(file, data, 0o600); err != nil {
			t.Fatal(err)
		}
		for a, program := range programs {
			got, _, err := Read(opened(t, file), a)
			if err != nil {
				t.Fatal(err)
			}
			sum := got[a]
			if a == connectors.C4 {
				raw, err := DecodeC4(sum)
				if err != nil {
					t.Fatal(err)
				}
				sum = hex.EncodeToString(raw)
			}
			if want := told(t, append(slices.Clone(program), file)); sum != want {
				t.Errorf("%s of %d bytes is %s, and %s says %s", a, size, sum, program[0], want)
			}
		}
	}
}

func opened(t *testing.T, name string) *os.File {
	f, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return f
}

// told gives the digest that a program prints first, or after "=".
func told(t *testing.T, command []string) string {
	t.Helper()
	if _, err := exec.LookPath(command[0]); err != nil {
		t.Fatalf("%s is not installed: apt-get install xxhash coreutils", command[0])
	}
	out, err := exec.CommandContext(context.Background(), command[0], command[1:]...).Output()
	if err != nil {
		t.Fatalf("%v: %v", command, err)
	}
	for word := range strings.FieldsSeq(string(out)) {
		word = strings.TrimPrefix(word, "XXH3_")
		if _, err := hex.DecodeString(word); err == nil && len(word) >= 16 {
			return word
		}
	}
	t.Fatalf("%v says %q", command, out)
	return ""
}
