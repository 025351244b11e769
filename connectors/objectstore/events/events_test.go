package events_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"gantry/connectors/objectstore/events"
)

func at(second, nanos int) time.Time {
	return time.Date(2026, 5, 1, 13, 30, second, nanos, time.UTC)
}

func padded(sequencer string) string { return sequencer + strings.Repeat("0", 64-len(sequencer)) }

// The files are messages as the services' manuals and users show them.
func TestMessages(t *testing.T) {
	for name, want := range map[string][]events.Record{
		"put": {{
			Bucket: "media", Key: "day 1/café a+b.mxf", Size: 5368709121, ETag: "d41d8cd98f00b204e9800998ecf8427e-320",
			VersionID: "096fKKXTRTtl3on89fVO.nfljtsv6qko", At: at(0, 123e6), Order: padded("0055AED6DCD90281E5"),
		}},
		"removed": {
			{Bucket: "media", Key: "day/1.mxf", ETag: "d41d8cd98f00b204e9800998ecf8427e", VersionID: "v2", Removed: true, Marker: true, At: at(60, 0), Order: padded("0055AED6DCD90281E6FF")},
			{Bucket: "media", Key: "day/2.mxf", Removed: true, At: at(61, 0), Order: padded("0055AED6DCD90281E7")},
		},
		"test": nil,
		"eventbridge": {{
			Bucket: "media", Key: "day 1/a+b%20.mxf", Size: 5, ETag: "b1946ac92492d2347c6235b4d2611184",
			VersionID: "IYV3p45BT0ac8hjHg1houSdS1a.Mro8e", At: at(0, 0), Order: padded("617F08299329D189"),
		}},
		"eventbridge-deleted": {{
			Bucket: "media", Key: "day/1.mxf", ETag: "d41d8cd98f00b204e9800998ecf8427e",
			VersionID: "1QW9g1Z99LUNbvaaYVpW9xDlOLU.qxgF", Removed: true, Marker: true, At: at(120, 0), Order: padded("617F0837B476E463"),
		}},
		"eventbridge-restore": nil,
		"minio": {{
			Bucket: "media", Key: "day 1/a+b.mxf", Size: 5, ETag: "5d41402abc4b2a76b9719d911017c592", At: at(0, 521e6), Order: padded("17CB3C2F1D3A5F6C"),
		}},
		"sns": {{Bucket: "media", Key: "day/1.mxf", Size: 7, ETag: "e", At: at(0, 0), Order: padded("0055AED6DCD90281E5")}},
	} {
		got, err := events.Parse(read(t, name))
		if err != nil || !slices.Equal(got, want) {
			t.Errorf("%s: %+v, %v; want %+v", name, got, err, want)
		}
	}
}

func read(t testing.TB, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", name+".json"))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func TestWhatIsNoMessage(t *testing.T) {
	record := func(object string) string {
		return `{"Records":[{"eventName":"ObjectCreated:Put","s3":{"bucket":{"name":"media"},"object":` + object + `}}]}`
	}
	nested := string(read(t, "test"))
	for range 5 {
		text, err := json.Marshal(map[string]string{"Type": "Notification", "Message": nested})
		if err != nil {
			t.Fatal(err)
		}
		nested = string(text)
	}
	for what, text := range map[string]string{
		"nothing":             "",
		"no JSON":             "hello",
		"JSON of another":     `{"a":1}`,
		"a list":              `[]`,
		"null":                `null`,
		"no records":          `{"Records":[]}`,
		"no key":              record(`{}`),
		"a negative size":     record(`{"key":"a","size":-1}`),
		"a broken escape":     record(`{"key":"100%"}`),
		"envelopes for ever":  nested,
		"a time that is none": `{"Records":[{"eventName":"ObjectCreated:Put","eventTime":"today"}]}`,
	} {
		if got, err := events.Parse([]byte(text)); err == nil {
			t.Errorf("%s: %+v", what, got)
		}
	}
}

// Events of one key sort as they happened, whatever the length of their sequencers.
func TestOrder(t *testing.T) {
	var got []string
	for _, sequencer := range []string{"0055AED6DCD90281E5", "0055AED6DCD90281E501", "0055aed6dcd90281e6", "0055AED6DCD90281E7"} {
		records, err := events.Parse(fmt.Appendf(nil, `{"Records":[{"eventName":"ObjectCreated:Put","s3":{"bucket":{"name":"b"},"object":{"key":"k","sequencer":%q}}}]}`, sequencer))
		if err != nil || len(records) != 1 {
			t.Fatal(records, err)
		}
		got = append(got, records[0].Order)
	}
	if !slices.IsSorted(got) {
		t.Errorf("%q", got)
	}
}

// FuzzParse proves that nothing that comes through a queue does harm.
func FuzzParse(f *testing.F) {
	for _, name := range []string{"put", "removed", "test", "eventbridge", "eventbridge-deleted", "minio", "sns"} {
		f.Add(read(f, name))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		records, err := events.Parse(data)
		if err != nil && len(records) > 0 {
			t.Error("records beside an error")
		}
		for _, r := range records {
			if r.Bucket == "" || r.Key == "" || r.Size < 0 || (r.Order != "" && len(r.Order) != 64) {
				t.Errorf("%+v", r)
			}
		}
	})
}
