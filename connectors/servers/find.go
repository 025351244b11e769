package servers

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// remedies tell how to get the tools that this package and its callers start.
var remedies = map[string]string{
	"sshd":      "apt-get install openssh-server",
	"sftp":      "apt-get install openssh-client",
	"ssh":       "apt-get install openssh-client",
	"versitygw": "make tools",
	"ffmpeg":    "apt-get install ffmpeg",
	"ffprobe":   "apt-get install ffmpeg",
	"bwrap":     "apt-get install bubblewrap",
	"xxhsum":    "apt-get install xxhash",
	"mkfs.ext4": "apt-get install e2fsprogs",
	"mkfs.xfs":  "apt-get install xfsprogs",
	"xmllint":   "apt-get install libxml2-utils",
	"vsftpd":    "make test-tools",
	"proftpd":   "make test-tools",
	"pure-ftpd": "make test-tools",
	"pure-pw":   "make test-tools",
}

// unpacked are the folders of programs in a tree of packages that were unpacked
// and not installed.
var unpacked = []string{"ftpd/usr/sbin", "ftpd/usr/bin"}

// Find gives the absolute path of a program. It looks in $GANTRY_TOOLS, beside
// the running executable, in .tools of the folder above it, of the working directory and of each parent
// that holds a go.mod, in the packages unpacked in these folders, in $PATH, and in /usr/sbin. The error
// says in one line how to install the program.
func Find(tool string) (string, error) {
	for _, dir := range folders() {
		// LookPath of a name with a slash only checks that it is executable.
		for _, below := range append([]string{""}, unpacked...) {
			if found, err := exec.LookPath(filepath.Join(dir, below, tool)); err == nil {
				return filepath.Abs(found)
			}
		}
	}
	if found, err := exec.LookPath(tool); err == nil {
		return filepath.Abs(found)
	}
	if found, err := exec.LookPath(filepath.Join("/usr/sbin", tool)); err == nil {
		return found, nil
	}
	remedy, ok := remedies[tool]
	if !ok {
		remedy = "apt-get install " + tool
	}
	return "", fmt.Errorf("%s is not installed: %s", tool, remedy)
}

func folders() []string {
	var dirs []string
	if dir := os.Getenv("GANTRY_TOOLS"); dir != "" {
		dirs = append(dirs, dir)
	}
	if self, err := os.Executable(); err == nil {
		beside := filepath.Dir(self)
		dirs = append(dirs, beside, filepath.Join(filepath.Dir(beside), ".tools"))
	}
	here, err := os.Getwd()
	if err != nil {
		return dirs
	}
	dirs = append(dirs, filepath.Join(here, ".tools"))
	for parent := here; ; parent = filepath.Dir(parent) {
		if _, err := os.Stat(filepath.Join(parent, "go.mod")); err == nil && parent != here {
			dirs = append(dirs, filepath.Join(parent, ".tools"))
		}
		if parent == filepath.Dir(parent) {
			return dirs
		}
	}
}

// librariesFor is the environment in which an unpacked program finds the shared
// libraries that were unpacked with it.
func librariesFor(bin string) []string {
	found, err := filepath.Glob(filepath.Join(filepath.Dir(filepath.Dir(bin)), "lib", "*-linux-*"))
	if err != nil || len(found) == 0 || !strings.HasSuffix(filepath.Dir(filepath.Dir(bin)), "/ftpd/usr") {
		return nil
	}
	return []string{"LD_LIBRARY_PATH=" + strings.Join(found, ":")}
}
