package s3

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"gantry/connectors"
	"gantry/connectors/objectstore"
	"gantry/connectors/objectstore/events"
)

const (
	longestPoll = 20 * time.Second // by the limit of SQS

	// hidden is how long nobody else gets a message that we have. It is renewed
	// while its events are handled.
	hidden = 2 * time.Minute

	// poison is how long a message is left alone that nobody can read. The queue's
	// redrive policy takes it away after some such rounds.
	poison = 15 * time.Minute

	// afterwards bounds what is told the queue when the caller has gone.
	afterwards = 5 * time.Second
)

// A queue of SQS that S3 sends its notifications to, directly, through SNS or
// through EventBridge. It belongs to one location: what it tells of other buckets
// and of keys outside of the prefix is taken off it as well.
type queue struct {
	api   *sqs.Client
	url   string
	place *objectstore.Place

	wait, hidden, poison time.Duration
	tick                 func(time.Duration) (<-chan time.Time, func())
}

func ticker(d time.Duration) (<-chan time.Time, func()) {
	t := time.NewTicker(d)
	return t.C, t.Stop
}

// Notify implements connectors.Notifier. A message is taken off the queue when all
// its events are handled. One that cannot be read is reported as passed over and
// stays, for the queue's redrive policy to take it away: set one up. An error of handle
// ends it, is returned as it is, and makes the message's events come again.
func (q *queue) Notify(ctx context.Context, prefix string, handle func(context.Context, connectors.Event) error) error {
	ctx, done := q.place.Use(ctx)
	defer done()
	for {
		out, err := q.api.ReceiveMessage(ctx, &sqs.ReceiveMessageInput{
			QueueUrl: &q.url, MaxNumberOfMessages: 10, WaitTimeSeconds: seconds(q.wait), VisibilityTimeout: seconds(q.hidden),
		})
		if err != nil {
			return q.failed(ctx, "receive events", err)
		}
		if err := q.handle(ctx, prefix, out.Messages, handle); err != nil {
			return err
		}
	}
}

func (q *queue) handle(ctx context.Context, prefix string, messages []types.Message, handle func(context.Context, connectors.Event) error) error {
	h := q.hold(ctx, messages)
	defer h.release()
	for _, m := range messages {
		if ctx.Err() != nil {
			return q.failed(ctx, "receive events", ctx.Err())
		}
		records, err := events.Parse([]byte(aws.ToString(m.Body)))
		if err != nil {
			connectors.PassOver(ctx, "message "+aws.ToString(m.MessageId), err)
			h.drop(m)
			q.hide(ctx, m, q.poison)
			continue
		}
		if err := q.place.Tell(ctx, prefix, records, handle); err != nil {
			return err
		}
		h.drop(m)
		if err := q.remove(ctx, m); err != nil {
			return err
		}
	}
	return nil
}

// remove takes a message off the queue, also when the caller has gone meanwhile: it
// is handled.
func (q *queue) remove(ctx context.Context, m types.Message) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), afterwards)
	defer cancel()
	_, err := q.api.DeleteMessage(ctx, &sqs.DeleteMessageInput{QueueUrl: &q.url, ReceiptHandle: m.ReceiptHandle})
	return q.failed(ctx, "acknowledge events", err)
}

// hide sets for how long nobody gets a message. If it fails, that is as long as it
// was: events come twice at worst.
func (q *queue) hide(ctx context.Context, m types.Message, d time.Duration) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), afterwards)
	defer cancel()
	_, _ = q.api.ChangeMessageVisibility(ctx, &sqs.ChangeMessageVisibilityInput{
		QueueUrl: &q.url, ReceiptHandle: m.ReceiptHandle, VisibilityTimeout: seconds(d),
	})
}

func (q *queue) failed(ctx context.Context, op string, err error) error {
	var known *connectors.Error
	if err = fault(err); errors.As(err, &known) {
		return err
	}
	return q.place.Failed(ctx, op, q.url, err)
}

func seconds(d time.Duration) int32 { return int32(d / time.Second) }

// A hold keeps messages from coming to others while we have them.
type hold struct {
	q    *queue
	ctx  context.Context
	mu   sync.Mutex
	left []types.Message
	end  func()
}

func (q *queue) hold(ctx context.Context, messages []types.Message) *hold {
	h := &hold{q: q, ctx: ctx, left: slices.Clone(messages)}
	if len(messages) == 0 {
		h.end = func() {}
		return h
	}
	stop, done := make(chan struct{}), make(chan struct{})
	h.end = func() {
		close(stop)
		<-done
	}
	go func() {
		defer close(done)
		due, end := q.tick(q.hidden / 3)
		defer end()
		for {
			select {
			case <-stop:
				return
			case <-due:
				h.change(q.hidden)
			}
		}
	}()
	return h
}

func (h *hold) drop(m types.Message) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.left = slices.DeleteFunc(h.left, func(other types.Message) bool {
		return aws.ToString(other.ReceiptHandle) == aws.ToString(m.ReceiptHandle)
	})
}

// release gives back what is not handled, so that it comes again at once.
func (h *hold) release() {
	h.end()
	h.change(0)
}

// change sets for how long nobody else gets the messages that are left.
func (h *hold) change(d time.Duration) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(h.left) == 0 {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(h.ctx), afterwards)
	defer cancel()
	in := &sqs.ChangeMessageVisibilityBatchInput{QueueUrl: &h.q.url}
	for i, m := range h.left {
		in.Entries = append(in.Entries, types.ChangeMessageVisibilityBatchRequestEntry{
			Id: aws.String(strconv.Itoa(i)), ReceiptHandle: m.ReceiptHandle, VisibilityTimeout: seconds(d),
		})
	}
	_, _ = h.q.api.ChangeMessageVisibilityBatch(ctx, in) // as for hide
}
