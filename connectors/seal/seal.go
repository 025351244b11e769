// Package seal packs files for a place that shall hold less, or shall not be able to
// read them: compressed with zstd, encrypted with age, or both in this order. What it
// makes opens with the programs of those names too:
//
//	age --decrypt -i key.txt match.mxf.zst.age | zstd --decompress > match.mxf
package seal

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"filippo.io/age"
	"filippo.io/age/agessh"
	"github.com/klauspost/compress/zstd"

	"gantry/connectors"
)

// The names of the options.
const (
	OptionEncryptTo = "encryptTo"
	OptionCompress  = "compress"
)

// Options declares the settings that every location may have.
func Options() []connectors.Option {
	return []connectors.Option{
		{
			Name: OptionEncryptTo, Example: "age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p",
			Help: "age or SSH public keys, separated by commas: files sent there are encrypted so that only the holders of the private keys can read them, and get the ending .age",
		},
		{Name: OptionCompress, Example: Zstd, Help: "zstd: files sent there are compressed, and get the ending .zst (before .age)"},
	}
}

// Zstd is the one compression there is.
const Zstd = "zstd"

const (
	endZstd = ".zst"
	endAge  = ".age"
)

// A Seal is how files are packed. The zero Seal does nothing.
type Seal struct {
	EncryptTo []string // public keys, as age and OpenSSH write them
	Compress  string   // Zstd or ""
}

// Read gives the seal that the options say. option gives the value of one.
func Read(option func(name string) string) (Seal, error) {
	s := Seal{Compress: option(OptionCompress)}
	for key := range strings.SplitSeq(option(OptionEncryptTo), ",") {
		if key = strings.TrimSpace(key); key != "" {
			s.EncryptTo = append(s.EncryptTo, key)
		}
	}
	return s, s.Check()
}

// Of gives the seal of a location.
func Of(l connectors.Location) (Seal, error) {
	return Read(func(name string) string { return l.Options[name] })
}

// Without gives a location without these options, for a connector that does not
// know them.
func Without(l connectors.Location) connectors.Location {
	l.Options = maps.Clone(l.Options)
	delete(l.Options, OptionEncryptTo)
	delete(l.Options, OptionCompress)
	return l
}

// Check refuses keys that cannot be read and compressions that there are not.
func (s Seal) Check() error {
	if s.Compress != "" && s.Compress != Zstd {
		return refused(OptionCompress, s.Compress, errors.New("there is no such compression"), "write zstd, or leave it out")
	}
	_, err := s.recipients()
	return err
}

// None tells whether files stay as they are.
func (s Seal) None() bool { return len(s.EncryptTo) == 0 && s.Compress == "" }

// Suffix is what the names of packed files end in.
func (s Seal) Suffix() (suffix string) {
	if s.Compress != "" {
		suffix = endZstd
	}
	if len(s.EncryptTo) > 0 {
		suffix += endAge
	}
	return suffix
}

// Recipe says in one line how files are packed; two seals of the same recipe pack
// alike.
func (s Seal) Recipe() string {
	keys := slices.Sorted(slices.Values(s.EncryptTo))
	return strings.TrimSpace(s.Compress + " " + strings.Join(keys, ","))
}

// Apply packs src into dst. Encrypted twice, the same file gives other bytes.
func (s Seal) Apply(dst io.Writer, src io.Reader) error {
	recipients, err := s.recipients()
	if err != nil {
		return err
	}
	var layers []io.WriteCloser // the outermost last
	if len(recipients) > 0 {
		w, err := age.Encrypt(dst, recipients...)
		if err != nil {
			return fmt.Errorf("encrypt: %w", err)
		}
		layers, dst = append(layers, w), w
	}
	if s.Compress != "" {
		w, err := zstd.NewWriter(dst, zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithEncoderConcurrency(2))
		if err != nil {
			return fmt.Errorf("compress: %w", err)
		}
		layers, dst = append(layers, w), w
	}
	if _, err := io.CopyBuffer(struct{ io.Writer }{dst}, src, make([]byte, 1<<20)); err != nil {
		return err
	}
	for _, layer := range slices.Backward(layers) {
		if err := layer.Close(); err != nil {
			return fmt.Errorf("pack: %w", err)
		}
	}
	return nil
}

func (s Seal) recipients() (list []age.Recipient, err error) {
	for _, key := range s.EncryptTo {
		r, err := recipient(key)
		if err != nil {
			return nil, refused(OptionEncryptTo, key, err, "write a public key: age1…, or an SSH key as ssh-ed25519 AAAA…")
		}
		list = append(list, r)
	}
	return list, nil
}

func recipient(key string) (age.Recipient, error) {
	if strings.HasPrefix(key, "ssh-") {
		return agessh.ParseRecipient(key)
	}
	if strings.HasPrefix(strings.ToUpper(key), "AGE-SECRET-KEY") {
		return nil, errors.New("this is a private key: it belongs to the receiver alone")
	}
	list, err := age.ParseRecipients(strings.NewReader(key))
	if err != nil {
		return nil, errors.New("it does not parse") // age's own words quote the line
	}
	if len(list) != 1 {
		return nil, errors.New("one key is wanted")
	}
	return list[0], nil
}

func refused(option, value string, why error, remedy string) error {
	if strings.HasPrefix(strings.ToUpper(value), "AGE-SECRET-KEY") {
		value = "AGE-SECRET-KEY-***"
	}
	return &connectors.Error{Kind: connectors.KindInvalid, Op: "read option", Path: option, Err: fmt.Errorf("%q: %w", value, why), Remedy: remedy}
}
