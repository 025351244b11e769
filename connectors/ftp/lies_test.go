package ftp_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"path"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"gantry/connectors"
	"gantry/connectors/promise"
)

func readAll(place connectors.Place, name string, offset, length int64) (string, error) {
	r, err := place.Open(context.Background(), name, offset, length)
	if err != nil {
		return "", err
	}
	defer r.Close()
	data, err := io.ReadAll(r)
	return string(data), err
}

// list gives what is listed, what is passed over, and how the listing ends.
func list(t *testing.T, place connectors.Place, prefix string) (paths, passed []string, err error) {
	t.Helper()
	ctx := connectors.WithPassedOver(t.Context(), func(name string, _ error) { passed = append(passed, name) })
	for entry, err := range place.List(ctx, prefix) {
		if err != nil {
			return paths, passed, err
		}
		paths = append(paths, entry.Path)
	}
	return paths, passed, nil
}

func TestReadsOfLiars(t *testing.T) {
	t.Parallel()
	const content = "0123456789"
	size := func(c *client, verb, says string) bool {
		if verb == "MLST" {
			c.say("250-it\r\n type=file;size=%s;modify=20240101000000; x\r\n250 End", says)
		}
		return verb == "MLST"
	}
	for name, test := range map[string]struct {
		script         func(c *client, verb, arg string) bool
		offset, length int64
		kind           connectors.Kind
		got            string
	}{
		"complete after half the file": {func(c *client, verb, _ string) bool {
			if verb == "RETR" {
				c.sendText(content[:5], "226 done")
			}
			return verb == "RETR"
		}, 0, -1, connectors.KindIncomplete, content[:5]},
		"breaks off and says so": {func(c *client, verb, _ string) bool {
			if verb == "RETR" {
				c.sendText(content[:5], "451 disk error")
			}
			return verb == "RETR"
		}, 0, -1, connectors.KindIncomplete, content[:5]},
		"all bytes and then an error": {func(c *client, verb, _ string) bool {
			if verb == "RETR" {
				c.sendText(content, "426 aborted")
			}
			return verb == "RETR"
		}, 0, -1, connectors.KindIncomplete, content},
		"REST is ignored": {func(c *client, verb, _ string) bool {
			if verb == "REST" {
				c.say("350 certainly")
			}
			return verb == "REST"
		}, 4, -1, connectors.KindUnsupported, ""},
		"REST is refused": {func(c *client, verb, _ string) bool {
			if verb == "REST" {
				c.say("502 no")
			}
			return verb == "REST"
		}, 4, 2, connectors.KindUnsupported, ""},
		"SIZE says more":   {func(c *client, verb, _ string) bool { return size(c, verb, "20") }, 0, -1, connectors.KindIncomplete, content},
		"SIZE is nonsense": {func(c *client, verb, _ string) bool { return size(c, verb, "0x20") }, 0, -1, connectors.KindIncomplete, ""},
		"SIZE is negative": {func(c *client, verb, _ string) bool { return size(c, verb, "-1") }, 0, -1, connectors.KindIncomplete, ""},
		"in ASCII, which adds bytes": {func(c *client, verb, _ string) bool {
			if verb == "RETR" {
				c.sendText(content+"\r\r\r", "226 done")
			}
			return verb == "RETR"
		}, 0, 10, "", content}, // the digest finds the rest
		"honest": {nil, 4, 3, "", content[4:7]},
	} {
		t.Run(name, func(t *testing.T) {
			f := startFake(t, test.script)
			f.put("/clip", content)
			got, err := readAll(open(t, f.location()), "clip", test.offset, test.length)
			if got != test.got || connectors.KindOf(err) != test.kind {
				t.Errorf("%q, %v; want %q and kind %q", got, err, test.got, test.kind)
			}
		})
	}
}

func upload(place connectors.Place, name string, parts ...string) (connectors.Entry, error) {
	ctx := context.Background()
	up, err := place.Begin(ctx, name, connectors.UploadOptions{Size: -1})
	if err != nil {
		return connectors.Entry{}, err
	}
	var w connectors.Whole
	for i, data := range parts {
		p := connectors.Part{Number: i + 1, Offset: w.Size, Size: int64(len(data))}
		if _, err := up.WritePart(ctx, p, strings.NewReader(data)); err != nil {
			return connectors.Entry{}, errors.Join(err, up.Abort(ctx))
		}
		w.Parts, w.Size = append(w.Parts, p), w.Size+p.Size
	}
	entry, err := up.Commit(ctx, w)
	return entry, errors.Join(err, up.Abort(ctx))
}

