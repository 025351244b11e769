package engine

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/riverqueue/river"
)

const (
	queueTimers = "timers"
	queueOthers = "calls"

	timersAtOnce = 8
)

// queues are River's. A function whose calls are limited has one of its own.
type queues struct {
	by      map[string]string // the queue of a function
	workers map[string]int    // of a queue
}

var notInQueueNames = regexp.MustCompile(`[^a-z0-9]+`)

func newQueues(o Options) (queues, error) {
	q := queues{by: map[string]string{}, workers: map[string]int{queueTimers: timersAtOnce, queueOthers: o.Others}}
	for name, n := range o.Workers {
		if _, ok := o.Functions[name]; !ok || n < 1 {
			return q, fmt.Errorf("%d workers for the function %q: name a function that there is, and at least one worker", n, name)
		}
		queue := "fn-" + strings.Trim(notInQueueNames.ReplaceAllString(strings.ToLower(name), "-"), "-")
		if _, taken := q.workers[queue]; taken {
			return q, fmt.Errorf("the functions of the queue %s cannot be told apart: rename one", queue)
		}
		q.by[name], q.workers[queue] = queue, n
	}
	return q, nil
}

func (q queues) of(function string) string {
	if queue, ok := q.by[function]; ok {
		return queue
	}
	return queueOthers
}

func (q queues) config() map[string]river.QueueConfig {
	config := map[string]river.QueueConfig{}
	for queue, n := range q.workers {
		config[queue] = river.QueueConfig{MaxWorkers: n}
	}
	return config
}
