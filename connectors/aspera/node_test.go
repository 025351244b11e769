package aspera

import (
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"gantry/connectors"
	"gantry/connectors/aspera/asperatest"
	"gantry/connectors/aspera/node"
	"gantry/connectors/aspera/spec"
)

func paths(p connectors.Place, t *testing.T, prefix string) (list []string, err error) {
	t.Helper()
	for e, err := range p.List(t.Context(), prefix) {
		if err != nil {
			return list, err
		}
		list = append(list, e.Path)
	}
	return list, nil
}

func TestAListingIsInByteOrder(t *testing.T) {
	s := withNode(t)
	for _, name := range []string{"b/2.mov", "b/1.mov", "b.mov", "b-1.mov", "a/x/y/z", "Ä.mov", "two words", ".gantry-uploads/half"} {
		s.ascp.Put("media/"+name, []byte(name))
	}
	s.must(os.Symlink("/etc/passwd", filepath.Join(s.ascp.Root, "media", "link")))
	p := s.open()
	got, err := paths(p, t, "")
	s.must(err)
	want := []string{"a/x/y/z", "b-1.mov", "b.mov", "b/1.mov", "b/2.mov", "two words", "Ä.mov"}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	for prefix, want := range map[string]int{"b": 2, "b.mov": 1, "none": 0, "a/x": 1} {
		if got, err := paths(p, t, prefix); err != nil || len(got) != want {
			t.Errorf("%s: %q, %v", prefix, got, err)
		}
	}
	_, err = paths(s.openAt("/nowhere"), t, "none")
	s.kind(err, connectors.KindNotFound)
}

func (s *stage) openAt(root string) connectors.Place {
	s.t.Helper()
	l := s.location()
	l.URL = strings.TrimSuffix(l.URL, "/media") + root
	p, err := newPlace(l, s.clock)
	s.must(err)
	s.t.Cleanup(func() { p.Close() })
	return p
}

func TestALongListingComesInPages(t *testing.T) {
	s := withNode(t)
	for i := range 2*pageSize + 7 {
		s.ascp.Put(fmt.Sprintf("media/f%05d", i), nil)
	}
	got, err := paths(s.open(), t, "")
	s.must(err)
	if len(got) != 2*pageSize+7 || !slices.IsSorted(got) {
		t.Errorf("got %d entries", len(got))
	}
	browses := 0
	for _, call := range s.node.Calls() {
		if call == "POST files/browse" {
			browses++
		}
	}
	if browses != 4 {
		t.Errorf("%d calls", browses)
	}
}

// What does not add up is said to be incomplete, whatever was yielded before.
func TestAListingThatLiesIsIncomplete(t *testing.T) {
	for name, twist := range map[string]func(path string, answer map[string]any){
		"fewer than announced":  func(_ string, a map[string]any) { a["total_count"] = 9 },
		"more than announced":   func(_ string, a map[string]any) { a["total_count"] = 1 },
		"one twice":             func(_ string, a map[string]any) { l := a["items"].([]any); l[1] = l[0] },
		"an empty page":         func(_ string, a map[string]any) { a["items"] = []any{} },
		"another folder's":      func(_ string, a map[string]any) { a["items"].([]any)[0].(map[string]any)["path"] = "/etc/passwd" },
		"a way out":             func(_ string, a map[string]any) { a["items"].([]any)[0].(map[string]any)["path"] = "/media/../x" },
		"a folder in itself":    func(p string, a map[string]any) { twistLoop(p, a) },
		"a total that is wrong": func(_ string, a map[string]any) { a["total_count"] = -1 },
	} {
		t.Run(name, func(t *testing.T) {
			s := withNode(t)
			s.ascp.Put("media/a", nil)
			s.ascp.Put("media/b", nil)
			s.node.Twist = func(call string, request, answer map[string]any) (int, any) {
				if count, _ := request["count"].(float64); call == "files/browse" && count > 1 {
					if answer["items"] == nil {
						answer = map[string]any{"self": map[string]any{"type": "directory"}, "items": []any{map[string]any{}, map[string]any{}}, "total_count": 2}
					}
					twist(request["path"].(string), answer)
					return 200, answer
				}
				return 0, nil
			}
			_, err := paths(s.open(), t, "")
			s.kind(err, connectors.KindIncomplete)
		})
	}
}

