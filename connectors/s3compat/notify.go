package s3compat

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"

	"gantry/connectors"
	"gantry/connectors/objectstore"
	"gantry/connectors/objectstore/events"
)

// maxLine bounds one message of a stream, in bytes.
const maxLine = 4 << 20

// A stream of notifications, as servers of MinIO send it for as long as somebody
// listens. It has no memory: what happens while nobody listens is not told later.
type stream struct {
	wire  *wire
	root  string
	place *objectstore.Place
}

// readEvents reads the option events.
func readEvents(value string) (listen bool, err error) {
	switch value {
	case "":
		return false, nil
	case "listen":
		return true, nil
	default:
		return false, &connectors.Error{
			Kind: connectors.KindInvalid, Op: "read option", Path: "events", Err: errors.New("it is not listen"),
			Remedy: "write listen for a server of MinIO; leave it out for others, whose places are listed from time to time",
		}
	}
}

// Notify implements connectors.Notifier. The stream's end is KindUnavailable: listen
// again, and list what may have been missed. A store that has no such stream is
// KindUnsupported.
func (s *stream) Notify(ctx context.Context, prefix string, handle func(context.Context, connectors.Event) error) error {
	ctx, done := s.place.Use(ctx)
	defer done()
	resp, err := s.wire.Call(ctx, objectstore.Request{Method: http.MethodGet, Query: url.Values{
		"events": {"s3:ObjectCreated:*", "s3:ObjectRemoved:*"}, "prefix": {s.root + prefix}, "suffix": {""}, "ping": {"10"},
	}})
	if err != nil {
		return s.place.Failed(ctx, "listen", "", err)
	}
	defer resp.Body.Close()
	if kind := resp.Header.Get("Content-Type"); strings.Contains(kind, "xml") {
		// Stores that do not know the query list the bucket.
		return &connectors.Error{
			Kind: connectors.KindUnsupported, Op: "listen", Path: s.wire.bucket, Err: errors.New("the store sends no stream of notifications"),
			Remedy: "take the option events out: the place is listed from time to time then",
		}
	}
	lines := bufio.NewScanner(resp.Body)
	lines.Buffer(nil, maxLine)
	for lines.Scan() {
		if err := s.tell(ctx, prefix, lines.Bytes(), handle); err != nil {
			return err
		}
	}
	err = lines.Err()
	if err == nil {
		err = io.ErrUnexpectedEOF
	}
	return s.ended(ctx, err)
}

func (s *stream) ended(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return s.place.Failed(ctx, "listen", "", err)
	}
	return connectors.Errorf(connectors.KindUnavailable, "listen", s.wire.bucket, "the stream of notifications ended: %w", err)
}

// tell handles one line. The store sends blank ones, and such without records, to
// show that it lives.
func (s *stream) tell(ctx context.Context, prefix string, line []byte, handle func(context.Context, connectors.Event) error) error {
	text := strings.TrimSpace(string(line))
	if text == "" || text == "{}" || strings.HasPrefix(text, `{"Records":null`) || text == `{"Records":[]}` {
		return nil
	}
	records, err := events.Parse([]byte(text))
	if err != nil {
		connectors.PassOver(ctx, "notification", err)
		return nil
	}
	return s.place.Tell(ctx, prefix, records, handle)
}
