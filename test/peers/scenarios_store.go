package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"gantry/connectors/servers"
	"gantry/connectors/servers/nulls3"
)

const bucket = "peers"

// A store is a server of the S3 kind. What its bucket's prefixes large, small and
// tiny hold is there from the beginning.
type store struct {
	endpoint string
	access   string
	secret   string
	root     string // folder of the bucket on this machine; "" = the null store
}

func nullStore(ctx context.Context, w *world) (*store, error) {
	s := &store{access: "access", secret: "secret"}
	var seeds []nulls3.Seed
	for _, l := range []load{w.large(), w.small(), w.tiny()} {
		seeds = append(seeds, nulls3.Seed{Prefix: bucket + "/" + prefixOf(l), Count: l.files, Size: l.size})
	}
	ctx, stop := context.WithCancel(ctx)
	w.stops = append(w.stops, stop)
	var err error
	s.endpoint, err = nulls3.Start(ctx, seeds...)
	return s, err
}

func gateway(ctx context.Context, w *world) (*store, error) {
	dir := filepath.Join(w.dir, fmt.Sprintf("versitygw%d", w.run))
	g, err := servers.StartVersityGW(ctx, dir)
	if err != nil {
		return nil, err
	}
	w.stops = append(w.stops, func() { _ = g.Stop() })
	w.servers = append(w.servers, g.Pid())
	if err := g.MakeBucket(ctx, bucket); err != nil {
		return nil, err
	}
	return &store{endpoint: g.Endpoint, access: g.AccessKey, secret: g.SecretKey, root: filepath.Join(g.Root, bucket)}, nil
}

func prefixOf(l load) string { return strings.TrimSuffix(l.name, ".mxf") }

// key is where a load lies in the bucket from the beginning.
func (s *store) key(l load) string {
	if l.files == 1 && s.root != "" {
		return l.name
	}
	if l.files == 1 {
		return prefixOf(l) + "/000000.bin"
	}
	return prefixOf(l)
}

// holds tells whether a prefix has all of a load.
func (s *store) holds(l load, key string) error {
	if s.root != "" {
		return l.holds(filepath.Join(s.root, filepath.FromSlash(key)))
	}
	files, bytes := 0, int64(0)
	for token := ""; ; {
		resp, err := http.Get(s.endpoint + "/" + bucket + "?list-type=2&prefix=" + url.QueryEscape(key) + "&continuation-token=" + url.QueryEscape(token))
		if err != nil {
			return err
		}
		page, err := io.ReadAll(resp.Body)
		_ = resp.Body.Close()
		if err != nil {
			return err
		}
		for _, entry := range strings.Split(string(page), "<Size>")[1:] {
			n, _ := strconv.ParseInt(entry[:strings.IndexByte(entry, '<')], 10, 64)
			files, bytes = files+1, bytes+n
		}
		_, rest, more := strings.Cut(string(page), "<NextContinuationToken>")
		if !more {
			return l.equals(files, bytes)
		}
		token, _, _ = strings.Cut(rest, "<")
	}
}

func (s *store) env() []string {
	u, _ := url.Parse(s.endpoint)
	return []string{
		"RCLONE_CONFIG_P_TYPE=s3", "RCLONE_CONFIG_P_PROVIDER=Other", "RCLONE_CONFIG_P_ENDPOINT=" + s.endpoint, "RCLONE_CONFIG_P_REGION=us-east-1",
		"RCLONE_CONFIG_P_ACCESS_KEY_ID=" + s.access, "RCLONE_CONFIG_P_SECRET_ACCESS_KEY=" + s.secret, "RCLONE_CONFIG_P_FORCE_PATH_STYLE=true", "RCLONE_CONFIG_P_LIST_VERSION=2",
		"AWS_ACCESS_KEY_ID=" + s.access, "AWS_SECRET_ACCESS_KEY=" + s.secret, "AWS_REGION=us-east-1",
		"MC_HOST_peer=" + u.Scheme + "://" + s.access + ":" + s.secret + "@" + u.Host,
		"PEER_ACCESS=" + s.access, "PEER_SECRET=" + s.secret,
	}
}

var (
	rcloneLarge = []string{"--ignore-times", "--s3-chunk-size=32M", "--s3-upload-concurrency=8", "--s3-disable-checksum", "--s3-no-check-bucket", "--s3-no-head", "--multi-thread-streams=8"}
	rcloneMany  = []string{"--transfers=32", "--checkers=32", "--s3-no-check-bucket", "--s3-no-head", "--no-check-dest"}
)

