package s3

import (
	"context"
	"crypto/md5"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"

	"gantry/connectors"
	"gantry/connectors/objectstore"
)

// An sqsServer speaks as much of the JSON protocol of SQS (awsJson1_0) as we use.
// A message that was received is away until somebody gives it back, or expire.
type sqsServer struct {
	mu       sync.Mutex
	changed  chan struct{}
	messages []*queued
	seen     []string // targets, and what they set
	refuse   map[string]string
	receipts int
}

type queued struct {
	id, body, receipt string
	away, deleted     bool
	received          int
}

func (s *sqsServer) send(bodies ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, body := range bodies {
		s.messages = append(s.messages, &queued{id: fmt.Sprint("m", len(s.messages)), body: body})
	}
	s.wake()
}

// expire lets all messages come back, as when their time is over.
func (s *sqsServer) expire() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, m := range s.messages {
		m.away = false
	}
	s.wake()
}

func (s *sqsServer) wake() {
	close(s.changed)
	s.changed = make(chan struct{})
}

func (s *sqsServer) left() (bodies []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, m := range s.messages {
		if !m.deleted {
			bodies = append(bodies, m.body)
		}
	}
	return bodies
}

func (s *sqsServer) did(what string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Contains(s.seen, what)
}

type sqsRequest struct {
	QueueURL            string `json:"QueueUrl"`
	ReceiptHandle       string
	VisibilityTimeout   int
	WaitTimeSeconds     int
	MaxNumberOfMessages int
	Entries             []struct {
		ID                string `json:"Id"`
		ReceiptHandle     string
		VisibilityTimeout int
	}
}

func (s *sqsServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	target := strings.TrimPrefix(r.Header.Get("X-Amz-Target"), "AmazonSQS.")
	var in sqsRequest
	if err := json.NewDecoder(r.Body).Decode(&in); err != nil || r.Header.Get("Content-Type") != "application/x-amz-json-1.0" {
		http.Error(w, "no request of SQS", http.StatusBadRequest)
		return
	}
	w.Header().Set("Content-Type", "application/x-amz-json-1.0")
	s.mu.Lock()
	code := s.refuse[target]
	s.mu.Unlock()
	if code != "" {
		w.WriteHeader(http.StatusBadRequest)
		_, _ = fmt.Fprintf(w, `{"__type":"com.amazonaws.sqs#%s","message":"so it says"}`, code)
		return
	}
	switch target {
	case "ReceiveMessage":
		s.receive(w, r)
	case "DeleteMessage":
		s.by(in.ReceiptHandle, func(m *queued) { m.deleted = true })
		_, _ = io.WriteString(w, "{}")
	case "ChangeMessageVisibility":
		s.show(in.ReceiptHandle, in.VisibilityTimeout)
		_, _ = io.WriteString(w, "{}")
	case "ChangeMessageVisibilityBatch":
		for _, e := range in.Entries {
			s.show(e.ReceiptHandle, e.VisibilityTimeout)
		}
		_, _ = io.WriteString(w, `{"Successful":[],"Failed":[]}`)
	}
}

func (s *sqsServer) show(receipt string, seconds int) {
	s.by(receipt, func(m *queued) {
		s.seen = append(s.seen, fmt.Sprintf("%s %d", m.id, seconds))
		if m.away = seconds > 0; !m.away {
			s.wake()
		}
	})
}

func (s *sqsServer) by(receipt string, f func(m *queued)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, m := range s.messages {
		if m.receipt == receipt {
			f(m)
		}
	}
}

func (s *sqsServer) receive(w http.ResponseWriter, r *http.Request) {
	for {
		s.mu.Lock()
		var out []map[string]string
		for _, m := range s.messages {
			if !m.away && !m.deleted && len(out) < 10 {
				s.receipts++
				m.away, m.receipt = true, fmt.Sprint("r", s.receipts)
				m.received++
				sum := md5.Sum([]byte(m.body))
				out = append(out, map[string]string{"MessageId": m.id, "ReceiptHandle": m.receipt, "Body": m.body, "MD5OfBody": hex.EncodeToString(sum[:])})
			}
		}
		changed := s.changed
		s.mu.Unlock()
		if len(out) > 0 {
			_ = json.NewEncoder(w).Encode(map[string]any{"Messages": out})
			return
		}
		select {
		case <-changed:
		case <-r.Context().Done():
			return
		}
	}
}

