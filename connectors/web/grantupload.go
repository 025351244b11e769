package web

import (
	"bytes"
	"context"
	"crypto/md5"
	"encoding/hex"
	"encoding/xml"
	"errors"
	"io"
	"maps"
	"net/http"
	"slices"
	"sync"

	"gantry/connectors"
	"gantry/connectors/promise"
	"gantry/connectors/web/grant"
)

// A grantUpload sends the parts of a multipart upload to their URLs. Parts may come
// in any order, at once, and again.
type grantUpload struct {
	p  *granted
	id string
	o  connectors.UploadOptions

	mu    sync.Mutex
	entry *connectors.Entry
}

// Begin implements connectors.Sink. Nothing is sent. A multipart upload was begun by
// the hub, and is taken up by the same ID, after a new grant for it as well.
func (p *granted) Begin(ctx context.Context, path string, o connectors.UploadOptions) (connectors.Upload, error) {
	g, err := p.check(ctx, "begin", path, false)
	if err != nil {
		return nil, err
	}
	if !g.Multipart() {
		return p.beginPut(g, o)
	}
	if o.Resume != "" && (o.Resume != g.ID() || p.isSpent() != nil) {
		return nil, connectors.Errorf(connectors.KindNotFound, "take up upload of", path, "the grant is for another upload than %q; begin again", o.Resume)
	}
	if why := p.isSpent(); why != nil {
		return nil, &connectors.Error{Kind: connectors.KindAuth, Op: "begin", Path: path, Err: why, Remedy: "ask the hub for a new grant"}
	}
	if o.Size > g.MaxSize() {
		return nil, connectors.Errorf(connectors.KindInvalid, "begin", path, "the file has %d bytes, and the grant is for %d at most; ask the hub for a larger one", o.Size, g.MaxSize())
	}
	return &grantUpload{p: p, id: g.ID(), o: o}, nil
}

var (
	errUploadGone = errors.New("the upload that the grant is for is gone: it was aborted, or completed")
	errSpent      = errors.New("the grant has been used")
	errReadOnly   = errors.New("the grant does not allow to write")
)

func (p *granted) isSpent() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.spent
}

func (p *granted) spend(why error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.spent == nil {
		p.spent = why
	}
}

// ID implements connectors.Upload.
func (u *grantUpload) ID() string { return u.id }

// Parts implements connectors.Upload: the grant does not allow to ask.
func (u *grantUpload) Parts(context.Context) ([]connectors.Part, error) { return nil, nil }

// WritePart implements connectors.Upload. The store compares the part with its MD5.
func (u *grantUpload) WritePart(ctx context.Context, p connectors.Part, r io.ReadSeeker) (connectors.Part, error) {
	path := u.p.path
	if err := promise.Check(path, p); err != nil {
		return p, err
	}
	g, err := u.usable(ctx, "write part of")
	if err != nil {
		return p, err
	}
	if p.Number > len(g.Parts) || p.Size > g.PartSize || p.Offset != int64(p.Number-1)*g.PartSize {
		return p, connectors.Errorf(connectors.KindInvalid, "write part of", path, "part %d of %d bytes at %d does not fit the grant, which has %d parts of %d", p.Number, p.Size, p.Offset, len(g.Parts), g.PartSize)
	}
	sum, err := u.sum(ctx, p, r)
	if err != nil {
		return p, err
	}
	body := promise.NewPartReader(ctx, path, p, r)
	defer body.Detach()
	a, err := u.p.ask("write part of", http.MethodPut, g.Parts[p.Number-1].URL)
	if err != nil {
		return p, err
	}
	a.header = http.Header{"Content-Md5": {sum}}
	for name, value := range g.Headers {
		a.header.Set(name, value)
	}
	if p.Size > 0 {
		a.body, a.size = body, p.Size
	}
	answer, err := u.p.send(ctx, a)
	if err != nil {
		return p, err
	}
	if answer.StatusCode != http.StatusOK && answer.StatusCode != http.StatusCreated && answer.StatusCode != http.StatusNoContent {
		return p, u.refused(a, answer)
	}
	_ = answer.finish()
	if p.ETag = answer.Header.Get("ETag"); p.ETag == "" {
		return p, connectors.Errorf(connectors.KindUnsupported, a.op, path, "the store gives no ETag for part %d, which it takes to complete the upload", p.Number)
	}
	p.Digests = partDigests(answer.Header)
	return p, nil
}

