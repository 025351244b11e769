package main

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"gantry/connectors/servers"
)

// A remote is a server whose files lie below a folder of this machine.
type remote struct {
	dir string // as this machine sees it

	// up and down are the clients between a path of this machine and one below dir.
	up, down func(l load, local, below string) []client
}

// ways are the scenarios of one server.
func ways(name string, start func(context.Context, *world) (*remote, error)) (list []scenario) {
	for kind, l := range map[string]func(*world) load{"large": (*world).large, "few": (*world).few} {
		up := func(ctx context.Context, w *world) (*stage, error) {
			r, err := start(ctx, w)
			if err != nil {
				return nil, err
			}
			source, err := w.source(w.dir, l(w))
			below := func(run int) string { return fmt.Sprintf("up%d", run) }
			return &stage{
				load:    l(w),
				clients: func(run int) []client { return likeForLike(r.up(l(w), source, below(run))) },
				check:   func(run int, _ client) error { return l(w).holds(filepath.Join(r.dir, below(run))) },
			}, err
		}
		down := func(ctx context.Context, w *world) (*stage, error) {
			r, err := start(ctx, w)
			if err != nil {
				return nil, err
			}
			_, err = w.source(r.dir, l(w))
			target := func(run int) string { return filepath.Join(w.dir, fmt.Sprintf("down%d", run)) }
			return &stage{
				load:    l(w),
				clients: func(run int) []client { return r.down(l(w), target(run), l(w).name) },
				check:   func(run int, _ client) error { return l(w).holds(target(run)) },
			}, err
		}
		list = append(list, scenario{name + "-up-" + kind, up}, scenario{name + "-down-" + kind, down})
	}
	slices.SortFunc(list, func(a, b scenario) int { return strings.Compare(b.name, a.name) }) // up first, and the large file
	return list
}

func sftpScenarios() []scenario {
	return ways("sftp", func(ctx context.Context, w *world) (*remote, error) {
		s, err := servers.StartSSHD(ctx, filepath.Join(w.dir, fmt.Sprintf("sshd%d", w.run)))
		if err != nil {
			return nil, err
		}
		w.stops = append(w.stops, func() { _ = s.Stop() })
		w.servers = append(w.servers, s.Pid())
		host, port, _ := net.SplitHostPort(s.Addr)
		dir := filepath.Join(w.dir, fmt.Sprintf("sftp%d", w.run))
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return nil, err
		}
		settings := " -i " + s.IdentityFile + " -o UserKnownHostsFile=" + s.KnownHosts + " -o Ciphers=aes128-gcm@openssh.com "
		openssh := func(command string) client {
			return client{name: "openssh", argv: []string{"sh", "-c", "echo '" + command + "' | sftp -q -b - -P " + port + settings + s.User + "@" + host}}
		}
		lftp := func(command string) client {
			return client{name: "lftp", argv: []string{
				"lftp", "-c", `set sftp:connect-program "ssh -a -x` + settings + `"; set net:max-retries 1; open -p ` + port + " sftp://" + s.User + ":@" + host + "; " + command,
			}}
		}
		rsync := func(from, to string) client {
			return client{name: "rsync", argv: []string{"rsync", "-r", "--whole-file", "-e", "ssh -p " + port + settings, from, to}}
		}
		cloneOf := "P:"
		env := []string{
			"RCLONE_CONFIG_P_TYPE=sftp", "RCLONE_CONFIG_P_HOST=" + host, "RCLONE_CONFIG_P_PORT=" + port, "RCLONE_CONFIG_P_USER=" + s.User,
			"RCLONE_CONFIG_P_KEY_FILE=" + s.IdentityFile,
		}
		options := func(flag string) []string {
			return []string{flag, "identityFile=" + s.IdentityFile, flag, "knownHosts=" + s.KnownHosts}
		}
		at := s.User + "@" + host + ":"
		return &remote{
			dir: dir,
			up: func(l load, local, below string) []client {
				far := filepath.Join(dir, below)
				if l.files == 1 {
					return []client{
						openssh("put " + local + " " + far),
						lftp("put " + local + " -o " + far),
						rsync(local, at+far),
						{name: "rclone", env: env, argv: []string{"rclone", "copyto", "--ignore-times", "--sftp-disable-hashcheck", local, cloneOf + far}},
						w.copy(nil, append(options("--dst-option"), local, s.URL(far))...),
					}
				}
				return []client{
					openssh("put -r " + local + " " + far),
					lftp("mirror -R --parallel=8 --no-perms " + local + " " + far),
					rsync(local+"/", at+far+"/"),
					{name: "rclone", env: env, argv: []string{"rclone", "copy", "--no-check-dest", "--transfers=32", "--checkers=32", "--sftp-disable-hashcheck", local, cloneOf + far}},
					w.copy(nil, append(options("--dst-option"), local, s.URL(far)+"/")...),
				}
			},
			down: func(l load, local, below string) []client {
				far := filepath.Join(dir, below)
				if l.files == 1 {
					return []client{
						openssh("get " + far + " " + local),
						lftp("get " + far + " -o " + local),
						rsync(at+far, local),
						{name: "rclone", env: env, argv: []string{"rclone", "copyto", "--ignore-times", "--sftp-disable-hashcheck", cloneOf + far, local}},
						w.copy(nil, append(options("--src-option"), s.URL(far), local)...),
					}
				}
				return []client{
					openssh("get -r " + far + " " + local),
					lftp("mirror --parallel=8 --no-perms " + far + " " + local),
					rsync(at+far+"/", local+"/"),
					{name: "rclone", env: env, argv: []string{"rclone", "copy", "--no-check-dest", "--transfers=32", "--checkers=32", "--sftp-disable-hashcheck", cloneOf + far, local}},
					w.copy(nil, append(options("--src-option"), s.URL(far), local+"/")...),
				}
			},
		}, nil
	})
}

