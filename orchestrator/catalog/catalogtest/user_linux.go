package catalogtest

import (
	"os"
	"os/user"
	"strconv"
	"syscall"
	"testing"
)

// asOtherUser makes a command run as somebody else, who then owns dir, where this
// process is root: PostgreSQL refuses to run as root.
func asOtherUser(t testing.TB, dir string) *syscall.SysProcAttr {
	t.Helper()
	attributes := &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGINT}
	if os.Geteuid() != 0 {
		return attributes
	}
	other, err := user.Lookup("postgres")
	if err != nil {
		t.Fatal("there is no user postgres: apt-get install postgresql")
	}
	uid, uidErr := strconv.ParseUint(other.Uid, 10, 32)
	gid, gidErr := strconv.ParseUint(other.Gid, 10, 32)
	if uidErr != nil || gidErr != nil {
		t.Fatalf("the user postgres has the IDs %s and %s", other.Uid, other.Gid)
	}
	if err := os.Chown(dir, int(uid), int(gid)); err != nil {
		t.Fatal(err)
	}
	attributes.Credential = &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
	return attributes
}
