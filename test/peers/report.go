package main

import (
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"time"
)

// A report is all outcomes, and where they were measured.
type report struct {
	At       time.Time  `json:"at"`
	Machine  string     `json:"machine"`
	Load     string     `json:"load"` // of the machine, before
	Dir      string     `json:"dir"`
	Sizes    sizes      `json:"sizes"`
	Versions []string   `json:"versions"`
	Outcomes []*outcome `json:"outcomes"`
}

func newReport(w *world) *report {
	return &report{
		At: time.Now().UTC().Truncate(time.Second), Machine: machine(), Load: strings.TrimSpace(read("/proc/loadavg")),
		Dir: w.dir, Sizes: w.sizes, Versions: versions(),
	}
}

func (r *report) head() string {
	return fmt.Sprintf("%s\n%s; load %s; files in %s; %d rounds, median (least–greatest)\n%s\n",
		r.At.Format(time.RFC3339), r.Machine, r.Load, r.Dir, r.Sizes.Runs, strings.Join(r.Versions, "; "))
}

func machine() string {
	model := "processor not known"
	for line := range strings.Lines(read("/proc/cpuinfo")) {
		if name, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(name) == "model name" {
			model = strings.TrimSpace(value)
			break
		}
	}
	return fmt.Sprintf("%d × %s, %s %s", runtime.NumCPU(), model, runtime.GOOS, strings.TrimSpace(read("/proc/sys/kernel/osrelease")))
}

func read(name string) string {
	data, _ := os.ReadFile(name) // what is not there is left out
	return string(data)
}

// versions asks the peers that are installed.
func versions() (list []string) {
	for _, argv := range [][]string{
		{"rclone", "version"},
		{"lftp", "--version"},
		{"curl", "--version"},
		{"ssh", "-V"},
		{"rsync", "--version"},
		{"s5cmd", "version"},
		{"mc", "--version"},
	} {
		if out, err := exec.Command(argv[0], argv[1:]...).CombinedOutput(); err == nil {
			line, _, _ := strings.Cut(strings.TrimSpace(string(out)), "\n")
			list = append(list, argv[0]+": "+line)
		}
	}
	return list
}
