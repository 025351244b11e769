package main

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"gantry/connectors/seal"
	"gantry/transfer"
)

// packing is how files are packed or unpacked on their way.
type packing struct {
	encryptTo   []string
	compress    string
	decryptWith string
	unpack      bool

	seal seal.Seal
	keys seal.Keys
}

func (p *packing) flags(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringArrayVar(&p.encryptTo, "encrypt-to", nil, "age or SSH public key: encrypt the files on their way, so that only the holder of the private key can read them; may be given more than once")
	flags.StringVar(&p.compress, "compress", "", "zstd: compress the files on their way")
	flags.StringVar(&p.decryptWith, "decrypt-with", "", "file with an age or SSH private key: unpack the files, which end in .age or .zst.age")
	flags.BoolVar(&p.unpack, "decompress", false, "unpack the files, which end in .zst")
	_ = cmd.RegisterFlagCompletionFunc("compress", cobra.FixedCompletions([]string{seal.Zstd}, cobra.ShellCompDirectiveNoFileComp))
	_ = cmd.MarkFlagFilename("decrypt-with")
}

// read takes what the flags say, else what the destination's location asks for.
func (p *packing) read(to *spot) (err error) {
	if p.unpack = p.unpack || p.decryptWith != ""; p.unpack {
		if len(p.encryptTo) > 0 || p.compress != "" {
			return coded(exitUsage, errors.New("files are either packed or unpacked: leave one out"))
		}
		return p.readKeys()
	}
	if p.seal, err = seal.Of(to.location); err != nil {
		return err
	}
	if len(p.encryptTo) > 0 {
		p.seal.EncryptTo = p.encryptTo
	}
	if p.compress != "" {
		p.seal.Compress = p.compress
	}
	if err := p.seal.Check(); err != nil {
		return coded(exitUsage, err)
	}
	return nil
}

func (p *packing) readKeys() error {
	if p.decryptWith == "" {
		return nil
	}
	data, err := os.ReadFile(p.decryptWith)
	if err != nil {
		return fmt.Errorf("read the private key: %w", err)
	}
	p.keys, err = seal.ParseKeys(data)
	return err
}

func (p *packing) any() bool { return p.unpack || !p.seal.None() }

// name is what a file is called at the destination. An ending that was typed is not
// put there twice.
func (p *packing) name(source, target string) string {
	suffix := p.seal.Suffix()
	switch {
	case p.unpack:
		target, _ = seal.Stem(target)
		return target
	case strings.HasSuffix(target, suffix) && !strings.HasSuffix(source, suffix):
		return target
	}
	return target + suffix
}

// pack gives nil where files stay as they are.
func (p *packing) pack(source string) (transfer.Pack, error) {
	switch {
	case p.unpack:
		return p.keys.Opener(source)
	case p.seal.None():
		return nil, nil
	}
	return p.seal, nil
}
