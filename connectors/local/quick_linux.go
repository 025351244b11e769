package local

import (
	"errors"
	"os"
	"runtime"
	"strings"

	"golang.org/x/sys/unix"

	"gantry/connectors/promise"
)

// What is done here by handles of folders is what [os.Root] does, but for opening the
// folders anew each time and asking whether a file can be waited for. Names are single
// elements, and no link is followed.

// createIn makes a file in a folder that is open.
func createIn(dir *os.File, name string) (*os.File, error) {
	defer runtime.KeepAlive(dir)
	var fd int
	err := again(func() (err error) {
		fd, err = unix.Openat(int(dir.Fd()), name, unix.O_CREAT|unix.O_EXCL|unix.O_RDWR|unix.O_CLOEXEC|unix.O_NOFOLLOW, 0o666)
		return err
	})
	if err != nil {
		return nil, err
	}
	return os.NewFile(uintptr(fd), promise.StagedPath(name)), nil
}

// lacks tells that there is nothing at a path, under no spelling that the file system
// takes for it. false says nothing.
func (g *grip) lacks(path string) bool {
	dir := g.folder()
	if dir == nil || strings.Contains(path, "/") {
		return false
	}
	defer runtime.KeepAlive(dir)
	var s unix.Stat_t
	return errors.Is(unix.Fstatat(int(dir.Fd()), path, &s, unix.AT_SYMLINK_NOFOLLOW), unix.ENOENT)
}

// isStaged tells whether f is what the folder of uploads has under a name. false says
// nothing.
func (g *grip) isStaged(f os.FileInfo, name string) bool {
	dir := g.folder()
	if dir == nil {
		return false
	}
	defer runtime.KeepAlive(dir)
	var s unix.Stat_t
	err := unix.Fstatat(int(dir.Fd()), promise.StagedPath(name), &s, unix.AT_SYMLINK_NOFOLLOW)
	return err == nil && folderID{s.Dev, s.Ino} == identify(f)
}

// rename puts an upload at a path. done is false if it has to be done otherwise.
func (g *grip) rename(name, path string) (done bool, err error) {
	stage, dir := g.staging(), g.folder()
	defer stage.done()
	if stage == nil || dir == nil || strings.Contains(path, "/") {
		return false, nil
	}
	defer runtime.KeepAlive(dir)
	err = again(func() error { return unix.Renameat(int(stage.dir.Fd()), name, int(dir.Fd()), path) })
	return !errors.Is(err, unix.ENOENT), err
}