// A folder that is listed and "not found" has not gone: what is below it is missing.
func TestAFolderThatIsListedIsThere(t *testing.T) {
	s := withNode(t)
	s.ascp.Put("media/a/x", nil)
	s.ascp.Put("media/b", nil)
	lost := false
	s.node.Refuse = func(call string, request map[string]any) int {
		if call == "files/browse" && request["path"] == "/media/a" {
			if lost {
				s.must(os.RemoveAll(filepath.Join(s.ascp.Root, "media/a")))
			}
			return 404
		}
		return 0
	}
	_, err := paths(s.open(), t, "")
	s.kind(err, connectors.KindIncomplete)
	lost = true
	got, err := paths(s.open(), t, "")
	if err != nil || !slices.Equal(got, []string{"b"}) {
		t.Errorf("got %q, %v", got, err)
	}
}

// twistLoop makes each folder hold a folder, for ever.
func twistLoop(path string, answer map[string]any) {
	answer["items"] = []any{map[string]any{"path": path + "/a", "type": "directory", "mtime": "2020-01-01T00:00:00Z"}}
	answer["total_count"] = 1
}

func TestNamesThatAreNotYieldedAreReported(t *testing.T) {
	s := withNode(t)
	s.ascp.Put("media/a\x01b", nil)
	s.ascp.Put("media/．．", nil)
	s.must(os.Symlink("x", filepath.Join(s.ascp.Root, "media", "link")))
	s.node.Twist = func(call string, _, answer map[string]any) (int, any) {
		if call != "files/browse" {
			return 0, nil
		}
		for _, i := range answer["items"].([]any) {
			if e := i.(map[string]any); e["path"] == "/media/a\x01b" {
				e["partial_file"] = true
			}
		}
		return 200, answer
	}
	var passed []string
	ctx := connectors.WithPassedOver(t.Context(), func(name string, reason error) { passed = append(passed, name+": "+reason.Error()) })
	for e, err := range s.open().List(ctx, "") {
		t.Errorf("got %q, %v", e.Path, err)
	}
	s.ascp.Put("media/two\nlines", nil)
	for e, err := range s.open().List(ctx, "") {
		t.Errorf("got %q, %v", e.Path, err)
	}
	if len(passed) != 7 {
		t.Errorf("passed over: %q", passed)
	}
}

func TestFilesAreDescribedRemovedAndRenamed(t *testing.T) {
	s := withNode(t)
	s.ascp.Put("media/day1/a", []byte("aa"))
	s.ascp.Put("media/b", []byte("b"))
	p := s.open()
	entry, err := p.Stat(t.Context(), "day1/a")
	s.must(err)
	if entry.Size != 2 || time.Since(entry.ModTime) > time.Minute {
		t.Errorf("got %+v", entry)
	}
	_, err = p.Stat(t.Context(), "day1")
	s.kind(err, connectors.KindNotFound)
	_, err = p.Stat(t.Context(), "none")
	s.kind(err, connectors.KindNotFound)
	s.kind(p.Remove(t.Context(), "day1"), connectors.KindNotFound) // and not all that is in it
	s.kind(p.Remove(t.Context(), "../b"), connectors.KindInvalid)

	renamer, ok := connectors.As[connectors.Renamer](p)
	if !ok {
		t.Fatal("a node renames")
	}
	s.must(renamer.Rename(t.Context(), "day1/a", "new/folder/c"))
	s.must(renamer.Rename(t.Context(), "new/folder/c", "b")) // over another
	s.serves("media/b", []byte("aa"))
	s.kind(renamer.Rename(t.Context(), "none", "x"), connectors.KindNotFound)
	s.must(p.Remove(t.Context(), "b"))
	s.kind(p.Remove(t.Context(), "b"), connectors.KindNotFound)
}

func TestTheServerIsDescribed(t *testing.T) {
	s := withNode(t)
	d, err := s.open().(connectors.Describer).Describe(t.Context())
	s.must(err)
	if d.Software != "IBM Aspera node 4.4.2" || !slices.Equal(d.Features, []string{"move_file", "aej_version 1.0"}) || time.Since(d.Clock) > time.Minute {
		t.Errorf("got %+v", d)
	}
}

// Without a node, nothing but moving is claimed.
func TestWithoutANodeThePlaceSaysWhatItLacks(t *testing.T) {
	s := withSSH(t)
	p := s.open()
	_, err := paths(p, t, "")
	s.kind(err, connectors.KindUnsupported)
	_, err = p.Stat(t.Context(), "x")
	s.kind(err, connectors.KindUnsupported)
	s.kind(p.Remove(t.Context(), "x"), connectors.KindUnsupported)
	if err == nil || !strings.Contains(err.Error(), "option node") {
		t.Errorf("got %v", err)
	}
	if _, ok := connectors.As[connectors.Renamer](p); ok {
		t.Error("it claims to rename")
	}
	if _, ok := connectors.As[connectors.Sweeper](p); ok {
		t.Error("it claims to sweep")
	}
	_, err = p.Open(t.Context(), "x", 0, -1)
	s.kind(err, connectors.KindUnsupported)
	_, err = p.Begin(t.Context(), "x", connectors.UploadOptions{})
	s.kind(err, connectors.KindUnsupported)
}