func TestUploadsToLiars(t *testing.T) {
	t.Parallel()
	store := func(edit func(string) string) func(c *client, verb, arg string) bool {
		return func(c *client, verb, arg string) bool {
			if verb != "STOR" && verb != "APPE" || !c.there(path.Dir(arg)) {
				return false
			}
			c.receiveAs(verb, arg, edit)
			return true
		}
	}
	refuse := func(reply string, verbs ...string) func(c *client, verb, arg string) bool {
		return func(c *client, verb, arg string) bool {
			hit := slices.Contains(verbs, verb) && (arg == "" || !strings.Contains(arg, promise.Folder) || verb != "STOR")
			if hit {
				c.say("%s", reply)
			}
			return hit
		}
	}
	for name, test := range map[string]struct {
		script func(c *client, verb, arg string) bool
		kind   connectors.Kind
	}{
		"loses the end and says that it has all": {store(func(s string) string { return s[:len(s)/2] }), connectors.KindIncomplete},
		"takes bytes for text":                   {store(func(s string) string { return strings.ReplaceAll(s, "\n", "\r\n") }), connectors.KindIntegrity},
		"disk full": {func(c *client, verb, arg string) bool {
			if verb == "APPE" {
				c.say("150 go on")
				c.transfer(func(conn net.Conn) { _, _ = io.ReadFull(conn, make([]byte, 2)) })
				c.say("452 No space left on device")
			}
			return verb == "APPE"
		}, connectors.KindNoSpace},
		"no right to rename":      {refuse("550 Permission denied", "RNFR"), connectors.KindPermission},
		"knows no APPE, nor REST": {refuse("502 not implemented", "APPE", "REST"), ""},
		"forgets what was renamed": {func(c *client, verb, arg string) bool {
			if verb == "RNTO" {
				c.mu.Lock()
				c.files[arg] = "short"
				delete(c.files, c.renamed)
				c.mu.Unlock()
				c.say("250 renamed")
			}
			return verb == "RNTO"
		}, connectors.KindIntegrity},
		"honest": {nil, ""},
	} {
		t.Run(name, func(t *testing.T) {
			f := startFake(t, test.script)
			_, err := upload(open(t, f.location()), "clip", "one\n", "two\n")
			wantKind(t, "upload", err, test.kind)
			content, there := f.get("/clip")
			if test.kind == "" && content != "one\ntwo\n" || test.kind != "" && there && test.kind != connectors.KindIntegrity {
				t.Errorf("there is %q", content)
			}
		})
	}
}

// Where nothing can be added to a file, all parts are sent in one go.
func TestUploadInOneGo(t *testing.T) {
	t.Parallel()
	f := startFake(t, func(c *client, verb, _ string) bool {
		if verb == "APPE" || verb == "REST" {
			c.say("502 not implemented")
		}
		return verb == "APPE" || verb == "REST"
	})
	place := open(t, f.location())
	entry, err := upload(place, "clip", "one", "two", "three")
	must(t, err)
	if content, _ := f.get("/clip"); content != "onetwothree" || entry.Size != 11 {
		t.Errorf("%q, %+v", content, entry)
	}
	if !place.Traits().Streamed {
		t.Error("Traits do not say that uploads are streamed")
	}
}

// A part that was half sent is written again at its place; a server that begins at
// the beginning then is found out.
func TestPartAgain(t *testing.T) {
	t.Parallel()
	for name, ignored := range map[string]bool{"REST works": false, "REST is ignored": true} {
		t.Run(name, func(t *testing.T) {
			f := startFake(t, func(c *client, verb, _ string) bool {
				if verb == "REST" && ignored {
					c.say("350 certainly")
					return true
				}
				return false
			})
			place := open(t, f.location())
			up, err := place.Begin(t.Context(), "clip", connectors.UploadOptions{Size: -1})
			must(t, err)
			first, second := connectors.Part{Number: 1, Size: 4}, connectors.Part{Number: 2, Offset: 4, Size: 4}
			_, err = up.WritePart(t.Context(), first, strings.NewReader("aaaa"))
			must(t, err)
			_, err = up.WritePart(t.Context(), second, strings.NewReader("bb"))
			wantKind(t, "a short reader", err, connectors.KindIncomplete)
			_, err = up.WritePart(t.Context(), second, strings.NewReader("cccc"))
			if ignored {
				wantKind(t, "the part again", err, connectors.KindNotFound)
				if _, there := f.get("/" + promise.StagedPath(up.ID())); there {
					t.Error("what cannot be trusted is still there")
				}
				return
			}
			must(t, err)
			_, err = up.Commit(t.Context(), connectors.Whole{Parts: []connectors.Part{first, second}, Size: 8})
			must(t, err)
			if content, _ := f.get("/clip"); content != "aaaacccc" {
				t.Errorf("%q", content)
			}
		})
	}
}

