package s3compat_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"gantry/connectors"
	"gantry/connectors/s3compat"
	"gantry/connectors/servers"
)

func listener(t *testing.T, endpoint, bucket string) connectors.Notifier {
	t.Helper()
	place, err := s3compat.Connector().Open(t.Context(), connectors.Location{URL: "s3+" + endpoint + "/" + bucket + "/root", Options: map[string]string{
		"events": "listen", "accessKey": "env:TEST_ACCESS_KEY", "secretKey": "env:TEST_SECRET_KEY",
	}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = place.Close() })
	n, ok := connectors.As[connectors.Notifier](place)
	if !ok {
		t.Fatal("the place is no Notifier")
	}
	return n
}

func streamed(name, key string) string {
	return fmt.Sprintf(`{"EventName":"s3:%[1]s","Key":"media/x","Records":[{"eventSource":"minio:s3","eventTime":"2026-05-01T13:30:00.521Z","eventName":"s3:%[1]s","s3":{"bucket":{"name":"media"},"object":{"key":%[2]q,"size":5,"eTag":"e","sequencer":"17CB3C2F1D3A5F6C"}}}]}`, name, key) + "\n"
}

// minio streams lines, and then ends or waits.
func minio(t *testing.T, ends bool, lines ...string) (endpoint string, asked *http.Request) {
	t.Helper()
	t.Setenv("TEST_ACCESS_KEY", "key")
	t.Setenv("TEST_SECRET_KEY", "secret")
	asked = new(http.Request)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		*asked = *r
		w.Header().Set("Content-Type", "text/event-stream")
		for _, line := range lines {
			_, _ = io.WriteString(w, line)
			w.(http.Flusher).Flush()
		}
		if !ends {
			<-r.Context().Done()
		}
	}))
	t.Cleanup(server.Close)
	return server.URL, asked
}

func TestListening(t *testing.T) {
	endpoint, asked := minio(t, true,
		" ", "\n", `{"Records":null}`+"\n", streamed("ObjectCreated:Put", "root%2Fday+1%2Fa%2Bb"), "no notification\n",
		streamed("ObjectCreated:Put", "root%2Fanother"), streamed("ObjectRemoved:Delete", "root%2Fday+1%2Fc"))
	var passed int
	ctx := connectors.WithPassedOver(t.Context(), func(string, error) { passed++ })
	var got []connectors.Event
	err := listener(t, endpoint, "media").Notify(ctx, "day 1", func(_ context.Context, e connectors.Event) error { got = append(got, e); return nil })
	if connectors.KindOf(err) != connectors.KindUnavailable {
		t.Errorf("the stream ends: %v", err)
	}
	if len(got) != 2 || got[0].Path != "day 1/a+b" || got[0].Size != 5 || got[0].Removed || got[1].Path != "day 1/c" || !got[1].Removed || passed != 1 {
		t.Errorf("%+v, %d passed over", got, passed)
	}
	query := asked.URL.Query()
	if !slices.Equal(query["events"], []string{"s3:ObjectCreated:*", "s3:ObjectRemoved:*"}) || query.Get("prefix") != "root/day 1" || !strings.Contains(asked.Header.Get("Authorization"), "AWS4-HMAC-SHA256") {
		t.Errorf("asked %v", asked.URL)
	}
}

func TestListeningEnds(t *testing.T) {
	endpoint, _ := minio(t, false, streamed("ObjectCreated:Put", "root%2Fa"))
	enough := errors.New("enough")
	if err := listener(t, endpoint, "media").Notify(t.Context(), "", func(context.Context, connectors.Event) error { return enough }); !errors.Is(err, enough) {
		t.Errorf("the handler has enough: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	began := time.Now()
	err := listener(t, endpoint, "media").Notify(ctx, "", func(context.Context, connectors.Event) error { cancel(); return nil })
	if connectors.KindOf(err) != connectors.KindCanceled || time.Since(began) > time.Second {
		t.Errorf("cancelled: %v after %v", err, time.Since(began))
	}
}

// Stores of another kind list the bucket, or refuse.
func TestStoresThatDoNotStream(t *testing.T) {
	g, err := servers.StartVersityGW(t.Context(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("TEST_ACCESS_KEY", g.AccessKey)
	t.Setenv("TEST_SECRET_KEY", g.SecretKey)
	if err := g.MakeBucket(t.Context(), "media"); err != nil {
		t.Fatal(err)
	}
	err = listener(t, g.Endpoint, "media").Notify(t.Context(), "", func(context.Context, connectors.Event) error { return nil })
	if connectors.KindOf(err) != connectors.KindUnsupported {
		t.Errorf("%v (%s)", err, connectors.KindOf(err))
	}
	_, err = s3compat.Connector().Open(t.Context(), connectors.Location{URL: "s3+https://x/bucket", Options: map[string]string{"events": "sqs"}})
	if connectors.KindOf(err) != connectors.KindInvalid {
		t.Errorf("another word: %v", err)
	}
}
