package web_test

import (
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"unicode/utf8"
)

// A putServer stores what it is sent as nginx does: in a file beside, renamed when
// it is whole. It keeps If-None-Match, and lists nothing by itself.
type putServer struct{ dir string }

func (s putServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	path := strings.TrimPrefix(r.URL.Path, "/dav/")
	name := filepath.Join(s.dir, filepath.FromSlash(path))
	switch {
	case !utf8.ValidString(path):
		http.Error(w, "not UTF-8", http.StatusBadRequest)
	case r.Method == http.MethodPut:
		s.put(w, r, name)
	case r.Method == http.MethodDelete:
		if os.Remove(name) != nil {
			http.NotFound(w, r)
			return
		}
		w.WriteHeader(http.StatusNoContent)
	case r.Method != http.MethodGet && r.Method != http.MethodHead:
		http.Error(w, "no", http.StatusMethodNotAllowed)
	case path == "root/.list.json":
		s.list(w)
	default:
		s.get(w, r, name)
	}
}

func (s putServer) get(w http.ResponseWriter, r *http.Request, name string) {
	f, err := os.Open(name)
	if err != nil {
		http.NotFound(w, r)
		return
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil || info.IsDir() {
		http.NotFound(w, r)
		return
	}
	stat := info.Sys().(*syscall.Stat_t) // two files of one size may be written within one tick of the kernel's clock
	w.Header().Set("ETag", fmt.Sprintf("\"%x-%x-%x\"", stat.Ino, info.ModTime().UnixNano(), info.Size()))
	http.ServeContent(w, r, "clip.bin", info.ModTime(), f)
}

func (s putServer) put(w http.ResponseWriter, r *http.Request, name string) {
	_, err := os.Stat(name)
	if err == nil && r.Header.Get("If-None-Match") == "*" {
		w.WriteHeader(http.StatusPreconditionFailed)
		return
	}
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		w.WriteHeader(http.StatusConflict)
		return
	}
	temporary, err := os.CreateTemp(s.dir, "upload")
	if err != nil {
		w.WriteHeader(http.StatusInternalServerError)
		return
	}
	defer os.Remove(temporary.Name())
	defer temporary.Close()
	if _, err := io.Copy(temporary, r.Body); err != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	if os.Rename(temporary.Name(), name) != nil {
		w.WriteHeader(http.StatusConflict)
		return
	}
	w.WriteHeader(http.StatusCreated)
}

func (s putServer) list(w http.ResponseWriter) {
	root := filepath.Join(s.dir, "root")
	names := []string{}
	_ = filepath.WalkDir(root, func(path string, d fs.DirEntry, _ error) error {
		if !d.IsDir() {
			name, _ := filepath.Rel(root, path)
			names = append(names, name)
		}
		return nil
	})
	_ = json.NewEncoder(w).Encode(names)
}