// tuned are settings of rclone for this store. The null store's ETags are no MD5,
// which rclone takes them for.
func (s *store) tuned(settings []string) []string {
	if s.root == "" {
		return append([]string{"--ignore-checksum"}, settings...)
	}
	return settings
}

// up are the clients that send source to key.
func (s *store) up(w *world, l load, source, key string) []client {
	env, place := s.env(), "s3+"+s.endpoint+"/"+bucket+"/"
	options := []string{"--dst-option", "accessKey=env:PEER_ACCESS", "--dst-option", "secretKey=env:PEER_SECRET", "--dst-option", "region=us-east-1"}
	object := "s3://" + bucket + "/" + key
	if l.files == 1 {
		return []client{
			{name: "bare", env: env, argv: []string{w.self, "bare", "put", s.endpoint + "/" + bucket, key, source}},
			{name: "rclone", env: env, argv: append([]string{"rclone", "copyto", source, "P:" + bucket + "/" + key}, s.tuned(rcloneLarge)...)},
			{name: "s5cmd", env: env, argv: []string{"s5cmd", "--endpoint-url", s.endpoint, "cp", source, object}},
			{name: "mc", env: env, argv: []string{"mc", "cp", "-q", source, "peer/" + bucket + "/" + key}},
			w.copy(env, append(options, source, place+key)...),
		}
	}
	return []client{
		{name: "bare", env: env, argv: []string{w.self, "bare", "puts", s.endpoint + "/" + bucket, key, source}},
		{name: "rclone", env: env, argv: append([]string{"rclone", "copy", source, "P:" + bucket + "/" + key}, s.tuned(rcloneMany)...)},
		{name: "s5cmd", env: env, argv: []string{"s5cmd", "--endpoint-url", s.endpoint, "--numworkers=32", "cp", source + "/", object + "/"}},
		{name: "mc", env: env, argv: []string{"mc", "cp", "-q", "-r", source + "/", "peer/" + bucket + "/" + key + "/"}},
		w.copy(env, append(options, source, place+key+"/")...),
	}
}

// down are the clients that fetch key to target.
func (s *store) down(w *world, l load, key, target string) []client {
	env, place := s.env(), "s3+"+s.endpoint+"/"+bucket+"/"
	options := []string{"--src-option", "accessKey=env:PEER_ACCESS", "--src-option", "secretKey=env:PEER_SECRET", "--src-option", "region=us-east-1"}
	object := "s3://" + bucket + "/" + key
	if l.files == 1 {
		return []client{
			{name: "bare", env: env, argv: []string{w.self, "bare", "get", s.endpoint + "/" + bucket, key, target}},
			{name: "rclone", env: env, argv: append([]string{"rclone", "copyto", "P:" + bucket + "/" + key, target}, s.tuned(rcloneLarge)...)},
			{name: "s5cmd", env: env, argv: []string{"s5cmd", "--endpoint-url", s.endpoint, "cp", object, target}},
			{name: "mc", env: env, argv: []string{"mc", "cp", "-q", "peer/" + bucket + "/" + key, target}},
			w.copy(env, append(options, place+key, target)...),
		}
	}
	return []client{
		{name: "bare", env: env, argv: []string{w.self, "bare", "gets", s.endpoint + "/" + bucket, key, target, strconv.Itoa(l.files)}},
		{name: "rclone", env: env, argv: append([]string{"rclone", "copy", "P:" + bucket + "/" + key, target}, s.tuned(rcloneMany)...)},
		{name: "s5cmd", env: env, argv: []string{"s5cmd", "--endpoint-url", s.endpoint, "--numworkers=32", "cp", object + "/*", target + "/"}},
		{name: "mc", env: env, argv: []string{"mc", "cp", "-q", "-r", "peer/" + bucket + "/" + key + "/", target + "/"}},
		w.copy(env, append(options, place+key, target+"/")...),
	}
}

