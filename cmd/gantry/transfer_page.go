package main

import (
	"cmp"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"gantry/orchestrator/api"
	"gantry/orchestrator/catalog"
	"gantry/transfer/steer"
)

// standings are the words of STATUS.
var standings = []string{
	catalog.TransferQueued, catalog.TransferMoving, steer.StatePaused, steer.StateStopped, catalog.TransferFailed, catalog.TransferDone, catalog.TransferCancelled,
}

// A horizon is from when on this user's own transfers are listed. The zero one is all.
type horizon struct {
	ended   time.Time // of those that are over
	stopped time.Time // of those that may go on, or have failed
}

func lately(now time.Time) horizon {
	return horizon{ended: now.Add(-24 * time.Hour), stopped: now.AddDate(0, 0, -14)}
}

// here lists this user's own transfers.
func (a *app) here(since horizon) (list []moving, err error) {
	h, err := home()
	if err != nil {
		return nil, err
	}
	found, err := h.List()
	for _, f := range found {
		s := f.Ask()
		if s.Process > 0 || cmp.Or(s.Ended, s.Started).After(since.stopped) {
			list = append(list, local(s))
		}
	}
	l, errs := receipts()
	if errs == nil {
		ended, err := l.List(since.stopped)
		for _, r := range ended {
			if r.State != steer.StateFailed && r.Ended.Before(since.ended) {
				continue
			}
			list = append(list, local(r.Status))
		}
		errs = err
	}
	return list, errors.Join(err, errs)
}

// ofHub lists what the hub has. none is true if no hub answers, and nobody has named one.
func (a *app) ofHub(cmd *cobra.Command, q url.Values) (list []moving, none bool, err error) {
	if status, asked := q["status"]; asked && status[0] == "" {
		return nil, false, nil // the hub has no such words
	}
	var page api.Page[api.TransferView]
	err = a.client().get(cmd.Context(), "/transfers", q, &page)
	var coded *codedError
	if errors.As(err, &coded) && coded.code == exitUnreachable && !a.settings.HubNamed {
		return nil, true, nil
	}
	for _, t := range page.Items {
		list = append(list, ofTheHub(t))
	}
	return list, false, err
}

// hubWords are the words of the API for a word of ours.
var hubWords = map[string][]string{
	catalog.TransferQueued: {catalog.TransferQueued}, catalog.TransferMoving: {catalog.TransferMoving, catalog.TransferLeased},
	steer.StatePaused:      {catalog.TransferQueued, catalog.TransferMoving, catalog.TransferLeased},
	catalog.TransferFailed: {catalog.TransferFailed}, catalog.TransferDone: {catalog.TransferDone}, catalog.TransferCancelled: {catalog.TransferCancelled},
}

// transferPage lists both, the newest first. none is true if no hub answers.
func (a *app) transferPage(cmd *cobra.Command, f *filter, since horizon) (page transferPage, none bool, err error) {
	q, err := f.query()
	if err != nil {
		return page, false, err
	}
	if q, err = hubQuery(q, f.status); err != nil {
		return page, false, err
	}
	here, err := a.here(since)
	if err != nil {
		fmt.Fprintln(cmd.ErrOrStderr(), "gantry: "+err.Error())
	}
	from, err := placeOf(f.after, here)
	if err != nil {
		return page, false, err
	}
	if f.after != "" {
		q.Set("after", from.hub())
	}
	hub, none, err := a.ofHub(cmd, q)
	if err != nil {
		return page, none, err
	}
	if full := len(hub) == f.limit; full { // what is older comes on the next page
		last := hub[len(hub)-1]
		page.Next = last.ID
		here = slices.DeleteFunc(here, func(m moving) bool { return newestFirst(m.place(), last.place()) > 0 })
	}
	list := slices.Concat(hub, here)
	list = slices.DeleteFunc(list, func(m moving) bool {
		return f.after != "" && newestFirst(m.place(), from) <= 0 || len(f.status) > 0 && !slices.Contains(f.status, m.standing())
	})
	slices.SortFunc(list, func(a, b moving) int { return newestFirst(a.place(), b.place()) })
	if len(list) > f.limit {
		list = list[:f.limit]
		page.Next = list[f.limit-1].ID
	}
	page.Items = append([]moving{}, list...)
	return page, none, nil
}

// hubQuery turns the statuses that are wanted into the hub's. None are left if the hub
// has none of them.
func hubQuery(q url.Values, wanted []string) (url.Values, error) {
	var theirs []string
	for _, word := range wanted {
		if !slices.Contains(standings, word) {
			return q, coded(exitUsage, fmt.Errorf("status is %q: write %s", word, strings.Join(standings, ", ")))
		}
		theirs = append(theirs, hubWords[word]...)
	}
	if q.Del("status"); len(wanted) > 0 {
		q.Set("status", strings.Join(theirs, ","))
	}
	return q, nil
}

// A listPlace is where a transfer stands in the list.
type listPlace struct {
	at   time.Time // to the millisecond, as IDs of the hub tell it
	id   string
	here bool
}

func (m moving) place() listPlace {
	at := m.CreatedAt.UTC().Truncate(time.Millisecond)
	if told, ok := catalog.TimeOf(m.ID); ok {
		at = told
	}
	return listPlace{at, m.ID, m.From == fromHere}
}

// newestFirst compares places. Of the same millisecond those of the hub come first.
func newestFirst(a, b listPlace) int {
	if c := b.at.Compare(a.at); c != 0 {
		return c
	}
	if a.here != b.here {
		if b.here {
			return -1
		}
		return 1
	}
	return cmp.Compare(b.id, a.id)
}

// placeOf finds the row that a page before has ended with.
func placeOf(id string, here []moving) (listPlace, error) {
	if at, ok := catalog.TimeOf(id); ok {
		return listPlace{at: at, id: id}, nil
	}
	if i := slices.IndexFunc(here, func(m moving) bool { return m.ID == id }); i >= 0 {
		return here[i].place(), nil
	}
	if id == "" {
		return listPlace{}, nil
	}
	return listPlace{}, coded(exitNotFound, fmt.Errorf("there is no transfer %q to go on after: write the ID that the page before has ended with", id))
}

// hub is the ID after which the hub's go on.
func (p listPlace) hub() string {
	if p.here {
		return catalog.FirstID(catalog.PrefixTransfer, p.at)
	}
	return p.id
}