// The connection is lost after the rename and before the reply to it.
func TestLastReplyLost(t *testing.T) {
	t.Parallel()
	f := startFake(t, nil)
	f.act(func(c *client, verb, arg string) bool {
		if verb == "RNTO" {
			c.mu.Lock()
			c.files[arg] = c.files[c.renamed]
			delete(c.files, c.renamed)
			c.mu.Unlock()
			_ = c.Close()
		}
		return verb == "RNTO"
	})
	entry, err := upload(open(t, f.location()), "clip", "content")
	must(t, err)
	if content, _ := f.get("/clip"); content != "content" || entry.Size != 7 {
		t.Errorf("%q, %+v", content, entry)
	}
}

// A server that does not rename onto a file, and dies between any two steps.
func TestReplaceInSteps(t *testing.T) {
	t.Parallel()
	for dies := range 4 {
		t.Run(fmt.Sprintf("dies at rename %d", dies), func(t *testing.T) {
			var renames atomic.Int32
			f := startFake(t, nil)
			f.act(func(c *client, verb, arg string) bool {
				if verb != "RNTO" {
					return false
				}
				if int(renames.Add(1)) == dies {
					_ = c.Close()
					return true
				}
				if _, there := f.get(arg); there {
					c.say("553 cannot rename: file exists")
					return true
				}
				return false
			})
			f.put("/clip", "old")
			place := open(t, f.location())
			up, err := place.Begin(t.Context(), "clip", connectors.UploadOptions{Size: -1})
			must(t, err)
			p := connectors.Part{Number: 1, Size: 3}
			_, err = up.WritePart(t.Context(), p, strings.NewReader("new"))
			must(t, err)
			w := connectors.Whole{Parts: []connectors.Part{p}, Size: 3}
			if _, err = up.Commit(t.Context(), w); dies > 0 {
				wantKind(t, "commit", err, connectors.KindUnavailable)
				again := open(t, f.location())
				up, err = again.Begin(t.Context(), "clip", connectors.UploadOptions{Size: -1, Resume: up.ID()})
				must(t, err)
				_, err = up.Commit(t.Context(), w)
			}
			must(t, err)
			if content, _ := f.get("/clip"); content != "new" || len(f.names()) != 1 {
				t.Errorf("%q is there, and in all %q", content, f.names())
			}
			if place.Traits().AtomicCommit {
				t.Error("Traits say that files are replaced in one step")
			}
		})
	}
}

