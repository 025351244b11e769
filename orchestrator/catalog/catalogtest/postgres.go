// Package catalogtest gives tests a catalogue of each kind: on a SQLite file, and
// on a PostgreSQL server of the test's own.
package catalogtest

import (
	"context"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"gantry/orchestrator/catalog"
)

const startTimeout = 60 * time.Second

// A Server is a private PostgreSQL server. It listens on a socket in a folder of
// its own and ends with the test.
type Server struct {
	socket    string
	databases atomic.Int64
}

// StartPostgres starts a server.
func StartPostgres(t testing.TB) *Server {
	t.Helper()
	initdb, postgres := binary(t, "initdb"), binary(t, "postgres")
	dir, err := os.MkdirTemp("/tmp", "gantry-pg") // a socket's path is at most 107 bytes long
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	attributes := asOtherUser(t, dir)
	run := func(name string, args ...string) *exec.Cmd {
		cmd := exec.Command(name, args...)
		cmd.Dir, cmd.SysProcAttr = dir, attributes
		cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "LC_ALL=C", "HOME=" + dir}
		return cmd
	}
	data := filepath.Join(dir, "data")
	if out, err := run(initdb, "-D", data, "-U", "gantry", "-A", "trust", "-E", "UTF8", "--no-sync").CombinedOutput(); err != nil {
		t.Fatalf("initdb: %v\n%s", err, out)
	}
	server := run(postgres, "-D", data, "-k", dir, "-c", "listen_addresses=", "-c", "fsync=off", "-c", "max_connections=200")
	log, err := os.Create(filepath.Join(dir, "log"))
	if err != nil {
		t.Fatal(err)
	}
	server.Stdout, server.Stderr = log, log
	stop, err := keep(server)
	if err != nil {
		t.Fatalf("start postgres: %v", err)
	}
	_ = log.Close()
	t.Cleanup(stop)
	s := &Server{socket: dir}
	s.await(t)
	return s
}

// keep starts a server that ends when stop is called, or when this process ends:
// the kernel counts the thread that started it, so that thread is kept.
func keep(server *exec.Cmd) (stop func(), err error) {
	started, ended := make(chan error), make(chan struct{})
	go func() {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		defer close(ended)
		err := server.Start()
		started <- err
		if err == nil {
			_ = server.Wait()
		}
	}()
	if err := <-started; err != nil {
		return nil, err
	}
	return func() {
		_ = server.Process.Signal(os.Interrupt)
		<-ended
	}, nil
}

// Database makes an empty database and gives its address.
func (s *Server) Database(t testing.TB) string {
	t.Helper()
	name := fmt.Sprintf("gantry%d", s.databases.Add(1))
	conn, err := pgx.Connect(t.Context(), s.address("postgres"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := conn.Exec(t.Context(), "CREATE DATABASE "+name); err != nil {
		t.Fatal(err)
	}
	_ = conn.Close(t.Context())
	return s.address(name)
}

func (s *Server) address(database string) string {
	u := url.URL{Scheme: "postgres", User: url.User("gantry"), Path: "/" + database, RawQuery: url.Values{"host": {s.socket}}.Encode()}
	return u.String()
}

func (s *Server) await(t testing.TB) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), startTimeout)
	defer cancel()
	for {
		conn, err := pgx.Connect(ctx, s.address("postgres"))
		if err == nil {
			_ = conn.Close(ctx)
			return
		}
		select {
		case <-ctx.Done():
			log, _ := os.ReadFile(filepath.Join(s.socket, "log"))
			t.Fatalf("postgres does not answer: %v\n%s", err, log)
		case <-time.After(50 * time.Millisecond):
		}
	}
}

func binary(t testing.TB, name string) string {
	t.Helper()
	if path, err := exec.LookPath(name); err == nil {
		return path
	}
	found, _ := filepath.Glob("/usr/lib/postgresql/*/bin/" + name)
	if len(found) == 0 {
		t.Fatal("PostgreSQL is not installed: apt-get install postgresql")
	}
	return slices.Max(found)
}

// SQLite gives the address of a SQLite file that does not exist yet.
func SQLite(t testing.TB) string {
	u := url.URL{Scheme: "sqlite", Path: filepath.Join(t.TempDir(), "gantry.db")}
	return u.String()
}

// Open opens a catalogue that is closed when the test ends.
func Open(t testing.TB, address string) *catalog.Store {
	t.Helper()
	s, err := catalog.Open(t.Context(), address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// OnBoth runs a test on each kind of database. fresh gives the address of an
// empty one.
func OnBoth(t *testing.T, test func(t *testing.T, fresh func(t testing.TB) string)) {
	t.Run("sqlite", func(t *testing.T) { test(t, SQLite) })
	t.Run("postgres", func(t *testing.T) { test(t, StartPostgres(t).Database) })
}
