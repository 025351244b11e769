package peers

import (
	"net"
	"path/filepath"
	"strings"
	"testing"

	"gantry/connectors/servers"
)

func (w *world) contests(b *testing.B) []contest {
	b.Helper()
	list := []contest{w.folder()}
	list = append(list, w.sftp(b)...)
	list = append(list, w.ftp(b)...)
	return append(list, w.bucket(b)...)
}

func (w *world) copy(options ...string) client {
	return client{name: "gantry", argv: append([]string{w.gantry, "copy"}, options...)}
}

func (w *world) folder() contest {
	target := filepath.Join(w.dir, "folder", "target.mxf")
	return contest{name: "folder", target: target, clients: []client{
		{name: "cp", argv: []string{"sh", "-c", "mkdir -p $(dirname " + target + ") && cp --reflink=never --sparse=never " + w.source + " " + target}},
		{name: "rclone", argv: []string{"rclone", "copyto", "--ignore-times", w.source, target}},
		w.copy(w.source, target),
	}}
}

func (w *world) sftp(b *testing.B) []contest {
	s, err := servers.StartSSHD(b.Context(), filepath.Join(w.dir, "sshd"))
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = s.Stop() })
	host, port, _ := net.SplitHostPort(s.Addr)
	remote, back := filepath.Join(w.dir, "sftp.mxf"), filepath.Join(w.dir, "sftp-back.mxf")
	openssh := func(command string) client {
		return client{name: "openssh", argv: []string{
			"sh", "-c", "echo '" + command + "' | sftp -q -b - -P " + port + " -i " + s.IdentityFile + " -o UserKnownHostsFile=" + s.KnownHosts +
				" -o Ciphers=aes128-gcm@openssh.com " + s.User + "@" + host,
		}}
	}
	clone := ":sftp,host=" + host + ",port=" + port + ",user=" + s.User + ",key_file=" + s.IdentityFile + ":"
	o := []string{"identityFile=" + s.IdentityFile, "knownHosts=" + s.KnownHosts}
	return []contest{
		{name: "sftp-up", target: remote, clients: []client{
			openssh("put " + w.source + " " + remote),
			{name: "rclone", argv: []string{"rclone", "copyto", "--ignore-times", w.source, clone + remote}},
			w.copy(w.source, s.URL(remote), "--dst-option", o[0], "--dst-option", o[1]),
		}},
		{name: "sftp-down", target: back, clients: []client{
			openssh("get " + w.source + " " + back),
			{name: "rclone", argv: []string{"rclone", "copyto", "--ignore-times", clone + w.source, back}},
			w.copy(s.URL(w.source), back, "--src-option", o[0], "--src-option", o[1]),
		}},
	}
}

func (w *world) ftp(b *testing.B) []contest {
	s, err := servers.StartVSFTPD(b.Context(), filepath.Join(w.dir, "vsftpd"), servers.FTPOptions{})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = s.Stop() })
	url := "ftp://" + s.Addr + "/" + strings.TrimSuffix(s.Root, "/") // curl takes a path for one below the login's folder
	login := s.User + ":" + s.Password
	host, port, _ := net.SplitHostPort(s.Addr)
	clone := client{name: "rclone", env: []string{
		"RCLONE_CONFIG_P_TYPE=ftp", "RCLONE_CONFIG_P_HOST=" + host, "RCLONE_CONFIG_P_PORT=" + port, "RCLONE_CONFIG_P_USER=" + s.User,
	}}
	up, down := clone, clone
	obscure := "RCLONE_CONFIG_P_PASS=$(rclone obscure " + s.Password + ") "
	up.argv = []string{"sh", "-c", obscure + "rclone copyto --ignore-times " + w.source + " P:" + s.Root + "/up.mxf"}
	down.argv = []string{"sh", "-c", obscure + "rclone copyto --ignore-times --multi-thread-streams=0 P:" + s.Root + "/down.mxf " + filepath.Join(w.dir, "ftp-back.mxf")}
	fill(b, filepath.Join(s.Dir, "down.mxf"), w.size)
	target, back := filepath.Join(s.Dir, "up.mxf"), filepath.Join(w.dir, "ftp-back.mxf")
	place := "ftp://" + s.User + "@" + s.Addr + strings.TrimSuffix(s.Root, "/")
	gantryUp := w.copy(w.source, place+"/up.mxf", "--dst-option", "password=env:PEER_FTP")
	gantryDown := w.copy(place+"/down.mxf", back, "--src-option", "password=env:PEER_FTP")
	gantryUp.env, gantryDown.env = []string{"PEER_FTP=" + s.Password}, []string{"PEER_FTP=" + s.Password}
	return []contest{
		{name: "ftp-up", target: target, clients: []client{
			{name: "curl", argv: []string{"curl", "-sS", "-u", login, "-T", w.source, url + "/up.mxf"}},
			up, gantryUp,
		}},
		{name: "ftp-down", target: back, clients: []client{
			{name: "curl", argv: []string{"curl", "-sS", "-u", login, "-o", back, url + "/down.mxf"}},
			down, gantryDown,
		}},
	}
}

func (w *world) bucket(b *testing.B) []contest {
	g, err := servers.StartVersityGW(b.Context(), filepath.Join(w.dir, "s3"))
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = g.Stop() })
	if err := g.MakeBucket(b.Context(), "peers"); err != nil {
		b.Fatal(err)
	}
	target, back := filepath.Join(g.Root, "peers", "up.mxf"), filepath.Join(w.dir, "s3-back.mxf")
	fill(b, filepath.Join(filepath.Dir(target), "down.mxf"), w.size)
	env := []string{
		"RCLONE_CONFIG_P_TYPE=s3", "RCLONE_CONFIG_P_PROVIDER=Other", "RCLONE_CONFIG_P_ENDPOINT=" + g.Endpoint, "RCLONE_CONFIG_P_REGION=" + g.Region,
		"RCLONE_CONFIG_P_ACCESS_KEY_ID=" + g.AccessKey, "RCLONE_CONFIG_P_SECRET_ACCESS_KEY=" + g.SecretKey,
		"PEER_ACCESS=" + g.AccessKey, "PEER_SECRET=" + g.SecretKey,
	}
	options := func(flag string) []string {
		return []string{flag, "accessKey=env:PEER_ACCESS", flag, "secretKey=env:PEER_SECRET", flag, "region=" + g.Region}
	}
	place := "s3+" + g.Endpoint + "/peers/"
	up := w.copy(append(options("--dst-option"), w.source, place+"up.mxf")...)
	down := w.copy(append(options("--src-option"), place+"down.mxf", back)...)
	up.env, down.env = env, env
	tuned := []string{"--ignore-times", "--s3-chunk-size=32M", "--s3-upload-concurrency=8", "--s3-disable-checksum", "--s3-no-check-bucket"}
	return []contest{
		{name: "s3-up", target: target, clients: []client{
			{name: "rclone", env: env, argv: append([]string{"rclone", "copyto", w.source, "P:peers/up.mxf"}, tuned...)}, up,
		}},
		{name: "s3-down", target: back, clients: []client{
			{name: "rclone", env: env, argv: append([]string{"rclone", "copyto", "P:peers/down.mxf", back}, tuned...)}, down,
		}},
	}
}