func TestListingsOfLiars(t *testing.T) {
	t.Parallel()
	lines := func(text, final string) func(c *client, verb, arg string) bool {
		return func(c *client, verb, arg string) bool {
			if verb != "MLSD" || arg != "/" {
				return false
			}
			c.sendText(text, final)
			return true
		}
	}
	const a, b = "type=file;size=1;modify=20240101000000; a\r\n", "type=file;size=1;modify=20240101000000; b\r\n"
	for name, test := range map[string]struct {
		script        func(c *client, verb, arg string) bool
		kind          connectors.Kind
		paths, passed []string
	}{
		"complete":                  {lines(b+a, "226 done"), "", []string{"a", "b"}, nil},
		"complete, in another code": {lines(b+a, "250 done"), "", []string{"a", "b"}, nil},
		"breaks off":                {lines(a, "426 aborted"), connectors.KindIncomplete, []string{"a"}, nil},
		"breaks off in a line":      {lines(a+b[:30], "226 done"), connectors.KindIncomplete, []string{"a"}, nil},
		"a line of another kind":    {lines("garbage\r\n"+a, "226 done"), connectors.KindIncomplete, []string{"a"}, nil},
		"an octal size":             {lines("type=file;size=00000899;modify=20240101000000; a\r\n", "226 done"), "", []string{"a"}, nil},
		"no such time":              {lines("type=file;size=1;modify=20240231000000; a\r\n"+b, "226 done"), connectors.KindIncomplete, []string{"b"}, nil},
		"a line without an end":     {lines(strings.Repeat("x", 1<<20), "226 done"), connectors.KindIncomplete, nil, nil},
		"a name twice":              {lines(a+a, "226 done"), "", []string{"a"}, []string{"a"}},
		"names that lead out": {
			lines(strings.ReplaceAll("type=file;size=1; ../../etc/cron.d/x\ntype=file;size=1; /etc/passwd\ntype=dir; ..\ntype=file;size=1; ．．\ntype=file;size=1; a\x00b\n", "\n", "\r\n")+b, "226 done"), "",
			[]string{"b"},
			[]string{"../../etc/cron.d/x", "/etc/passwd", "a\x00b", "．．"},
		},
		"a name with a line break": {lines(a+"gone\r\n"+b, "226 done"), "", []string{"b"}, []string{"a\ngone"}},
		"links":                    {lines(strings.ReplaceAll("type=OS.unix=slink:/etc/passwd; out\ntype=OS.unix=slink:../x; up\ntype=OS.unix=slink:clip; in\ntype=OS.unix=slink:; dark\n", "\n", "\r\n"), "226 done"), "", []string{"in"}, []string{"dark", "out", "up"}},
		"folders without end": {func(c *client, verb, _ string) bool {
			if verb == "MLSD" {
				c.sendText("type=dir; again\r\n", "226 done")
			}
			return verb == "MLSD"
		}, connectors.KindIncomplete, nil, nil},
		"a folder in itself": {func(c *client, verb, _ string) bool {
			if verb == "MLSD" {
				c.sendText("type=cdir;unique=1; .\r\ntype=dir;unique=2; again\r\n", "226 done")
			}
			return verb == "MLSD"
		}, "", nil, []string{"again/again"}},
		"a folder that it hides": {func(c *client, verb, arg string) bool {
			if verb == "MLSD" && arg == "/" {
				c.sendText("type=dir; d\r\n", "226 done")
			} else if verb == "MLSD" {
				c.say("550 Failed.")
			}
			return verb == "MLSD"
		}, connectors.KindIncomplete, nil, nil},
	} {
		t.Run(name, func(t *testing.T) {
			f := startFake(t, test.script)
			f.put("/in", "x")
			if name != "a name with a line break" {
				f.put("/a", "x")
			}
			paths, passed, err := list(t, open(t, f.location()), "")
			slices.Sort(passed)
			if connectors.KindOf(err) != test.kind || !slices.Equal(paths, test.paths) || !slices.Equal(passed, test.passed) {
				t.Errorf("listed %q, passed over %q, %v; want %q, %q, kind %q", paths, passed, err, test.paths, test.passed, test.kind)
			}
		})
	}
}

// A line that is not understood, a reply without an end, or a server that says
// nothing: an error within the time-out, and nothing panics.
func TestNoReplies(t *testing.T) {
	t.Parallel()
	for name, say := range map[string]string{
		"a line without an end":    strings.Repeat("x", 1<<20),
		"a long line":              "213 " + strings.Repeat("1", 5000) + "\r\n",
		"a reply without an end":   "213-begin\r\n" + strings.Repeat("213-more\r\n", 100_000),
		"no code":                  "hello\r\n",
		"a code below all":         "099 x\r\n",
		"a code and nothing after": "2130\r\n",
		"nothing":                  "",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := startFake(t, func(c *client, verb, _ string) bool {
				if verb == "MLST" {
					_, _ = io.WriteString(c.Conn, say)
				}
				return verb == "MLST"
			})
			l := f.location()
			l.Options["timeout"] = "500ms"
			place := open(t, l)
			began := time.Now()
			_, err := place.Stat(t.Context(), "clip")
			if !connectors.Retryable(err) {
				t.Errorf("%v (kind %q)", err, connectors.KindOf(err))
			}
			if took := time.Since(began); took > 5*time.Second {
				t.Errorf("it took %v", took)
			}
			if len(err.Error()) > 1000 {
				t.Errorf("the error has %d bytes", len(err.Error()))
			}
		})
	}
}

