package wan

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"

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
	carrier   *exec.Cmd
	hold      io.Closer // ends the carrier
}

// Open makes the link, between this network namespace and a new one. What it carries is
// told to trace, unless that is nil ([trace]). The program has to call [Carry] when it is
// started for that.
func Open(l Link, seed uint64, trace *os.File) (_ *Wire, err error) {
	w := &Wire{Namespace: fmt.Sprintf("gantry-wan-%d", os.Getpid())}
	var ends [2]*os.File
	defer func() {
		for _, end := range ends { // the carrier has its own
			_ = end.Close()
		}
		if err != nil {
			w.Close()
		}
	}()
	names := [2]string{fmt.Sprintf("gwn%d", os.Getpid()%1e6), fmt.Sprintf("gwf%d", os.Getpid()%1e6)}
	for i, name := range names {
		if ends[i], err = tun(name); err != nil {
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
	return w, w.carry(l, seed, ends, trace)
}

// carry starts the program that takes packets from one end to the other.
func (w *Wire) carry(l Link, seed uint64, ends [2]*os.File, trace *os.File) error {
	w.carrier = exec.Command(os.Args[0])
	w.carrier.Env = append(os.Environ(), l.order(seed))
	w.carrier.ExtraFiles, w.carrier.Stderr = ends[:], os.Stderr
	if trace != nil {
		w.carrier.Stdout = trace
	}
	in, err := w.carrier.StdinPipe()
	if err != nil {
		return err
	}
	w.hold = in
	return w.carrier.Start()
}

// Close takes the link down.
func (w *Wire) Close() {
	if w.carrier != nil && w.carrier.Process != nil {
		_ = w.hold.Close()
		_ = w.carrier.Wait()
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
		return nil, errors.Join(err, unix.Close(fd))
	}
	request.SetUint16(unix.IFF_TUN | unix.IFF_NO_PI)
	if err := unix.IoctlIfreq(fd, unix.TUNSETIFF, request); err != nil {
		_ = unix.Close(fd)
		return nil, fmt.Errorf("make the device %s: %w", name, err)
	}
	return os.NewFile(uintptr(fd), name), nil
}