// sum computes the MD5 of a part, or takes the one that is known, and rewinds.
func (u *grantUpload) sum(ctx context.Context, p connectors.Part, r io.ReadSeeker) (string, error) {
	if known := contentMD5(p.Digests); known != "" {
		return known, nil
	}
	at, err := r.Seek(0, io.SeekCurrent)
	if err != nil {
		return "", err
	}
	hash := md5.New()
	if _, err := io.CopyN(hash, promise.NewPartReader(ctx, u.p.path, p, r), p.Size); err != nil {
		return "", err
	}
	_, err = r.Seek(at, io.SeekStart)
	return contentMD5(connectors.Digests{connectors.MD5: hex.EncodeToString(hash.Sum(nil))}), err
}

// usable gives the grant, unless the upload is over.
func (u *grantUpload) usable(ctx context.Context, op string) (grant.Grant, error) {
	if err := ctx.Err(); err != nil {
		return grant.Grant{}, promise.Ended(op, u.p.path, err)
	}
	if why := u.p.isSpent(); why != nil {
		return grant.Grant{}, connectors.Errorf(connectors.KindNotFound, op, u.p.path, "%w", why)
	}
	return u.p.valid(op)
}

// refused judges what a store answers, and notes that the upload is gone.
func (u *grantUpload) refused(a ask, r *answer) error {
	e := u.p.refused(a, r)
	if e.Kind == connectors.KindNotFound {
		u.p.spend(errUploadGone)
	}
	return u.p.used(e)
}

// partDigests are those that S3 tells of a part.
func partDigests(h http.Header) connectors.Digests {
	d := connectors.Digests{}
	s3Digest(d, connectors.CRC64NVME, 8, h.Get("X-Amz-Checksum-Crc64nvme"))
	s3Digest(d, connectors.CRC32C, 4, h.Get("X-Amz-Checksum-Crc32c"))
	s3Digest(d, connectors.SHA1, 20, h.Get("X-Amz-Checksum-Sha1"))
	s3Digest(d, connectors.SHA256, 32, h.Get("X-Amz-Checksum-Sha256"))
	return d
}

type xmlCompletion struct {
	XMLName xml.Name  `xml:"http://s3.amazonaws.com/doc/2006-03-01/ CompleteMultipartUpload"`
	Parts   []xmlPart `xml:"Part"`
}

type xmlPart struct {
	Number int    `xml:"PartNumber"`
	ETag   string `xml:"ETag"`
}

// xmlCompleted is the answer, which is an error too where the status says success.
type xmlCompleted struct {
	XMLName   xml.Name
	Code      string
	ETag      string
	Type      string `xml:"ChecksumType"`
	CRC64NVME string `xml:"ChecksumCRC64NVME"`
	CRC32C    string `xml:"ChecksumCRC32C"`
}

// Commit implements connectors.Upload: it completes the upload with the parts' ETags.
func (u *grantUpload) Commit(ctx context.Context, w connectors.Whole) (connectors.Entry, error) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.entry != nil {
		return *u.entry, nil
	}
	g, err := u.usable(ctx, "commit")
	if err != nil {
		return connectors.Entry{}, err
	}
	if err := promise.CheckWhole(g.Path, w); err != nil {
		return connectors.Entry{}, err
	}
	if len(w.Parts) == 0 { // S3 has no upload without parts
		p, err := u.WritePart(ctx, connectors.Part{Number: 1}, bytes.NewReader(nil))
		if err != nil {
			return connectors.Entry{}, err
		}
		w.Parts = []connectors.Part{p}
	}
	done, err := u.complete(ctx, g, w)
	if err != nil {
		return connectors.Entry{}, err
	}
	u.p.spend(errSpent)
	e, err := u.describe(ctx, g, w, done)
	if err == nil {
		u.entry = &e
	}
	return e, err
}