func TestAnswersOfTheNodeHaveKinds(t *testing.T) {
	refused := func(code int, text string) any {
		return map[string]any{"error": map[string]any{"code": code, "reason": text, "user_message": text}}
	}
	for name, test := range map[string]struct {
		status int
		answer any
		kind   connectors.Kind
		after  time.Duration
	}{
		"unauthorized":     {401, refused(401, "Unauthorized"), connectors.KindAuth, 0},
		"forbidden":        {403, refused(403, "Forbidden"), connectors.KindPermission, 0},
		"not found":        {404, refused(404, "No such file or directory"), connectors.KindNotFound, 0},
		"words of another": {403, refused(403, "the list of rights was not found"), connectors.KindPermission, 0},
		"not found by 500": {500, refused(500, "No such file"), connectors.KindUnavailable, 0},
		"busy":             {503, http.Header{"Retry-After": {"7"}}, connectors.KindBusy, 7 * time.Second},
		"too many":         {429, http.Header{"Retry-After": {"soon"}}, connectors.KindBusy, 0},
		"a redirect":       {307, http.Header{"Location": {"https://elsewhere.example.net/"}}, connectors.KindInvalid, 0},
		"a page for people": {
			200, "<html>login</html>", connectors.KindUnavailable, 0,
		},
		"no description": {200, map[string]any{"items": []any{}}, connectors.KindUnsupported, 0},
		"no object":      {200, []any{1}, connectors.KindUnavailable, 0},
	} {
		t.Run(name, func(t *testing.T) {
			s := withNode(t)
			s.node.Twist = func(string, map[string]any, map[string]any) (int, any) { return test.status, test.answer }
			_, err := s.open().Stat(t.Context(), "x")
			s.kind(err, test.kind)
			var e *connectors.Error
			if !errors.As(err, &e) || e.After != test.after || strings.Contains(err.Error(), asperatest.NodePassword) {
				t.Errorf("got %v, after %s", err, e.After)
			}
		})
	}
}

func TestLoggingInToTheNode(t *testing.T) {
	s := withNode(t)
	s.ascp.Put("media/x", []byte("x"))
	_, err := s.open("password", s.secret("wrong-one")).Stat(t.Context(), "x")
	s.kind(err, connectors.KindAuth)
	if err == nil || strings.Contains(err.Error(), "wrong-one") {
		t.Errorf("got %v", err)
	}
	_, err = s.open("password", "", "token", s.secret(asperatest.NodeToken)).Stat(t.Context(), "x")
	s.must(err)
	_, err = s.open("caFile", "").Stat(t.Context(), "x")
	s.kind(err, connectors.KindHostKey)
	l := s.location()
	l.URL = "aspera+https://127.0.0.1:1/media"
	p, err := newPlace(l, s.clock)
	s.must(err)
	defer p.Close()
	_, err = p.Stat(t.Context(), "x")
	s.kind(err, connectors.KindUnavailable)
}

// Errors of the setup calls are inside of an array, in an answer of 200.
func TestErrorsInsideOfArraysAreErrors(t *testing.T) {
	s := withNode(t)
	c := s.client()
	_, err := c.DownloadSetup(t.Context(), "/media/none")
	s.kind(err, connectors.KindNotFound)
	inside := func(answer any) func(string, map[string]any, map[string]any) (int, any) {
		return func(string, map[string]any, map[string]any) (int, any) { return 200, answer }
	}
	fault := map[string]any{"code": 403, "user_message": "Permission denied"}
	s.node.Twist = inside(map[string]any{"transfer_specs": []any{map[string]any{"transfer_spec": map[string]any{"error": fault}}}})
	_, err = c.UploadSetup(t.Context(), "/media")
	s.kind(err, connectors.KindPermission)
	s.node.Twist = inside(map[string]any{"transfer_specs": []any{}})
	_, err = c.UploadSetup(t.Context(), "/media")
	s.kind(err, connectors.KindUnavailable)
	s.node.Twist = inside(map[string]any{"paths": []any{map[string]any{"path": "/x", "error": fault}}})
	s.kind(c.Delete(t.Context(), "/x"), connectors.KindPermission)
	fault["user_message"] = "User " + asperatest.NodeUser + " with " + asperatest.NodePassword + " has no such file"
	err = c.Delete(t.Context(), "/x")
	s.kind(err, connectors.KindPermission) // the status decides, and not words
	if strings.Contains(err.Error(), asperatest.NodePassword) {
		t.Errorf("it says %v", err)
	}
	fault["code"], fault["user_message"] = 13, "/not found/x: permission denied"
	s.kind(c.Delete(t.Context(), "/not found/x"), connectors.KindPermission)
	fault["code"] = 403
	s.kind(c.MakeFolder(t.Context(), "/x"), connectors.KindPermission)
	s.kind(c.Rename(t.Context(), "/x", "/y"), connectors.KindPermission)
	_, err = c.Space(t.Context(), "/x")
	s.kind(err, connectors.KindPermission)
	s.node.Twist = inside(map[string]any{"paths": []any{}})
	s.kind(c.Delete(t.Context(), "/x"), connectors.KindUnavailable)
}

