package wan

import (
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// The two ends, in the range for measurements (RFC 2544).
const (
	nearAddr = "198.18.77.1"
	farAddr  = "198.18.77.2"
)

// A Wire is a link that stands, until Close.
type Wire struct {
	Namespace string // of the far end
	ends      [2]*os.File
	traffic   [2]traffic // there and back
	closed    chan struct{}
}

// Open makes the link, between this network namespace and a new one.
func Open(l Link, seed uint64) (_ *Wire, err error) {
	w := &Wire{Namespace: fmt.Sprintf("gantry-wan-%d", os.Getpid()), closed: make(chan struct{})}
	defer func() {
		if err != nil {
			w.Close()
		}
	}()
	names := [2]string{fmt.Sprintf("gwn%d", os.Getpid()%1e6), fmt.Sprintf("gwf%d", os.Getpid()%1e6)}
	for i, name := range names {
		if w.ends[i], err = tun(name); err != nil {
			return nil, err
		}
	}
	for _, command := range []string{
		"netns add " + w.Namespace,
		"link set " + names[1] + " netns " + w.Namespace,
		"addr add " + nearAddr + " peer " + farAddr + " dev " + names[0],
		"link set " + names[0] + " txqueuelen 10000 up", // the queue is the link's own
		"-n " + w.Namespace + " addr add " + farAddr + " peer " + nearAddr + " dev " + names[1],
		"-n " + w.Namespace + " link set " + names[1] + " txqueuelen 10000 up",
		"-n " + w.Namespace + " link set lo up",
	} {
		if out, err := exec.Command("ip", strings.Fields(command)...).CombinedOutput(); err != nil {
			return nil, fmt.Errorf("ip %s: %w: %s", command, err, out)
		}
	}
	go carry(w.ends[0], w.ends[1], direction{link: l, random: rand.New(rand.NewPCG(seed, 1))}, &w.traffic[0])
	go carry(w.ends[1], w.ends[0], direction{link: l, random: rand.New(rand.NewPCG(seed, 2))}, &w.traffic[1])
	return w, nil
}

// Close takes the link down.
func (w *Wire) Close() {
	close(w.closed)
	for _, end := range w.ends {
		if end != nil {
			_ = end.Close()
		}
	}
	_ = exec.Command("ip", "netns", "del", w.Namespace).Run()
}

// tun makes a device whose packets are read from and written to the file.
func tun(name string) (*os.File, error) {
	fd, err := unix.Open("/dev/net/tun", unix.O_RDWR|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, fmt.Errorf("open /dev/net/tun: %w", err)
	}
	request, err := unix.NewIfreq(name)
	if err != nil {
		return nil, err
	}
	request.SetUint16(unix.IFF_TUN | unix.IFF_NO_PI)
	if err := unix.IoctlIfreq(fd, unix.TUNSETIFF, request); err != nil {
		_ = unix.Close(fd)
		return nil, fmt.Errorf("make the device %s: %w", name, err)
	}
	return os.NewFile(uintptr(fd), name), nil
}

// A packet is on its way.
type packet struct {
	data    []byte
	arrives time.Time
}

// ahead has the calling goroutine go before the programs that are measured: a link that
// waits for a processor passes nothing, and then loses what has piled up.
func ahead() {
	runtime.LockOSThread() // until it ends, and the thread with it
	_ = unix.Setpriority(unix.PRIO_PROCESS, unix.Gettid(), -20)
}

// carry takes packets from one end to the other, until one of them is closed.
func carry(from, to *os.File, d direction, seen *traffic) {
	way := make(chan packet, 1<<16)
	ahead()
	go func() {
		ahead()
		for p := range way {
			if wait := time.Until(p.arrives); wait > 0 {
				time.Sleep(wait)
			}
			_, _ = to.Write(p.data) // a device that takes no more has lost it
		}
	}()
	defer close(way)
	for {
		buffer := make([]byte, 2048)
		n, err := from.Read(buffer)
		if err != nil {
			return
		}
		if at, ok := d.pass(time.Now(), n); ok {
			seen.bytes.Add(int64(n))
			way <- packet{buffer[:n], at}
		} else {
			seen.lost.Add(1)
		}
	}
}