func (u *grantUpload) complete(ctx context.Context, g grant.Grant, w connectors.Whole) (done xmlCompleted, err error) {
	list := xmlCompletion{}
	for _, p := range w.Parts {
		if p.ETag == "" {
			return done, connectors.Errorf(connectors.KindIncomplete, "commit", g.Path, "part %d was not accepted", p.Number)
		}
		list.Parts = append(list.Parts, xmlPart{p.Number, p.ETag})
	}
	body, err := xml.Marshal(list)
	if err != nil {
		return done, err
	}
	a, err := u.p.ask("commit", http.MethodPost, g.Complete)
	if err != nil {
		return done, err
	}
	a.header, a.body, a.size = http.Header{"Content-Type": {"application/xml"}}, bytes.NewReader(body), int64(len(body))
	if u.o.Exclusive {
		a.header.Set("If-None-Match", "*")
	}
	r, err := u.p.send(ctx, a)
	if err != nil {
		return done, err
	}
	if r.StatusCode != http.StatusOK {
		if r.StatusCode == http.StatusPreconditionFailed {
			e := u.p.refused(a, r)
			e.Kind = connectors.KindExists
			return done, e
		}
		return done, u.refused(a, r)
	}
	defer r.Body.Close()
	data, err := io.ReadAll(io.LimitReader(r.Body, 1<<20)) // S3 keeps the line alive by blanks meanwhile
	if err != nil {
		return done, err
	}
	if err := xml.Unmarshal(data, &done); err != nil || done.XMLName.Local != "CompleteMultipartUploadResult" {
		return done, u.failed200(g, done.Code)
	}
	return done, nil
}

// failed200 is a success that is none.
func (u *grantUpload) failed200(g grant.Grant, code string) error {
	kind, ok := s3Kinds[code]
	if !ok {
		kind = connectors.KindUnavailable
	}
	if kind == connectors.KindNotFound {
		u.p.spend(errUploadGone)
	}
	return connectors.Errorf(kind, "commit", g.Path, "the store answers 200 and an error: %q", code)
}

// describe is the file as the store tells of it; without leave to read, as it told
// when the upload was completed.
func (u *grantUpload) describe(ctx context.Context, g grant.Grant, w connectors.Whole, done xmlCompleted) (connectors.Entry, error) {
	sums := connectors.Digests{}
	if done.Type != "COMPOSITE" {
		s3Digest(sums, connectors.CRC64NVME, 8, done.CRC64NVME)
	}
	if done.Type == "FULL_OBJECT" {
		s3Digest(sums, connectors.CRC32C, 4, done.CRC32C)
	}
	e := connectors.Entry{Path: g.Path, Size: w.Size, ModTime: u.p.now().UTC(), Version: done.ETag}
	if g.Get != "" {
		var err error
		if e, err = u.p.Stat(ctx, g.Path); err != nil {
			return e, err
		}
	}
	if len(sums) > 0 && e.Digests == nil {
		e.Digests = sums
	} else {
		maps.Copy(e.Digests, sums)
	}
	return e, nil
}

// Abort implements connectors.Upload.
func (u *grantUpload) Abort(ctx context.Context) error {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.entry != nil || u.p.isSpent() != nil {
		return nil
	}
	g, err := u.p.valid("abort")
	if err != nil {
		return err
	}
	if g.Abort == "" {
		u.p.spend(errAborted)
		return nil
	}
	a, err := u.p.ask("abort", http.MethodDelete, g.Abort)
	if err != nil {
		return err
	}
	r, err := u.p.send(ctx, a)
	if err != nil {
		return err
	}
	if slices.Contains([]int{http.StatusOK, http.StatusNoContent, http.StatusNotFound}, r.StatusCode) {
		_ = r.finish()
		u.p.spend(errAborted)
		return nil
	}
	return u.refused(a, r)
}