func created(key string) string {
	return fmt.Sprintf(`{"Records":[{"eventName":"ObjectCreated:Put","eventTime":"2026-05-01T13:30:00Z","s3":{"bucket":{"name":"media"},"object":{"key":%q,"size":7,"eTag":"e","sequencer":"0055AED6DCD90281E5"}}}]}`, key)
}

func startSQS(t *testing.T) (*sqsServer, string) {
	t.Helper()
	s := &sqsServer{changed: make(chan struct{}), refuse: make(map[string]string)}
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	return s, server.URL
}

func startQueue(t *testing.T) (*sqsServer, connectors.Notifier) {
	t.Helper()
	s, url := startSQS(t)
	t.Setenv("TEST_ACCESS_KEY", "key")
	t.Setenv("TEST_SECRET_KEY", "secret")
	place, err := Connector().Open(t.Context(), connectors.Location{URL: "s3://media/root", Options: map[string]string{
		"region": "us-east-1", "endpoint": url, "accessKey": "env:TEST_ACCESS_KEY", "secretKey": "env:TEST_SECRET_KEY",
		"events": url + "/111122223333/media",
	}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = place.Close() })
	n, ok := connectors.As[connectors.Notifier](place)
	if !ok {
		t.Fatal("the place is no Notifier")
	}
	return s, n
}

// A place without the option is no Notifier, and says nothing it cannot do.
func TestWithoutAQueue(t *testing.T) {
	t.Setenv("TEST_ACCESS_KEY", "key")
	place, err := Connector().Open(t.Context(), connectors.Location{URL: "s3://media", Options: map[string]string{
		"region": "us-east-1", "accessKey": "env:TEST_ACCESS_KEY", "secretKey": "env:TEST_ACCESS_KEY",
	}})
	if err != nil {
		t.Fatal(err)
	}
	defer place.Close()
	if _, ok := connectors.As[connectors.Notifier](place); ok {
		t.Error("it is a Notifier")
	}
	if _, ok := connectors.As[connectors.Sweeper](place); !ok {
		t.Error("it is no Sweeper")
	}
}

var errEnough = errors.New("enough")

func TestEventsComeThroughAQueue(t *testing.T) {
	s, n := startQueue(t)
	s.send(
		`{"Service":"Amazon S3","Event":"s3:TestEvent","Bucket":"media"}`,
		created("elsewhere/1"), created("root/other/1"), created("root/day/folder/"),
		created("root/day/1+%2B.mxf"),
		strings.ReplaceAll(created("root/day/1"), "media", "another"),
		strings.ReplaceAll(created("root/day/2"), "ObjectCreated:Put", "ObjectRemoved:Delete"),
		created("root/day/last"),
	)
	var got []connectors.Event
	err := n.Notify(t.Context(), "day", func(_ context.Context, e connectors.Event) error {
		if e.Path == "day/last" {
			return errEnough
		}
		got = append(got, e)
		return nil
	})
	if !errors.Is(err, errEnough) {
		t.Fatal(err)
	}
	at := time.Date(2026, 5, 1, 13, 30, 0, 0, time.UTC)
	if len(got) != 2 || got[0].Path != "day/1 +.mxf" || got[0].Size != 7 || got[0].Version != "e" || !got[0].At.Equal(at) || got[0].Removed ||
		!strings.HasPrefix(got[0].Order, "0055AED6DCD90281E500") || got[1].Path != "day/2" || !got[1].Removed {
		t.Errorf("%+v", got)
	}
	if left := s.left(); len(left) != 1 || left[0] != created("root/day/last") {
		t.Errorf("left on the queue: %q", left)
	}
}

// What handle has not taken comes again, at once and first to whoever asks.
func TestEventsComeAgain(t *testing.T) {
	s, n := startQueue(t)
	s.send(created("root/1"), created("root/2"), created("root/3"))
	var got []string
	for range 3 {
		err := n.Notify(t.Context(), "", func(_ context.Context, e connectors.Event) error {
			got = append(got, e.Path)
			if len(got)%2 == 0 || len(got) > 4 {
				return errEnough
			}
			return nil
		})
		if !errors.Is(err, errEnough) {
			t.Fatal(err)
		}
	}
	if want := "1 2 2 3 3"; strings.Join(got, " ") != want {
		t.Errorf("told of %q; want %q", got, want)
	}
	if left := s.left(); len(left) != 1 {
		t.Errorf("left: %q", left)
	}
}

