package ftp

import (
	"crypto/tls"
	"io"
	"net"
	"sync"
	"time"

	"gantry/connectors"
)

// data is a data connection, as the library sees it.
type data struct {
	net.Conn // TLS or not
	raw      *net.TCPConn
	tls      *tls.Conn // nil in clear text
	control  *control
	timeout  time.Duration
	divert   func(io.Reader) error // takes all that arrives, so that the library's parser sees nothing
	ended    bool                  // the far end has said that there is no more
	wrote    time.Time             // last; zero before the first time
	release  func() bool
}

// Read implements net.Conn.
func (d *data) Read(p []byte) (int, error) {
	if take := d.divert; take != nil {
		d.divert = nil
		if err := take(d); err != nil {
			return 0, err
		}
		return 0, io.EOF
	}
	if err := d.SetReadDeadline(time.Now().Add(d.timeout)); err != nil {
		return 0, err
	}
	n, err := d.Conn.Read(p)
	d.ended = d.ended || err == io.EOF
	return n, err
}

// oneWrite is how much has to be taken within the time-out.
const oneWrite = 256 << 10

// staleAfter is for how long an upload may stand still and then go on: what is left for
// longer, another process may take up and show to others.
const staleAfter = 10 * time.Minute

// Write implements net.Conn.
func (d *data) Write(p []byte) (written int, err error) {
	for {
		now := time.Now()
		// A machine that slept has not heard its own clock tick.
		if stood := max(now.Sub(d.wrote), now.Round(0).Sub(d.wrote.Round(0))); !d.wrote.IsZero() && stood > staleAfter {
			return written, connectors.Errorf(connectors.KindUnavailable, "write", "", "nothing was written for %s, in which another process may have taken up the upload", staleAfter)
		}
		d.wrote = now
		if err := d.SetWriteDeadline(now.Add(d.timeout)); err != nil {
			return written, err
		}
		n, err := d.Conn.Write(p[:min(len(p), oneWrite)])
		written += n
		if p = p[n:]; err != nil || len(p) == 0 {
			return written, err
		}
	}
}

var buffers = sync.Pool{New: func() any { b := make([]byte, oneWrite); return &b }}

// ReadFrom implements io.ReaderFrom, with fewer and larger writes than io.Copy.
func (d *data) ReadFrom(r io.Reader) (int64, error) {
	buffer := buffers.Get().(*[]byte)
	defer buffers.Put(buffer)
	return io.CopyBuffer(struct{ io.Writer }{d}, struct{ io.Reader }{r}, *buffer)
}

// Handshake is asked of by the library after an upload without a byte.
func (d *data) Handshake() error {
	if d.tls == nil {
		return nil
	}
	if err := d.SetDeadline(time.Now().Add(d.timeout)); err != nil {
		return err
	}
	return d.tls.Handshake()
}

// Close implements net.Conn. The end of an upload over TLS is told in both
// layers, and what the server still sends (sessions to resume, most of all) is
// read until it closes, too: to close over unread bytes would reset the
// connection, and take with it what the server has not read.
func (d *data) Close() error {
	if d.tls == nil {
		d.release()
		return d.raw.Close()
	}
	if verb := d.control.verb; d.control.marks > 0 && (verb == "STOR" || verb == "APPE") {
		return d.closeUpload()
	}
	d.release()
	if d.ended {
		return d.tls.Close()
	}
	return d.raw.Close()
}

func (d *data) closeUpload() error {
	err := d.Handshake() // of an upload without a byte
	if err == nil {
		err = d.tls.CloseWrite()
	}
	if err == nil {
		err = d.raw.CloseWrite()
	}
	if err == nil {
		err = d.SetReadDeadline(time.Now().Add(d.timeout))
	}
	go func() {
		if err == nil {
			_, _ = io.Copy(io.Discard, d.raw) // the reply tells whether all arrived
		}
		d.release()
		_ = d.raw.Close()
	}()
	return err
}
