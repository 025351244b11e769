// Package events reads the messages by which S3, and stores like it, tell of
// changes: the notification itself, the same in the envelope of SNS, the events
// of EventBridge, and what MinIO streams. It is pure.
package events

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"
)

// A Record is one object that was written or removed.
type Record struct {
	Bucket, Key string
	Size        int64  // bytes; 0 where the message does not tell
	ETag        string // without quotes; "" of what was removed
	VersionID   string
	Removed     bool
	Marker      bool // it was removed by a marker: what was there is a version now
	At          time.Time
	Order       string // see order
}

// maxEnvelopes is how deep messages lie in one another: a notification in SNS in
// SNS is more than anybody has.
const maxEnvelopes = 3

// Parse gives the changes that a message tells of, none for one that tells of
// something else: the test message of a new subscription, a restore, tags. What is
// no such message is an error.
func Parse(message []byte) ([]Record, error) { return parse(message, maxEnvelopes) }

// A message is what all forms have, as far as we read it.
type message struct {
	Type    string // of SNS
	Message string

	Event   string // of the test message
	Records []notification

	DetailType string `json:"detail-type"` // of EventBridge
	Time       time.Time
	Detail     *detail
}

func parse(data []byte, left int) ([]Record, error) {
	var m message
	if err := json.Unmarshal(data, &m); err != nil {
		return nil, fmt.Errorf("the message is no JSON of a notification: %w", err)
	}
	switch {
	case len(m.Records) > 0:
		return readNotifications(m.Records)
	case m.Detail != nil && m.DetailType != "":
		return m.readDetail()
	case m.Event == "s3:TestEvent":
		return nil, nil
	case m.Type == "Notification" && m.Message != "" && left > 0:
		return parse([]byte(m.Message), left-1)
	default:
		return nil, errors.New("the message is neither a notification of S3 nor an event of EventBridge")
	}
}

// A notification is a record of S3's own notifications.
type notification struct {
	EventName string    `json:"eventName"`
	EventTime time.Time `json:"eventTime"`
	S3        struct {
		Bucket struct {
			Name string `json:"name"`
		} `json:"bucket"`
		Object struct {
			Key       string `json:"key"`
			Size      int64  `json:"size"`
			ETag      string `json:"eTag"`
			VersionID string `json:"versionId"`
			Sequencer string `json:"sequencer"`
		} `json:"object"`
	} `json:"s3"`
}

func readNotifications(all []notification) ([]Record, error) {
	var records []Record
	for _, n := range all {
		created, removed := meaning(n.EventName)
		if !created && !removed {
			continue
		}
		// The key is escaped like a form: a plus is a space.
		key, err := url.QueryUnescape(n.S3.Object.Key)
		if err != nil {
			return nil, fmt.Errorf("the key %q is not escaped as S3 does it", n.S3.Object.Key)
		}
		r := Record{
			Bucket: n.S3.Bucket.Name, Key: key, Size: n.S3.Object.Size, ETag: strings.Trim(n.S3.Object.ETag, `"`),
			VersionID: n.S3.Object.VersionID, Removed: removed, Marker: removed && strings.HasSuffix(n.EventName, ":DeleteMarkerCreated"), At: n.EventTime.UTC(), Order: order(n.S3.Object.Sequencer),
		}
		if err := r.check(); err != nil {
			return nil, err
		}
		records = append(records, r)
	}
	return records, nil
}

// meaning tells what an event's name says. MinIO writes it with s3: before.
func meaning(name string) (created, removed bool) {
	family, _, _ := strings.Cut(strings.TrimPrefix(name, "s3:"), ":")
	return family == "ObjectCreated", family == "ObjectRemoved" || family == "LifecycleExpiration"
}

// A detail is what an event of EventBridge is about. Its key is not escaped.
type detail struct {
	Bucket struct {
		Name string `json:"name"`
	} `json:"bucket"`
	Object struct {
		Key       string `json:"key"`
		Size      int64  `json:"size"`
		ETag      string `json:"etag"`
		VersionID string `json:"version-id"`
		Sequencer string `json:"sequencer"`
	} `json:"object"`
	Deletion string `json:"deletion-type"`
}

func (m message) readDetail() ([]Record, error) {
	if m.DetailType != "Object Created" && m.DetailType != "Object Deleted" {
		return nil, nil
	}
	o := m.Detail.Object
	r := Record{
		Bucket: m.Detail.Bucket.Name, Key: o.Key, Size: o.Size, ETag: strings.Trim(o.ETag, `"`),
		VersionID: o.VersionID, Removed: m.DetailType == "Object Deleted", Marker: m.Detail.Deletion == "Delete Marker Created", At: m.Time.UTC(), Order: order(o.Sequencer),
	}
	if err := r.check(); err != nil {
		return nil, err
	}
	return []Record{r}, nil
}

func (r Record) check() error {
	switch {
	case r.Bucket == "" || r.Key == "":
		return errors.New("the message names no bucket or no key")
	case r.Size < 0:
		return fmt.Errorf("the message tells of %d bytes", r.Size)
	default:
		return nil
	}
}

// widest is longer than any sequencer that was ever seen.
const widest = 64

// order makes a sequencer a text that sorts as events happened to one key. They
// are hexadecimal, of different lengths, and count from the left: S3's manual says
// to pad the shorter one with zeros on the right.
func order(sequencer string) string {
	if sequencer == "" || len(sequencer) > widest || strings.Trim(sequencer, "0123456789abcdefABCDEF") != "" {
		return ""
	}
	return strings.ToUpper(sequencer) + strings.Repeat("0", widest-len(sequencer))
}
