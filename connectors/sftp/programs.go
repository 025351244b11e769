package sftp

import (
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"gantry/connectors"
)

// A program of the server computes a digest of its standard input.
type program struct {
	algorithm connectors.Algorithm
	command   string
	rate      int64 // bytes/s that it digests on one core of a server, or a little less
}

// programs are those that are tried, by what they cost: xxhsum reads as fast as memory
// goes, OpenSSL has the processor's instructions for SHA, the tools of older GNU coreutils
// do not. Those of the BSDs and of macOS come last. Where a digest is had by one, the
// others are not tried.
var programs = []program{
	{connectors.XXH128, "xxhsum -H2 -", 4 << 30},
	{connectors.SHA256, "openssl dgst -sha256 -r", 1 << 30},
	{connectors.SHA1, "openssl dgst -sha1 -r", 1 << 30},
	{connectors.MD5, "md5sum", 500 << 20},
	{connectors.MD5, "md5 -q", 500 << 20},
	{connectors.MD5, "openssl dgst -md5 -r", 500 << 20},
	{connectors.SHA1, "sha1sum", 500 << 20},
	{connectors.SHA1, "sha1 -q", 500 << 20},
	{connectors.SHA1, "shasum -a 1", 500 << 20},
	{connectors.SHA256, "sha256sum", 250 << 20},
	{connectors.SHA256, "sha256 -q", 250 << 20},
	{connectors.SHA256, "shasum -a 256", 250 << 20},
}

// hexLength is how many digits the digests have.
var hexLength = map[connectors.Algorithm]int{connectors.XXH128: 32, connectors.MD5: 32, connectors.SHA1: 40, connectors.SHA256: 64}

// elsewhere are folders in which programs are that a login without a terminal does not look in.
const elsewhere = "PATH=$PATH:/usr/local/bin:/opt/homebrew/bin:/opt/local/bin:/usr/pkg/bin\n"

// quoted writes a name for a shell as POSIX has it: no byte of it means anything.
func quoted(name string) string { return "'" + strings.ReplaceAll(name, "'", `'\''`) + "'" }

// newMark gives a word with which the lines begin that are ours.
func newMark() string { return "gantry-" + strings.ToLower(rand.Text()) }

// trialScript has the programs digest a file, and print for each that can a line with its
// number. Who has the first one, whose digest costs least, needs no other.
func trialScript(mark, file string) string {
	var b strings.Builder
	b.WriteString("{\n" + elsewhere)
	fmt.Fprintf(&b, "f=%s\n", quoted(file))
	fmt.Fprintf(&b, "try() { o=`$2 <\"$f\" 2>/dev/null` || return 1; echo; echo \"%s $1 $o\"; }\n", mark)
	chains, order := map[connectors.Algorithm][]string{}, []connectors.Algorithm{}
	for i, p := range programs[1:] {
		if chains[p.algorithm] == nil {
			order = append(order, p.algorithm)
		}
		chains[p.algorithm] = append(chains[p.algorithm], fmt.Sprintf("try %d '%s'", i+1, p.command))
	}
	fmt.Fprintf(&b, "try 0 '%s' || {\n", programs[0].command)
	for _, a := range order {
		b.WriteString(strings.Join(chains[a], " || ") + "\n")
	}
	fmt.Fprintf(&b, "}\necho; echo '%s end'\nexit\n}\n", mark)
	return b.String()
}

// tried reads what the trial has printed: the digests by the number of the program.
func tried(mark, printed string) map[int]string {
	sums := map[int]string{}
	for line := range strings.Lines(printed) {
		rest, ours := strings.CutPrefix(strings.TrimSpace(line), mark+" ")
		number, words, _ := strings.Cut(rest, " ")
		i, err := strconv.Atoi(number)
		if !ours || err != nil || i < 0 || i >= len(programs) {
			continue
		}
		if sum := sumOf(programs[i].algorithm, words); sum != "" {
			sums[i] = sum
		}
	}
	return sums
}

// digestScript has one program digest one file. It ends what it began when its standard
// input ends, as it does when the connection is lost: nobody waits any more then.
func digestScript(mark, command, file string) string {
	return "{\n" + elsewhere + "exec 3<&0\n" +
		"echo; echo '" + mark + " begin'\n" +
		"{ exec " + command + " <" + quoted(file) + " 3<&-; } &\np=$!\n" +
		"{ read x <&3; kill $p; } >/dev/null 2>&1 &\nr=$!\n" +
		"wait $p; s=$?\nkill $r 2>/dev/null\n" +
		"echo; echo \"" + mark + " end $s\"\nexit\n}\n"
}

// digested reads what a digest's script has printed. ok is false where the program failed.
func digested(mark, printed string, a connectors.Algorithm) (sum string, ok bool) {
	_, printed, _ = strings.Cut(printed, mark+" begin\n")
	words, status, _ := strings.Cut(printed, "\n"+mark+" end ")
	sum = sumOf(a, words)
	return sum, sum != "" && strings.TrimSpace(status) == "0"
}

var hexWord = regexp.MustCompile(`\b[0-9A-Fa-f]+\b`)

// sumOf finds the digest in what a program prints, "" if there is none.
func sumOf(a connectors.Algorithm, printed string) string {
	for _, word := range hexWord.FindAllString(printed, -1) {
		if _, err := hex.DecodeString(word); err == nil && len(word) == hexLength[a] {
			return strings.ToLower(word)
		}
	}
	return ""
}
