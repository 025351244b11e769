package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"gantry/connectors/aspera/asperatest"
)

// A file goes to an Aspera server and comes back, with a stand-in for ascp: by the
// Node API, and by SSH alone, where nothing can be listed.
func TestCopyByAspera(t *testing.T) {
	for name, node := range map[string]bool{"node": true, "ssh": false} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			t.Setenv("HOME", dir)
			t.Setenv("XDG_STATE_HOME", filepath.Join(dir, "state"))
			t.Setenv("XDG_CONFIG_HOME", filepath.Join(dir, "config"))
			ascp := asperatest.NewAscp(t)
			location := "url: aspera://" + asperatest.User + "@server.example.net/media\n  options: {hostKey: 9fc1, password: 'env:ASPERA_PASSWORD'"
			t.Setenv("ASPERA_PASSWORD", asperatest.Password)
			if node {
				n := asperatest.NewNode(t, ascp)
				location = "url: aspera+https://" + strings.TrimPrefix(n.URL, "https://") + "/media\n  options: {nodeUser: " + asperatest.NodeUser + ", caFile: " + n.CAFile + ", password: 'env:ASPERA_PASSWORD'"
				t.Setenv("ASPERA_PASSWORD", asperatest.NodePassword)
			}
			put(t, filepath.Join(dir, "data/resources/partner.yaml"), "apiVersion: gantry/v1\nkind: Location\nmetadata: {name: partner}\nspec:\n  site: far\n  "+location+", ascp: "+ascp.Program+"}\n")
			put(t, filepath.Join(dir, "data/resources/site.yaml"), "apiVersion: gantry/v1\nkind: Site\nmetadata: {name: far}\nspec: {}\n")
			put(t, filepath.Join(dir, "clip.mov"), strings.Repeat("frame ", 50_000))

			out := gantry(t, "copy", filepath.Join(dir, "clip.mov"), "partner:in/clip.mov", "--data", filepath.Join(dir, "data"))
			if !strings.Contains(out, "readback") || !strings.Contains(out, "1 copied") || len(ascp.Has("media/in/clip.mov")) != 300_000 {
				t.Errorf("got %s; the server has %q", out, ascp.Files())
			}
			gantry(t, "copy", "partner:in/clip.mov", filepath.Join(dir, "back.mov"), "--data", filepath.Join(dir, "data"))
			got, err := os.ReadFile(filepath.Join(dir, "back.mov"))
			if err != nil || !bytes.Equal(got, ascp.Has("media/in/clip.mov")) {
				t.Errorf("%d bytes came back, %v", len(got), err)
			}
			if left, _ := filepath.Glob(filepath.Join(dir, "state/gantry/copy/*")); len(left) != 0 {
				t.Errorf("left behind: %q", left)
			}
		})
	}
}

// Its absence is information, and its version is said.
func TestDoctorLooksForAscp(t *testing.T) {
	ascp := asperatest.NewAscp(t)
	t.Setenv("ASCP", ascp.Program)
	d := &doctor{}
	d.ascp(t.Context())
	if f := d.findings[0]; f.Status != "ok" || f.Detail != ascp.Program+" 4.4.0.1" {
		t.Errorf("got %+v", f)
	}
	t.Setenv("ASCP", filepath.Join(t.TempDir(), "none"))
	d.ascp(t.Context())
	if f := d.findings[1]; f.Status != "-" || !strings.Contains(f.Detail, "ascli config ascp install") {
		t.Errorf("got %+v", f)
	}
	t.Setenv("ASCP", "/bin/true")
	d.ascp(t.Context())
	if f := d.findings[2]; f.Status != "warning" {
		t.Errorf("got %+v", f)
	}
}

// gantry runs a command in this process, and gives what it prints.
func gantry(t *testing.T, args ...string) string {
	t.Helper()
	var out bytes.Buffer
	root := newRoot(&app{})
	root.SetArgs(args)
	root.SetOut(&out)
	root.SetErr(&out)
	if err := root.ExecuteContext(t.Context()); err != nil {
		t.Fatalf("gantry %q: %v\n%s", args, err, &out)
	}
	return out.String()
}

func put(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}
