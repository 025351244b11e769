package objectstore

import (
	"slices"

	"gantry/connectors"
)

// A span is a range of keys of which one request at a time lists the next page.
type span struct {
	begin string     // its first key; "" in the first one
	pos   string     // its last key so far
	upper string     // where to look for points to split at ends here
	low   string     // the ends of a page, as it was listed
	high  string     //
	token string     // where it goes on
	empty []string   // tokens of pages without keys, since the last key
	ahead [][]Object // pages that were listed and not yielded yet
	asked bool
	done  bool
	err   error
}

// listed takes the next page of a span. When one could not be had while others were
// asked for, that may have been too many at once: from then on there is one
// request at a time, and this page is asked for again when it is needed.
func (l *lister) listed(a answer) {
	s := a.span
	s.asked = false
	if a.err == nil {
		a.err = l.check(a.page, s.pos)
	}
	if a.err == nil {
		a.err = s.turn(a.page)
	}
	switch {
	case a.err == nil:
		l.learn(s, a.page)
		l.add(s, a.page.objects)
	case s == l.spans[0] && (l.whole || !l.several):
		s.err = a.err
	default:
		l.whole = true
	}
}

// turn goes on to where a page says that the next one is.
func (s *span) turn(page listPage) error {
	if len(page.objects) > 0 {
		s.empty = nil
	} else if page.more && slices.Contains(append(s.empty, s.token), page.token) {
		return connectors.Errorf(connectors.KindIncomplete, "list", s.pos, "the store says that there is more, and leads back to the same page")
	} else {
		s.empty = append(s.empty, s.token)
	}
	s.token, s.done = page.token, s.done || !page.more
	return nil
}

// learn takes in what a page tells of the keys to come.
func (l *lister) learn(s *span, page listPage) {
	l.pages++
	l.model.learn(page.objects)
	if n := len(page.objects); n > 0 {
		s.low, s.high = page.objects[0].Key, page.objects[n-1].Key
	}
	for _, key := range page.lost {
		l.lost(key)
	}
}

// add appends a page to what a span has read ahead, up to where the next one
// begins.
func (l *lister) add(s *span, objects []Object) {
	i := slices.Index(l.spans, s)
	if i < 0 {
		return
	}
	if i+1 < len(l.spans) {
		if n := before(objects, l.spans[i+1].begin); n < len(objects) {
			objects, s.done = objects[:n], true
		}
	}
	if len(objects) > 0 {
		s.pos = objects[len(objects)-1].Key
		s.ahead = append(s.ahead, objects)
		l.kept += len(objects)
	}
}

// found takes what lies after a point. Points are a help and not a need: what is
// wrong with an answer ends the splitting and nothing else.
func (l *lister) found(a answer) {
	l.points = slices.DeleteFunc(l.points, func(point string) bool { return point == a.point })
	if a.err != nil || l.check(a.page, a.point) != nil {
		l.whole = true
		return
	}
	i := len(l.spans) - 1
	for i > 0 && l.spans[i].begin > a.point {
		i--
	}
	s := l.spans[i]
	if s.done || s.err != nil || a.point >= s.upper {
		return
	}
	t := &span{upper: s.upper, token: a.page.token, done: !a.page.more}
	objects := a.page.objects[before(a.page.objects, s.pos+"\x00"):]
	if i+1 < len(l.spans) && before(objects, l.spans[i+1].begin) == 0 {
		objects = nil
	}
	if s.pos < a.point {
		s.upper = a.point
	} else if len(objects) > 0 {
		s.done = true
	}
	if len(objects) == 0 {
		if l.probes++; l.probes > 32+l.pages {
			l.whole = true
		}
		return
	}
	t.begin = objects[0].Key
	l.spans = slices.Insert(l.spans, i+1, t)
	l.learn(t, a.page)
	l.add(t, objects)
}

// check refuses a page that does not go on in byte order.
func (l *lister) check(page listPage, after string) error {
	for _, o := range page.objects {
		if o.Key <= after {
			return connectors.Errorf(connectors.KindIncomplete, "list", l.under, "the store lists %q after %q: its pages repeat or are not in byte order", o.Key, after)
		}
		after = o.Key
	}
	return nil
}

// before counts the objects whose keys come before a key.
func before(objects []Object, key string) int {
	n, _ := slices.BinarySearchFunc(objects, key, func(o Object, key string) int {
		switch {
		case o.Key < key:
			return -1
		case o.Key > key:
			return 1
		default:
			return 0
		}
	})
	return n
}
