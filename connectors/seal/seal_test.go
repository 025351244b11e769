package seal_test

import (
	"bytes"
	"crypto/ed25519"
	"encoding/pem"
	"errors"
	"io"
	"strings"
	"testing"

	"filippo.io/age"
	"golang.org/x/crypto/ssh"
	"pgregory.net/rapid"

	"gantry/connectors"
	"gantry/connectors/seal"
)

func newKey(t *testing.T) (public string, private seal.Keys) {
	t.Helper()
	id, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	keys, err := seal.ParseKeys([]byte("# a key\n" + id.String() + "\n"))
	if err != nil {
		t.Fatal(err)
	}
	return id.Recipient().String(), keys
}

func newSSHKey(t *testing.T) (public string, private seal.Keys) {
	t.Helper()
	pub, priv, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	block, err := ssh.MarshalPrivateKey(priv, "")
	if err != nil {
		t.Fatal(err)
	}
	key, err := ssh.NewPublicKey(pub)
	if err != nil {
		t.Fatal(err)
	}
	keys, err := seal.ParseKeys(pem.EncodeToMemory(block))
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(ssh.MarshalAuthorizedKey(key))), keys
}

func TestWhatIsPackedOpensAgain(t *testing.T) {
	public, private := newKey(t)
	sshPublic, sshPrivate := newSSHKey(t)
	for name, c := range map[string]struct {
		seal   seal.Seal
		keys   seal.Keys
		suffix string
	}{
		"compressed": {seal.Seal{Compress: seal.Zstd}, seal.Keys{}, ".zst"},
		"encrypted":  {seal.Seal{EncryptTo: []string{public}}, private, ".age"},
		"both":       {seal.Seal{Compress: seal.Zstd, EncryptTo: []string{public, sshPublic}}, private, ".zst.age"},
		"by SSH key": {seal.Seal{EncryptTo: []string{sshPublic}}, sshPrivate, ".age"},
	} {
		t.Run(name, func(t *testing.T) {
			if err := c.seal.Check(); err != nil || c.seal.None() || c.seal.Suffix() != c.suffix {
				t.Fatalf("%v, %q", err, c.seal.Suffix())
			}
			rapid.Check(t, func(t *rapid.T) {
				data := rapid.SliceOfN(rapid.Byte(), 0, 200_000).Draw(t, "data")
				var packed, opened bytes.Buffer
				if err := c.seal.Apply(&packed, bytes.NewReader(data)); err != nil {
					t.Fatal(err)
				}
				o, err := c.keys.Opener("a/clip.mxf" + c.suffix)
				if err != nil {
					t.Fatal(err)
				}
				if err := o.Apply(&opened, &packed); err != nil || !bytes.Equal(opened.Bytes(), data) {
					t.Fatalf("%v: %d bytes of %d", err, opened.Len(), len(data))
				}
			})
		})
	}
}

func TestWhatIsAlteredOrCutIsRefused(t *testing.T) {
	public, private := newKey(t)
	s := seal.Seal{Compress: seal.Zstd, EncryptTo: []string{public}}
	var packed bytes.Buffer
	if err := s.Apply(&packed, strings.NewReader(strings.Repeat("essence ", 50_000))); err != nil {
		t.Fatal(err)
	}
	rapid.Check(t, func(t *rapid.T) {
		data := bytes.Clone(packed.Bytes())
		at := rapid.IntRange(0, len(data)-1).Draw(t, "at")
		if rapid.Bool().Draw(t, "cut") {
			data = data[:at]
		} else {
			data[at] ^= 1 << rapid.IntRange(0, 7).Draw(t, "bit")
		}
		o, err := private.Opener("clip.zst.age")
		if err != nil {
			t.Fatal(err)
		}
		err = o.Apply(io.Discard, bytes.NewReader(data))
		if kind := connectors.KindOf(err); kind != connectors.KindIntegrity && kind != connectors.KindAuth {
			t.Fatalf("got %v", err)
		}
	})
}