func (s *stage) client() *node.Client {
	s.t.Helper()
	c, err := node.New(node.Options{
		URL: s.node.URL, User: asperatest.NodeUser, Authorities: s.node.CAFile, Timeout: 5 * time.Second,
		Password: func() (string, error) { return asperatest.NodePassword, nil },
	})
	s.must(err)
	s.t.Cleanup(c.Close)
	return c
}

func TestTheOtherCallsOfTheNodeAPI(t *testing.T) {
	s := withNode(t)
	c, ctx := s.client(), t.Context()
	s.must(c.Ping(ctx))
	s.must(c.MakeFolders(ctx, "/a/b/c"))
	s.must(c.MakeFolders(ctx, "/a/b/c"))
	s.kind(c.MakeFolder(ctx, "/a"), connectors.KindExists)
	s.kind(c.MakeFolder(ctx, "/n/o"), connectors.KindNotFound)
	space, err := c.Space(ctx, "/a")
	s.must(err)
	if space.Total != 1000 || space.Free != 400 {
		t.Errorf("got %+v", space)
	}
	job, err := c.StartTransfer(ctx, spec.Spec{RemoteHost: "h", Direction: spec.Send, DestinationRoot: "/x"})
	s.must(err)
	s.must(c.SetTransferRate(ctx, job.ID, 5000))
	s.must(c.CancelTransfer(ctx, job.ID))
	job, err = c.Transfer(ctx, job.ID)
	s.must(err)
	list, err := c.Transfers(ctx)
	s.must(err)
	if job.Status != "cancelled" || job.Spec.RemoteHost != "h" || len(list) != 1 {
		t.Errorf("got %+v, %+v", job, list)
	}
	_, err = c.Transfer(ctx, "none")
	s.kind(err, connectors.KindNotFound)
	if calls := s.node.Calls(); !slices.Contains(calls, "CANCEL ops/transfers/job-1") || !slices.Contains(calls, "PUT ops/transfers/job-1") {
		t.Errorf("it was asked %q", calls)
	}
}

// Each start has a token of its own: the one before may have run out.
func TestEachStartAsksForAToken(t *testing.T) {
	s := withNode(t, asperatest.Act{Code: 16, AfterBytes: 1000})
	file, data := s.file("clip.mov", size)
	_, err := s.send(s.open(), file, size)
	s.must(err)
	s.serves("media/day1/clip.mov", data)
	runs := s.ascp.Runs()
	if len(runs) != 2 || runs[0].Env["ASPERA_SCP_TOKEN"] == runs[1].Env["ASPERA_SCP_TOKEN"] {
		t.Errorf("got %+v", runs)
	}
	tags := func(r asperatest.Run) string { return r.Args[slices.Index(r.Args, "--tags64")+1] }
	if tags(runs[0]) != tags(runs[1]) {
		t.Error("the two starts are not one movement")
	}
}

func TestAFileThatChangesOnTheServerIsNotReceived(t *testing.T) {
	s := withNode(t, asperatest.Act{Hold: true, AfterBytes: 1000})
	s.ascp.Put("media/clip.mov", content(size))
	mover, _ := connectors.As[connectors.Mover](s.open())
	moving, err := mover.Start(t.Context(), connectors.Movement{Receive: true, Path: "clip.mov", File: filepath.Join(s.dir, "x"), Size: -1})
	s.must(err)
	s.ascp.Put("media/clip.mov", content(size+1))
	s.must(moving.SetRate(1000))
	_, err = moving.Wait()
	s.kind(err, connectors.KindChanged)
}