func storeScenarios(name string, start func(context.Context, *world) (*store, error)) (list []scenario) {
	up := func(l func(*world) load, second bool) func(context.Context, *world) (*stage, error) {
		return func(ctx context.Context, w *world) (*stage, error) {
			s, err := start(ctx, w)
			if err != nil {
				return nil, err
			}
			source, err := w.source(w.dir, l(w))
			key := func(run int) string { return fmt.Sprintf("up%d", run) }
			st := &stage{
				load:    l(w),
				clients: func(run int) []client { return s.up(w, l(w), source, key(run)) },
				check:   func(run int, _ client) error { return s.holds(l(w), key(run)) },
			}
			if second {
				st.clients = func(run int) []client { return s.upAgain(w, l(w), source, key(run)) }
				st.measure = again(w)
			}
			return st, err
		}
	}
	down := func(l func(*world) load) func(context.Context, *world) (*stage, error) {
		return func(ctx context.Context, w *world) (*stage, error) {
			s, err := start(ctx, w)
			if err != nil {
				return nil, err
			}
			if s.root != "" {
				if _, err := w.source(s.root, l(w)); err != nil {
					return nil, err
				}
			}
			target := func(run int) string { return filepath.Join(w.dir, fmt.Sprintf("down%d", run)) }
			return &stage{
				load:    l(w),
				clients: func(run int) []client { return s.down(w, l(w), s.key(l(w)), target(run)) },
				check:   func(run int, _ client) error { return l(w).holds(target(run)) },
			}, nil
		}
	}
	list = []scenario{
		{name + "-up-large", up((*world).large, false)},
		{name + "-down-large", down((*world).large)},
		{name + "-up-small", up((*world).small, false)},
		{name + "-down-small", down((*world).small)},
		{name + "-up-tiny", up((*world).tiny, false)},
		{name + "-down-tiny", down((*world).tiny)},
	}
	if name == "null" { // which counts, and keeps nothing that could be compared
		return append(list, scenario{"null-up-killed", func(ctx context.Context, w *world) (*stage, error) { return killed(ctx, w, start) }})
	}
	return append(list, scenario{name + "-up-small-again", up((*world).small, true)})
}

// upAgain leaves out who sends everything again.
func (s *store) upAgain(w *world, l load, source, key string) (list []client) {
	for _, c := range s.up(w, l, source, key) {
		if c.name == "rclone" {
			c.argv = []string{"rclone", "copy", "--transfers=32", "--checkers=32", "--s3-no-check-bucket", source, "P:" + bucket + "/" + key}
		}
		if c.name == "rclone" || c.name == us {
			list = append(list, c)
		}
	}
	checked := list[0]
	checked.name, checked.argv = "rclone --checksum", append(append([]string{}, checked.argv...), "--checksum")
	return append([]client{checked}, list...)
}

// killed ends each client when half of the file is sent, runs it again, and counts
// what was sent in all.
func killed(ctx context.Context, w *world, start func(context.Context, *world) (*store, error)) (*stage, error) {
	s, err := start(ctx, w)
	if err != nil {
		return nil, err
	}
	source, err := w.source(w.dir, w.large())
	key := func(run int) string { return fmt.Sprintf("killed%d", run) }
	return &stage{
		load:    w.large(),
		clients: func(run int) []client { return s.up(w, w.large(), source, key(run)) },
		check:   func(run int, _ client) error { return s.holds(w.large(), key(run)) },
		measure: func(ctx context.Context, _ int, c client) (figure, error) {
			before := s.taken()
			cmd, said := w.command(ctx, c)
			if err := cmd.Start(); err != nil {
				return figure{}, err
			}
			ended := make(chan error, 1)
			go func() { ended <- cmd.Wait() }()
			for s.taken()-before < w.large().bytes()/2 {
				select {
				case err := <-ended:
					return figure{}, fmt.Errorf("%s ended before half was sent: %v: %s", c.name, err, tail(said.Bytes()))
				case <-time.After(2 * time.Millisecond):
				}
			}
			_ = cmd.Process.Kill()
			if err := <-ended; err == nil {
				return figure{}, fmt.Errorf("%s was done before it was killed: make the file larger", c.name)
			}
			f, err := w.measure(ctx, c)
			f.Sent = s.taken() - before
			return f, err
		},
	}, err
}

// taken asks the null store how many bytes were sent to it.
func (s *store) taken() int64 {
	resp, err := http.Get(s.endpoint + nulls3.TakenPath)
	if err != nil {
		return 0
	}
	defer resp.Body.Close()
	text, _ := io.ReadAll(resp.Body)
	n, _ := strconv.ParseInt(string(text), 10, 64)
	return n
}
