package objectstore

import (
	"context"
	"unicode/utf8"
)

const (
	// readAhead is how many pages of a span are listed before they are needed.
	readAhead = 2

	// spansEach is how many spans there are for each request that may be under way.
	spansEach = 6

	// wasteful is how many keys may be listed for one that is yielded, before nobody
	// looks ahead any more for a while.
	wasteful = 3
)

// A lister yields all keys below a prefix in byte order, and has several requests
// under way where there is more to list than one page.
//
// It cuts the keys that are still to come into spans, each of which is listed page
// by page. To make one, it asks for the keys after a point that should lie a few
// pages ahead, by a model of how keys are made. What is found there begins a new
// span, and the one before goes on until it meets the first key of that. So where
// points lie, and whether there are keys at them, decides on speed alone: no key
// is lost between two spans.
//
// All its state belongs to the goroutine that calls run. It holds at most
// (readAhead+1)·spansEach pages for each request that may be under way.
type lister struct {
	fetch func(ctx context.Context, after, token string) (listPage, error)
	under string
	most  int // requests at once

	// lost is told of keys that the store cannot write; the same one may come twice.
	lost func(key string)

	spans   []*span  // in order of their keys; the first is the one that is yielded from
	points  []string // that are being looked at
	model   model
	answers chan answer
	flying  int
	several bool // there were several requests under way at once
	whole   bool // no more splitting
	probes  int  // points at which nothing was found
	pages   int
	fetched int // keys, also those that another span had
	kept    int // keys
}

// An answer is a page of a span, or what lies after a point in it.
type answer struct {
	span  *span
	point string
	page  listPage
	err   error
}

func newLister(under string, most int, fetch func(context.Context, string, string) (listPage, error)) *lister {
	most = max(1, most)
	return &lister{
		fetch: fetch, under: under, most: most, whole: most == 1, lost: func(string) {},
		spans: []*span{{upper: under + string(utf8.MaxRune)}}, answers: make(chan answer, most),
	}
}

// run yields until yield returns false, or there is an error, which comes after
// all the keys before it.
func (l *lister) run(ctx context.Context, yield func(Object) bool) error {
	ctx, cancel := context.WithCancel(ctx)
	defer l.wait()
	defer cancel()
	for len(l.spans) > 0 {
		l.take(false)
		l.launch(ctx)
		head := l.spans[0]
		switch {
		case len(head.ahead) > 0:
			page := head.ahead[0]
			head.ahead = head.ahead[1:]
			l.launch(ctx)
			for _, o := range page {
				if !yield(o) {
					return nil
				}
			}
		case head.err != nil:
			return head.err
		case head.done:
			l.spans = l.spans[1:]
		default:
			l.take(true)
		}
	}
	return nil
}

// launch makes requests while there is work for them.
func (l *lister) launch(ctx context.Context) {
	for l.flying < l.most {
		s, point := l.next()
		if s == nil {
			return
		}
		after, token := point, ""
		if point == "" {
			s.asked = true
			after, token = s.pos, s.token
		} else {
			l.points = append(l.points, point)
		}
		l.flying++
		l.several = l.several || l.flying > 1
		go func() {
			page, err := l.fetch(ctx, after, token)
			l.answers <- answer{s, point, page, err}
		}()
	}
}

// next finds what to ask for: the page that is needed first, or a point to split a
// span at.
func (l *lister) next() (s *span, point string) {
	for i, s := range l.spans {
		if !s.asked && !s.done && s.err == nil && len(s.ahead) < readAhead && (i == 0 || !l.whole) {
			return s, ""
		}
	}
	for _, s := range l.spans {
		if l.whole || len(l.spans) >= spansEach*l.most || l.fetched > wasteful*l.kept+32*pageSize {
			break // there is no room, or too much was asked for in vain
		}
		if s.done || s.err != nil || s.pos == "" {
			continue
		}
		if point, ok := l.point(s); ok {
			return s, point
		}
	}
	return nil, ""
}

// point says where to look for more keys of a span: a few pages behind what is
// known of it or looked at already.
func (l *lister) point(s *span) (string, bool) {
	last := s.pos
	for _, point := range l.points {
		if last < point && point < s.upper {
			last = point
		}
	}
	point, ok := l.model.ahead(last, s.low, s.high, readAhead)
	return point, ok && last < point && point < s.upper
}

// take handles the answers that are there; it waits for one if it has to.
func (l *lister) take(wait bool) {
	for l.flying > 0 {
		if !wait && len(l.answers) == 0 {
			return
		}
		a := <-l.answers
		l.flying--
		l.fetched += len(a.page.objects)
		wait = false
		if a.point != "" {
			l.found(a)
		} else {
			l.listed(a)
		}
	}
}

func (l *lister) wait() {
	for ; l.flying > 0; l.flying-- {
		<-l.answers
	}
}
