package asperatest

import (
	"encoding/json"
	"encoding/pem"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"sync"
	"testing"
	"time"
)

// A Node is a Node API on the folder of an Ascp.
type Node struct {
	URL    string
	CAFile string // for the option caFile
	Host   string // that ascp is sent to

	// Twist may answer in place of the API, or change its answer. It is called with
	// the path, the request and what the API would answer. Set it before the first call.
	Twist func(call string, request, answer map[string]any) (status int, twisted any)

	// Refuse tells with which status a call is refused, and not done; 0 = it is done.
	// Set it before the first call.
	Refuse func(call string, request map[string]any) (status int)

	t    testing.TB
	ascp *Ascp

	mu        sync.Mutex
	calls     []string
	tokens    int
	transfers map[string]map[string]any
}

// NodeUser and NodePassword log in by Basic; NodeToken is a bearer token.
const (
	NodeUser     = "node_media"
	NodePassword = "battery-staple"
	NodeToken    = "bearer-of-news"
)

// NewNode starts one.
func NewNode(t testing.TB, a *Ascp) *Node {
	t.Helper()
	n := &Node{t: t, ascp: a, Host: "127.0.0.1", transfers: map[string]map[string]any{}}
	server := httptest.NewTLSServer(http.HandlerFunc(n.serve))
	t.Cleanup(server.Close)
	n.URL, n.CAFile = server.URL, filepath.Join(t.TempDir(), "ca.pem")
	must(t, os.WriteFile(n.CAFile, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw}), 0o600))
	return n
}

// Calls lists what was asked for, as "POST files/browse".
func (n *Node) Calls() []string {
	n.mu.Lock()
	defer n.mu.Unlock()
	return append([]string(nil), n.calls...)
}

func (n *Node) serve(w http.ResponseWriter, r *http.Request) {
	n.mu.Lock()
	defer n.mu.Unlock()
	call := strings.TrimPrefix(r.URL.Path, "/")
	n.calls = append(n.calls, r.Method+" "+call)
	user, password, basic := r.BasicAuth()
	if !(basic && user == NodeUser && password == NodePassword) && r.Header.Get("Authorization") != "Bearer "+NodeToken {
		reply(w, http.StatusUnauthorized, map[string]any{"error": map[string]any{"code": 401, "reason": "Unauthorized", "user_message": "wrong " + password + r.Header.Get("Authorization")}})
		return
	}
	request := map[string]any{}
	_ = json.NewDecoder(r.Body).Decode(&request)
	if n.Refuse != nil {
		if status := n.Refuse(call, request); status != 0 {
			reply(w, status, fault(status, http.StatusText(status)))
			return
		}
	}
	status, answer := n.answer(r.Method, call, request)
	if n.Twist != nil {
		inside, _ := answer.(map[string]any)
		if other, twisted := n.Twist(call, request, inside); other != 0 {
			if header, ok := twisted.(http.Header); ok {
				for name := range header {
					w.Header().Set(name, header.Get(name))
				}
				twisted = map[string]any{}
			}
			status, answer = other, twisted
		}
	}
	reply(w, status, answer)
}