// What the server says of its data port is checked before the library sees it, and
// its host is not believed.
func TestPassiveReplies(t *testing.T) {
	t.Parallel()
	for name, reply := range map[string]string{
		"brackets the wrong way round": "227 )(",
		"too few numbers":              "227 (1,2,3)",
		"no port":                      "227 (127,0,0,1,0,0)",
		"numbers too large":            "227 (127,0,0,1,999,999)",
	} {
		t.Run(name, func(t *testing.T) {
			f := startFake(t, func(c *client, verb, _ string) bool {
				switch verb {
				case "EPSV":
					c.say("502 no")
				case "PASV":
					c.say("%s", reply)
				}
				return verb == "EPSV" || verb == "PASV"
			})
			f.put("/clip", "x")
			_, err := readAll(open(t, f.location()), "clip", 0, -1)
			wantKind(t, "read", err, connectors.KindUnavailable)
		})
	}
	t.Run("another host", func(t *testing.T) {
		f := startFake(t, func(c *client, verb, _ string) bool {
			switch verb {
			case "EPSV":
				c.say("502 no")
			case "PASV":
				c.listen()
				port := c.data.Addr().(*net.TCPAddr).Port
				c.say("227 go (192,0,2,1,%d,%d)", port/256, port%256)
			}
			return verb == "EPSV" || verb == "PASV"
		})
		f.put("/clip", "content")
		got, err := readAll(open(t, f.location()), "clip", 0, -1)
		if got != "content" || err != nil {
			t.Errorf("%q, %v", got, err)
		}
	})
}

// A server that allows fewer connections than we would like.
func TestFewConnections(t *testing.T) {
	t.Parallel()
	f := startFake(t, nil)
	f.most = 2
	for i := range 20 {
		f.put(fmt.Sprintf("/%02d", i), strings.Repeat("x", 100_000))
	}
	place := open(t, f.location())
	errs := make(chan error, 20)
	for i := range 20 {
		go func() {
			got, err := readAll(place, fmt.Sprintf("%02d", i), 0, -1)
			if err == nil && len(got) != 100_000 {
				err = fmt.Errorf("%d bytes", len(got))
			}
			errs <- err
		}()
	}
	for range 20 {
		must(t, <-errs)
	}
}

// A connection that the server ends while nobody uses it is made anew.
func TestIdleConnectionLost(t *testing.T) {
	t.Parallel()
	conns := make(chan net.Conn, 10)
	f := startFake(t, func(c *client, verb, _ string) bool {
		if verb == "" {
			conns <- c.Conn
		}
		return false
	})
	f.put("/clip", "x")
	place := open(t, f.location())
	for range 3 {
		_, err := place.Stat(t.Context(), "clip")
		must(t, err)
		conn := <-conns
		_, _ = io.WriteString(conn, "421 Timeout\r\n")
		_ = conn.Close()
	}
}

func TestLogins(t *testing.T) {
	for name, test := range map[string]struct {
		at, says string
		kind     connectors.Kind
		remedy   string
	}{
		"wrong password":        {"PASS", "530 Login incorrect.", connectors.KindAuth, "option password"},
		"TLS wanted, vsftpd":    {"USER", "530 Anonymous sessions must use encryption.", connectors.KindAuth, "ftpes://"},
		"TLS wanted, ProFTPD":   {"USER", "550 SSL/TLS required on the control channel", connectors.KindAuth, "ftpes://"},
		"TLS wanted, pure-ftpd": {"USER", "421 Sorry, cleartext sessions and weak ciphers are not accepted on this server.", connectors.KindAuth, "ftpes://"},
		"TLS wanted, RFC 2228":  {"USER", "534 Policy requires SSL", connectors.KindAuth, "ftpes://"},
		"too many":              {"PASS", "530 Sorry, the maximum number of clients for this user are already connected.", connectors.KindBusy, "connections"},
		"out of service":        {"", "421 Service not available", connectors.KindUnavailable, ""},
		"full":                  {"", "421 Too many connections (8) from this IP", connectors.KindBusy, "connections"},
		"no home, vsftpd":       {"PASS", "500 OOPS: cannot change directory:/home/gone", connectors.KindUnavailable, "the server's operator has to"},
		"no FTP":                {"", "SSH-2.0-OpenSSH_9.2", connectors.KindUnavailable, ""},
	} {
		t.Run(name, func(t *testing.T) {
			f := startFake(t, func(c *client, verb, _ string) bool {
				if verb == test.at {
					c.say("%s", test.says)
				}
				return verb == test.at
			})
			t.Setenv("GANTRY_FTP_PASSWORD", "s3cret-word")
			l := f.location()
			l.Options["password"] = "env:GANTRY_FTP_PASSWORD"
			_, err := connector().Open(t.Context(), l)
			wantKind(t, "open", err, test.kind)
			if !strings.Contains(err.Error(), test.remedy) || strings.Contains(err.Error(), "s3cret-word") {
				t.Errorf("%v", err)
			}
		})
	}
}

