package asperatest

import (
	"bytes"
	"crypto/md5"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

const chunk = 32 << 10

// checkpoint is how far a file has come, beside its partial file.
type checkpoint struct {
	Size   int64     `json:"size"`
	Time   time.Time `json:"time"`
	Offset int64     `json:"offset"`
}

// transfer moves the files of the command line.
func (p *player) transfer() error {
	p.send("SESSION", "Direction: "+p.line.value["--mode"], "Encryption: Yes")
	if p.line.grow != "" {
		return p.grow()
	}
	if err := p.happen(); err != nil {
		return err
	}
	if p.act.Lie {
		return nil
	}
	for _, pair := range p.line.sources {
		from, to := pair[0], filepath.Join(p.Root, p.line.dest, pair[1])
		if p.line.value["--mode"] == "recv" {
			from, to = filepath.Join(p.Root, pair[0]), filepath.Join(p.line.dest, pair[1])
		}
		if p.line.value["-d"] != "" {
			if err := os.MkdirAll(filepath.Dir(to), 0o700); err != nil {
				return &failure{5, err.Error()}
			}
		}
		if err := p.file(from, p.sealed(to)); err != nil {
			return err
		}
	}
	return nil
}

// sealed is the name of a file that is stored encrypted.
func (p *player) sealed(to string) string {
	if p.line.value["--file-crypt"] == "encrypt" && os.Getenv("ASPERA_SCP_FILEPASS") != "" {
		return to + ".aspera-env"
	}
	return to
}

func (p *player) file(from, to string) error {
	source, err := os.Open(from)
	if err != nil {
		return &failure{4, "No such file or directory"}
	}
	defer source.Close()
	info, err := source.Stat()
	if err != nil || info.IsDir() {
		return &failure{7, "File is a directory"}
	}
	p.send("NOTIFICATION", fmt.Sprintf("PreTransferBytes: %d", info.Size()))
	if p.there(source, info, to) {
		p.send("STOP", fmt.Sprintf("Size: %d", info.Size()), "Written: 0")
		return nil
	}
	offset := p.resume(source, info, to)
	p.note(func(r *Run) { r.Offset = offset })
	part, err := os.OpenFile(to+".partial", os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return &failure{5, "Insufficient permission to write: " + err.Error()}
	}
	defer part.Close()
	if err := part.Truncate(offset); err != nil {
		return &failure{36, err.Error()}
	}
	if err := p.bytes(source, part, info, to, offset); err != nil {
		return err
	}
	return p.finish(info, to)
}

// there tells whether the file is at its end already, as -k compares it.
func (p *player) there(source *os.File, info os.FileInfo, to string) bool {
	level := p.line.value["-k"]
	now, err := os.Stat(to)
	if err != nil || level == "" || level == "0" || now.Size() != info.Size() {
		return false
	}
	if level == "1" {
		return now.ModTime().Truncate(time.Second).Equal(info.ModTime().Truncate(time.Second))
	}
	return p.sameStart(source, to, info.Size())
}

// resume gives the offset to go on from.
func (p *player) resume(source *os.File, info os.FileInfo, to string) int64 {
	level := p.line.value["-k"]
	if level == "" || level == "0" {
		return 0
	}
	var c checkpoint
	data, err := os.ReadFile(to + ".aspx")
	if err != nil || json.Unmarshal(data, &c) != nil || c.Size != info.Size() || !c.Time.Equal(info.ModTime()) {
		return 0
	}
	if level != "1" && !p.sameStart(source, to+".partial", c.Offset) {
		return 0
	}
	return c.Offset
}

// sample is how much of each end of a file a sparse comparison looks at.
const sample = 1 << 10

// sameStart compares the first n bytes: all of them, or samples (-k 2).
func (p *player) sameStart(source io.ReaderAt, file string, n int64) bool {
	other, err := os.Open(file)
	if err != nil {
		return false
	}
	defer other.Close()
	a, b := md5.New(), md5.New()
	if info, err := other.Stat(); p.line.value["-k"] == "2" && n > 2*sample {
		for _, at := range []int64{0, n - sample} {
			_, errA := io.Copy(a, io.NewSectionReader(source, at, sample))
			_, errB := io.Copy(b, io.NewSectionReader(other, at, sample))
			err = errors.Join(err, errA, errB)
		}
		return err == nil && info.Size() >= n && bytes.Equal(a.Sum(nil), b.Sum(nil))
	}
	_, errA := io.Copy(a, io.NewSectionReader(source, 0, n))
	count, errB := io.Copy(b, io.LimitReader(other, n))
	return errA == nil && errB == nil && count == n && bytes.Equal(a.Sum(nil), b.Sum(nil))
}

func (p *player) bytes(source io.ReaderAt, part io.WriterAt, info os.FileInfo, to string, offset int64) error {
	buffer := make([]byte, chunk)
	for at := offset; at < info.Size(); {
		n := min(int64(len(buffer)), info.Size()-at)
		if stop := p.act.AfterBytes - p.run.Sent; stop > 0 && stop < n {
			n = stop
		}
		if _, err := source.ReadAt(buffer[:n], at); err != nil {
			return &failure{35, err.Error()}
		}
		if _, err := part.WriteAt(buffer[:n], at); err != nil {
			return &failure{36, err.Error()}
		}
		at += n
		p.mark(to, checkpoint{info.Size(), info.ModTime(), at})
		p.mu.Lock()
		p.run.Sent += n
		p.mu.Unlock()
		p.stats()
		if err := p.happen(); err != nil {
			return err
		}
	}
	return nil
}

func (p *player) mark(to string, c checkpoint) {
	data, _ := json.Marshal(c)
	_ = os.WriteFile(to+".aspx", data, 0o600)
}

func (p *player) stats() {
	p.send("STATS", fmt.Sprintf("TransferBytes: %d", p.run.Sent), fmt.Sprintf("StartByte: %d", p.run.Offset), "Rate: 10000")
}

func (p *player) finish(info os.FileInfo, to string) error {
	if err := os.Rename(to+".partial", to); err != nil {
		return &failure{64, err.Error()}
	}
	_ = os.Remove(to + ".aspx")
	if p.line.value["-p"] != "" {
		if err := os.Chtimes(to, info.ModTime(), info.ModTime()); err != nil {
			return &failure{5, err.Error()}
		}
	}
	p.send("STOP", fmt.Sprintf("Size: %d", info.Size()), fmt.Sprintf("Written: %d", info.Size()))
	return nil
}

// happen plays the act, once its time has come.
func (p *player) happen() error {
	select {
	case <-p.cancel:
		return &failure{28, "Cancelled by user"}
	default:
	}
	if p.run.Sent != p.act.AfterBytes {
		return nil
	}
	p.log()
	switch {
	case p.act.Kill:
		_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
		time.Sleep(time.Hour)
	case p.act.Hang:
		time.Sleep(time.Hour)
	case p.act.Hold:
		return p.hold()
	case p.act.Code != 0:
		return &failure{p.act.Code, p.act.Description}
	}
	return nil
}

func (p *player) hold() error {
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			p.stats()
		case <-p.release:
			return nil
		case <-p.cancel:
			return &failure{28, "Cancelled by user"}
		}
	}
}