func reply(w http.ResponseWriter, status int, answer any) {
	if answer == nil {
		w.WriteHeader(status)
		return
	}
	if text, ok := answer.(string); ok {
		w.Header().Set("Content-Type", "text/html")
		w.WriteHeader(status)
		fmt.Fprint(w, text)
		return
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(answer)
}

func (n *Node) answer(method, call string, request map[string]any) (int, any) {
	id, one := strings.CutPrefix(call, "ops/transfers/")
	if !one {
		id = ""
	}
	switch {
	case method == "GET" && call == "ping":
		return 200, nil
	case method == "GET" && call == "info":
		return 200, map[string]any{
			"application": "node", "version": "4.4.2", "os": "Linux", "current_time": time.Now().UTC().Format(time.RFC3339), "transfer_user": User,
			"capabilities": []any{map[string]any{"name": "move_file", "value": true}, map[string]any{"name": "filelock", "value": false}, map[string]any{"name": "aej_version", "value": "1.0"}},
			"settings":     []any{map[string]any{"name": "wss_enabled", "value": false}},
		}
	case method == "POST" && call == "files/browse":
		return n.browse(request)
	case method == "POST" && (call == "files/create" || call == "files/delete" || call == "files/rename" || call == "space"):
		return 200, n.eachPath(call, request)
	case method == "POST" && (call == "files/upload_setup" || call == "files/download_setup"):
		return 200, n.setup(call, request)
	case one || call == "ops/transfers":
		return n.transfer(method, id, request)
	}
	return 400, []any{map[string]any{"error": "Bad request"}}
}

func fault(code int, text string) map[string]any {
	return map[string]any{"error": map[string]any{"code": code, "reason": text, "user_message": text, "internal_message": text}}
}

func (n *Node) disk(path string) string { return filepath.Join(n.ascp.Root, path) }

func item(path string, info os.FileInfo) map[string]any {
	kind := map[bool]string{true: "directory", false: "file"}[info.IsDir()]
	if info.Mode()&os.ModeSymlink != 0 {
		kind = "symbolic_link"
	}
	return map[string]any{
		"path": path, "basename": filepath.Base(path), "type": kind, "size": info.Size(), "mtime": info.ModTime().UTC().Format(time.RFC3339),
		"permissions": []any{map[string]any{"name": "view"}},
	}
}

func (n *Node) browse(request map[string]any) (int, any) {
	path, _ := request["path"].(string)
	info, err := os.Stat(n.disk(path))
	if err != nil {
		return 404, fault(404, "No such file or directory")
	}
	items := []any{}
	if info.IsDir() {
		entries, _ := os.ReadDir(n.disk(path))
		sort.Slice(entries, func(i, j int) bool { return entries[i].Name() > entries[j].Name() }) // no order that helps
		for _, e := range entries {
			if i, err := e.Info(); err == nil {
				items = append(items, item(filepath.Join(path, e.Name()), i))
			}
		}
	}
	total := len(items)
	skip, count := number(request["skip"], 0), number(request["count"], 100)
	items = items[min(skip, total):]
	items = items[:min(count, len(items))]
	return 200, map[string]any{"self": item(path, info), "items": items, "item_count": len(items), "total_count": total, "parameters": request}
}

func number(value any, otherwise int) int {
	if f, ok := value.(float64); ok {
		return int(f)
	}
	return otherwise
}

// eachPath answers for each path, with errors inside of the array.
func (n *Node) eachPath(call string, request map[string]any) any {
	var results []any
	list, _ := request["paths"].([]any)
	for _, entry := range list {
		e, _ := entry.(map[string]any)
		result := map[string]any{}
		for name, value := range e {
			result[name] = value
		}
		if err := n.onePath(call, e, result); err != nil {
			text, code := err.Error(), 500
			switch {
			case os.IsNotExist(err):
				text, code = "No such file or directory", 404
			case os.IsExist(err):
				text, code = "File exists", 409
			}
			result["error"] = fault(code, text)["error"]
		}
		results = append(results, result)
	}
	return map[string]any{"paths": results}
}

func (n *Node) onePath(call string, e, result map[string]any) error {
	text := func(name string) string { s, _ := e[name].(string); return s }
	switch call {
	case "files/create":
		return os.Mkdir(n.disk(text("path")), 0o700)
	case "files/delete":
		if _, err := os.Lstat(n.disk(text("path"))); err != nil {
			return err
		}
		return os.RemoveAll(n.disk(text("path")))
	case "files/rename":
		from, to := n.disk(filepath.Join(text("path"), text("source"))), n.disk(filepath.Join(text("path"), text("destination")))
		if _, err := os.Stat(to); err == nil {
			return os.ErrExist
		}
		return os.Rename(from, to)
	default:
		_, err := os.Stat(n.disk(text("path")))
		result["bytes_total"], result["bytes_free"], result["percent_free"] = 1000, 400, 40.0
		return err
	}
}

func (n *Node) setup(call string, request map[string]any) any {
	var specs []any
	list, _ := request["transfer_requests"].([]any)
	for _, entry := range list {
		outer, _ := entry.(map[string]any)
		inner, _ := outer["transfer_request"].(map[string]any)
		paths, _ := inner["paths"].([]any)
		first, _ := paths[0].(map[string]any)
		direction, mode, path := "send", "send", first["destination"]
		if call == "files/download_setup" {
			direction, mode, path = "receive", "recv", first["source"]
			if _, err := os.Stat(n.disk(path.(string))); err != nil {
				specs = append(specs, fault(404, "No such file or directory"))
				continue
			}
		}
		n.tokens++
		token := fmt.Sprintf("ATM3_token-%d", n.tokens)
		must(n.t, os.WriteFile(filepath.Join(n.ascp.setup.State, "tokens", token), []byte(fmt.Sprint(mode, " ", path)), 0o600))
		specs = append(specs, map[string]any{"transfer_spec": map[string]any{
			"paths": paths, "token": token, "direction": direction, "remote_host": n.Host, "remote_user": User, "ssh_port": 33001, "fasp_port": 33001,
			"cipher": "aes-128", "rate_policy": "fair", "tags": map[string]any{"aspera": map[string]any{"node": map[string]any{"x": 1}}}, "source_root": "", "destination_root": nil,
		}})
	}
	return map[string]any{"transfer_specs": specs}
}

func (n *Node) transfer(method, id string, request map[string]any) (int, any) {
	known, ok := n.transfers[id]
	switch {
	case method == "POST" && id == "":
		id = fmt.Sprintf("job-%d", len(n.transfers)+1)
		n.transfers[id] = map[string]any{"id": id, "status": "running", "start_spec": request, "bytes_transferred": 26, "error_code": 0, "error_desc": ""}
		return 200, n.transfers[id]
	case method == "GET" && id == "":
		all := []any{}
		for _, t := range n.transfers {
			all = append(all, t)
		}
		return 200, all
	case !ok:
		return 404, fault(404, "transfer not found")
	case method == "PUT":
		known["target_rate_kbps"] = request["target_rate_kbps"]
	case method == "CANCEL":
		known["status"] = "cancelled"
	}
	return 200, known
}