// A packed file that is cut anywhere is not taken for a shorter one, or for an empty one.
func TestWhatIsCutAnywhereIsRefused(t *testing.T) {
	public, private := newKey(t)
	for name, s := range map[string]seal.Seal{
		"clip.zst":     {Compress: seal.Zstd},
		"clip.age":     {EncryptTo: []string{public}},
		"clip.zst.age": {Compress: seal.Zstd, EncryptTo: []string{public}},
	} {
		var packed bytes.Buffer
		if err := s.Apply(&packed, strings.NewReader(strings.Repeat("essence ", 50))); err != nil {
			t.Fatal(err)
		}
		o, err := private.Opener(name)
		if err != nil {
			t.Fatal(err)
		}
		for at := range packed.Len() {
			if err := o.Apply(io.Discard, bytes.NewReader(packed.Bytes()[:at])); connectors.KindOf(err) != connectors.KindIntegrity {
				t.Errorf("%s of %d bytes, cut at %d: %v", name, packed.Len(), at, err)
			}
		}
	}
}

func TestAnotherKeyDoesNotOpen(t *testing.T) {
	public, _ := newKey(t)
	_, other := newKey(t)
	var packed bytes.Buffer
	if err := (seal.Seal{EncryptTo: []string{public}}).Apply(&packed, strings.NewReader("essence")); err != nil {
		t.Fatal(err)
	}
	o, err := other.Opener("clip.age")
	if err != nil {
		t.Fatal(err)
	}
	if err := o.Apply(io.Discard, &packed); connectors.KindOf(err) != connectors.KindAuth {
		t.Fatalf("got %v", err)
	}
}

func TestErrorsOfThePlaceStayTheirs(t *testing.T) {
	public, private := newKey(t)
	broken := connectors.Errorf(connectors.KindUnavailable, "read", "clip", "the link is down")
	o, err := private.Opener("clip.age")
	if err != nil {
		t.Fatal(err)
	}
	if err := o.Apply(io.Discard, failing{broken}); !errors.Is(err, broken) {
		t.Errorf("opened: %v", err)
	}
	if err := (seal.Seal{EncryptTo: []string{public}}).Apply(io.Discard, failing{broken}); !errors.Is(err, broken) {
		t.Errorf("packed: %v", err)
	}
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

func TestOptionsThatMakeNoSenseAreRefused(t *testing.T) {
	id, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	for name, options := range map[string]map[string]string{
		"no key":            {seal.OptionEncryptTo: "bob"},
		"a private key":     {seal.OptionEncryptTo: id.String()},
		"other compression": {seal.OptionCompress: "rar"},
		"a broken SSH key":  {seal.OptionEncryptTo: "ssh-ed25519 AAAA"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := seal.Read(func(name string) string { return options[name] })
			if connectors.KindOf(err) != connectors.KindInvalid {
				t.Fatalf("got %v", err)
			}
			if strings.Contains(err.Error(), id.String()) {
				t.Fatalf("the private key is in the error: %v", err)
			}
		})
	}
	if _, err := seal.ParseKeys([]byte("AGE-SECRET-KEY-1QQQ")); connectors.KindOf(err) != connectors.KindInvalid || strings.Contains(err.Error(), "1QQQ") {
		t.Errorf("got %v", err)
	}
	if _, err := (seal.Keys{}).Opener("clip.age"); connectors.KindOf(err) != connectors.KindInvalid {
		t.Errorf("got %v", err)
	}
	if _, err := (seal.Keys{}).Opener("clip.mxf"); connectors.KindOf(err) != connectors.KindInvalid {
		t.Errorf("got %v", err)
	}
}

func TestStem(t *testing.T) {
	for name, want := range map[string]string{"a.mxf.zst.age": "a.mxf", "a.zst": "a", "a.age": "a", "a.age.zst": "a.age", ".age": "", "x/.zst": "x/", "a": "a"} {
		stem, ok := seal.Stem(name)
		if stem != want || ok != (want != name && want != "" && !strings.HasSuffix(want, "/")) {
			t.Errorf("%q: %q, %v", name, stem, ok)
		}
	}
}