// Who is killed gives nothing back: the messages come again when their time is over.
func TestEventsOfTheDeadComeAgain(t *testing.T) {
	s, n := startQueue(t)
	s.send(created("root/1"))
	s.refuse["ChangeMessageVisibilityBatch"] = "RequestThrottled" // as if nothing had been said
	fail := func(context.Context, connectors.Event) error { return errEnough }
	if err := n.Notify(t.Context(), "", fail); !errors.Is(err, errEnough) {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	s.expire()
	told := 0
	err := n.Notify(ctx, "", func(context.Context, connectors.Event) error { told++; cancel(); return nil })
	if connectors.KindOf(err) != connectors.KindCanceled || told != 1 || len(s.left()) != 0 {
		t.Errorf("%v, told %d times, left %q", err, told, s.left())
	}
}

// A message that nobody can read is reported, left to the queue's redrive policy, and
// does not stand in the way.
func TestMessagesThatNobodyCanRead(t *testing.T) {
	s, n := startQueue(t)
	s.send("poison", created("root/1"))
	var passed []string
	ctx := connectors.WithPassedOver(t.Context(), func(name string, reason error) { passed = append(passed, fmt.Sprint(name, ": ", reason)) })
	err := n.Notify(ctx, "", func(context.Context, connectors.Event) error { return errEnough })
	if !errors.Is(err, errEnough) {
		t.Fatal(err)
	}
	if len(passed) != 1 || !strings.HasPrefix(passed[0], "message m0: the message is no JSON") {
		t.Errorf("passed over: %q", passed)
	}
	if left := s.left(); len(left) != 2 || !s.did("m0 900") || s.did("m0 0") {
		t.Errorf("left: %q, %q", left, s.seen)
	}
}

// Messages stay ours while one of them is handled slowly.
func TestSlowHandlersKeepTheirMessages(t *testing.T) {
	s, url := startSQS(t)
	cfg := aws.Config{Region: "us-east-1", Credentials: credentials.NewStaticCredentialsProvider("key", "secret", "")}
	place := objectstore.New(nil, objectstore.Config{Bucket: "media", Root: "root/"})
	q, err := queueOf(url+"/111122223333/media", cfg, &http.Transport{}, objectstore.Limits{Stall: time.Minute}, place)
	if err != nil {
		t.Fatal(err)
	}
	due := make(chan time.Time)
	q.tick = func(time.Duration) (<-chan time.Time, func()) { return due, func() {} }
	s.send(created("root/1"), created("root/2"))
	var told []string
	err = q.Notify(t.Context(), "", func(_ context.Context, e connectors.Event) error {
		if told = append(told, e.Path); e.Path == "2" {
			return errEnough
		}
		due <- time.Time{}
		due <- time.Time{} // the first has been worked on by now
		return nil
	})
	if !errors.Is(err, errEnough) || !s.did("m0 120") || !s.did("m1 120") {
		t.Errorf("%v, told of %q; %q", err, told, s.seen)
	}
}

func TestQueuesThatRefuse(t *testing.T) {
	for code, kind := range map[string]connectors.Kind{
		"QueueDoesNotExist":     connectors.KindNotFound,
		"AccessDeniedException": connectors.KindPermission,
		"InvalidClientTokenId":  connectors.KindAuth,
		"RequestThrottled":      connectors.KindBusy,
	} {
		s, n := startQueue(t)
		s.refuse["ReceiveMessage"] = code
		err := n.Notify(t.Context(), "", func(context.Context, connectors.Event) error { return nil })
		if connectors.KindOf(err) != kind {
			t.Errorf("%s: %v (%s)", code, err, connectors.KindOf(err))
		}
	}
	s, n := startQueue(t)
	s.refuse["DeleteMessage"] = "AccessDeniedException"
	s.send(created("root/1"))
	err := n.Notify(t.Context(), "", func(context.Context, connectors.Event) error { return nil })
	if connectors.KindOf(err) != connectors.KindPermission {
		t.Errorf("a message that cannot be acknowledged: %v", err)
	}
}

func TestWaitingForEventsEnds(t *testing.T) {
	s, n := startQueue(t)
	ctx, cancel := context.WithCancel(t.Context())
	s.send(created("root/1"), created("root/2"))
	began := time.Now()
	err := n.Notify(ctx, "", func(context.Context, connectors.Event) error { cancel(); return nil })
	if connectors.KindOf(err) != connectors.KindCanceled || time.Since(began) > time.Second {
		t.Errorf("%v after %v", err, time.Since(began))
	}
	if left := s.left(); len(left) != 1 || left[0] != created("root/2") {
		t.Errorf("left on the queue: %q; want the one that was not handled", left)
	}
}
