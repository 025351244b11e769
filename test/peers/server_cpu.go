package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// tick is what /proc counts in: the kernel gives it as a hundredth of a second to
// everybody.
const tick = 10 * time.Millisecond

// spent is the CPU time of processes, of all below them, and of those that they have
// waited for; 0 where the system has no /proc.
func spent(pids ...int) (sum time.Duration) {
	if len(pids) == 0 {
		return 0
	}
	below, times := map[int][]int{}, map[int]time.Duration{}
	names, _ := filepath.Glob("/proc/[0-9]*/stat") // the pattern is good
	for _, name := range names {
		text, err := os.ReadFile(name)
		if err != nil {
			continue // it has ended
		}
		if pid, parent, cpu, ok := parseStat(string(text)); ok {
			below[parent], times[pid] = append(below[parent], pid), cpu
		}
	}
	for len(pids) > 0 {
		pid := pids[0]
		pids = append(pids[1:len(pids):len(pids)], below[pid]...)
		sum += times[pid]
	}
	return sum
}

// parseStat reads /proc/PID/stat (proc(5)). The name in it may have spaces and brackets.
func parseStat(text string) (pid, parent int, cpu time.Duration, ok bool) {
	end := strings.LastIndexByte(text, ')')
	if end < 0 {
		return 0, 0, 0, false
	}
	if _, err := fmt.Sscan(text, &pid); err != nil {
		return 0, 0, 0, false
	}
	fields := strings.Fields(text[end+1:])
	const ppid, utime, cstime = 1, 11, 14 // after the state, which is the third field
	if len(fields) <= cstime {
		return 0, 0, 0, false
	}
	parent, err := strconv.Atoi(fields[ppid])
	for _, field := range fields[utime : cstime+1] {
		ticks, failed := strconv.ParseInt(field, 10, 64)
		if failed != nil {
			err = failed
		}
		cpu += time.Duration(ticks) * tick
	}
	return pid, parent, cpu, err == nil
}