func ftpScenarios() []scenario {
	return ways("ftp", func(ctx context.Context, w *world) (*remote, error) {
		s, err := servers.StartVSFTPD(ctx, filepath.Join(w.dir, fmt.Sprintf("vsftpd%d", w.run)), servers.FTPOptions{})
		if err != nil {
			return nil, err
		}
		w.stops = append(w.stops, func() { _ = s.Stop() })
		w.servers = append(w.servers, s.Pid())
		host, port, _ := net.SplitHostPort(s.Addr)
		root := strings.TrimSuffix(s.Root, "/")
		url := "ftp://" + s.Addr + "/" + root // curl takes a path for one below the login's folder
		login := s.User + ":" + s.Password
		env := []string{
			"RCLONE_CONFIG_P_TYPE=ftp", "RCLONE_CONFIG_P_HOST=" + host, "RCLONE_CONFIG_P_PORT=" + port, "RCLONE_CONFIG_P_USER=" + s.User, "PEER_FTP=" + s.Password,
		}
		if hidden, err := exec.CommandContext(ctx, "rclone", "obscure", s.Password).Output(); err == nil {
			env = append(env, "RCLONE_CONFIG_P_PASS="+strings.TrimSpace(string(hidden)))
		}
		lftp := func(command string) client {
			return client{name: "lftp", argv: []string{"lftp", "-c", "set net:max-retries 1; open -u " + s.User + "," + s.Password + " ftp://" + s.Addr + "; " + command}}
		}
		place := "ftp://" + s.User + "@" + s.Addr + root + "/"
		up := []string{"--dst-option", "password=env:PEER_FTP"}
		down := []string{"--src-option", "password=env:PEER_FTP"}
		return &remote{
			dir: s.Dir,
			up: func(l load, local, below string) []client {
				if l.files == 1 {
					return []client{
						{name: "curl", argv: []string{"curl", "-sS", "-u", login, "-T", local, url + "/" + below}},
						lftp("put " + local + " -o " + root + "/" + below),
						{name: "rclone", env: env, argv: []string{"rclone", "copyto", "--ignore-times", local, "P:" + root + "/" + below}},
						w.copy(env, append(up, local, place+below)...),
					}
				}
				return []client{
					lftp("mirror -R --parallel=8 --no-perms " + local + " " + root + "/" + below),
					{name: "rclone", env: env, argv: []string{"rclone", "copy", "--no-check-dest", "--transfers=8", "--checkers=8", local, "P:" + root + "/" + below}},
					w.copy(env, append(up, local, place+below+"/")...),
				}
			},
			down: func(l load, local, below string) []client {
				if l.files == 1 {
					return []client{
						{name: "curl", argv: []string{"curl", "-sS", "-u", login, "-o", local, url + "/" + below}},
						lftp("get " + root + "/" + below + " -o " + local),
						{name: "rclone", env: env, argv: []string{"rclone", "copyto", "--ignore-times", "--multi-thread-streams=0", "P:" + root + "/" + below, local}},
						w.copy(env, append(down, place+below, local)...),
					}
				}
				return []client{
					lftp("mirror --parallel=8 --no-perms " + root + "/" + below + " " + local),
					{name: "rclone", env: env, argv: []string{"rclone", "copy", "--no-check-dest", "--transfers=8", "--checkers=8", "P:" + root + "/" + below, local}},
					w.copy(env, append(down, place+below, local+"/")...),
				}
			},
		}, nil
	})
}