func TestHashReplies(t *testing.T) {
	t.Parallel()
	const sum = "ed7002b439e9ac845f22357d822bac1444730fbdb6016d3ec9432297b9ec9f73" // of "content"
	for name, test := range map[string]struct {
		says string
		want string
	}{
		"the last byte":       {"213 SHA-256 0-6 " + strings.ToUpper(sum) + " clip", sum},
		"the byte after":      {"213 SHA-256 0-7 " + sum + " clip", sum},
		"after signs of life": {"213-Computing\r\n213-still\r\n213 SHA-256 0-6 " + sum + " clip", sum},
		"part of the file":    {"213 SHA-256 0-3 " + sum + " clip", ""},
		"another algorithm":   {"213 SHA-1 0-6 " + sum + " clip", ""},
		"too short":           {"213 SHA-256 0-6 abcd clip", ""},
		"busy":                {"450 try later", ""},
		"too large":           {"552 exceeds the limit", ""},
		"a folder":            {"553 no", ""},
		"policy":              {"556 no", ""},
		"does not know it":    {"502 no", ""},
	} {
		t.Run(name, func(t *testing.T) {
			f := startFake(t, nil)
			f.features = append(f.features, "HASH SHA-1;SHA-256*;MD5")
			f.act(func(c *client, verb, _ string) bool {
				if verb == "HASH" {
					c.say("%s", test.says)
				}
				return verb == "HASH"
			})
			f.put("/clip", "content")
			sums, err := open(t, f.location()).(connectors.Hasher).Hash(t.Context(), "clip", connectors.SHA256, connectors.XXH128)
			must(t, err)
			if sums[connectors.SHA256] != test.want {
				t.Errorf("%v; want %q", sums, test.want)
			}
		})
	}
}

// No command is sent for a name that FTP cannot carry.
func TestNamesThatInject(t *testing.T) {
	t.Parallel()
	f := startFake(t, nil)
	place := open(t, f.location())
	for _, name := range []string{"a\r\nDELE b", "a\nb", "a\rb", "a\xffb"} {
		_, err := place.Stat(t.Context(), name)
		wantKind(t, "stat", err, connectors.KindInvalid)
		_, err = upload(place, name, "x")
		wantKind(t, "upload", err, connectors.KindInvalid)
	}
	if n := f.commands("DELE"); n > 0 {
		t.Errorf("%d files were deleted", n)
	}
}

// A cancelled call ends within a second, whatever the server does, and the place
// works on.
func TestCancelledInSilence(t *testing.T) {
	t.Parallel()
	var silent atomic.Bool
	silent.Store(true)
	f := startFake(t, nil)
	f.act(func(c *client, verb, _ string) bool {
		return silent.Load() && (verb == "MLST" || verb == "STOR" || verb == "RETR")
	})
	f.put("/clip", "x")
	l := f.location()
	l.Options["timeout"] = "1m"
	place := open(t, l)
	for what, call := range map[string]func(ctx context.Context) error{
		"stat": func(ctx context.Context) error { _, err := place.Stat(ctx, "clip"); return err },
		"list": func(ctx context.Context) error {
			for _, err := range place.List(ctx, "clip") {
				return err
			}
			return nil
		},
		"write": func(ctx context.Context) error {
			up, err := place.Begin(ctx, "new", connectors.UploadOptions{Size: 3})
			must(t, err)
			_, err = up.WritePart(ctx, connectors.Part{Number: 1, Size: 3}, bytes.NewReader([]byte("abc")))
			return err
		},
	} {
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(50*time.Millisecond, cancel)
		began := time.Now()
		wantKind(t, what, call(ctx), connectors.KindCanceled)
		if took := time.Since(began); took > 5*time.Second {
			t.Errorf("%s ended after %v", what, took)
		}
	}
	silent.Store(false)
	_, err := place.Stat(t.Context(), "clip")
	must(t, err)
}