// grow follows a file that is still written, named by a URL on the command line.
func (p *player) grow() error {
	name, query, ok := strings.Cut(strings.TrimPrefix(p.line.grow, "file://"), "?")
	values, err := url.ParseQuery(query)
	wait, bad := strconv.Atoi(values.Get("grow"))
	if err = errors.Join(err, bad); err != nil || !ok || values.Get("wait_start") != "mtime" && values.Get("wait_start") != "null_read" {
		return &failure{8, "no source: " + p.line.grow}
	}
	source, err := os.Open(name)
	if err != nil {
		return &failure{4, "No such file or directory"}
	}
	defer source.Close()
	to := filepath.Join(p.Root, p.line.dest)
	part, err := os.Create(to + ".partial")
	if err != nil {
		return &failure{5, err.Error()}
	}
	defer part.Close()
	for {
		n, err := io.Copy(part, source)
		if err != nil {
			return &failure{36, err.Error()}
		}
		p.mu.Lock()
		p.run.Sent += n
		p.mu.Unlock()
		p.stats()
		info, err := source.Stat()
		if err != nil {
			return &failure{35, err.Error()}
		}
		if n == 0 && time.Since(info.ModTime()) >= time.Duration(wait)*time.Second {
			return p.finish(info, to)
		}
		time.Sleep(20 * time.Millisecond)
	}
}
