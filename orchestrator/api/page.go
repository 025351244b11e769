package api

import "gantry/orchestrator/catalog"

// A Page is one page of a listing, newest first.
type Page[T any] struct {
	Items []T    `json:"items"`
	Next  string `json:"next,omitempty" doc:"pass it as after for the next page; absent on the last"`
}

// A PageQuery is what every listing takes.
type PageQuery struct {
	Limit int    `query:"limit" minimum:"1" maximum:"1000" default:"100" doc:"rows at the most"`
	After string `query:"after" doc:"the next of the page before"`
}

func (q PageQuery) page() catalog.Page { return catalog.Page{Limit: q.Limit, After: q.After} }

// paged makes a page of rows; a full one may have a successor.
func paged[T any](rows []T, q PageQuery, id func(T) string) Page[T] {
	p := Page[T]{Items: rows}
	if len(rows) == q.Limit && len(rows) > 0 {
		p.Next = id(rows[len(rows)-1])
	}
	return p
}

// A body is an answer.
type body[T any] struct{ Body T }

func given[T any](v T, err error) (*body[T], error) {
	if err != nil {
		return nil, refuse(err)
	}
	return &body[T]{v}, nil
}

// list drops the empty strings that an absent query parameter leaves.
func list(values []string) []string {
	var kept []string
	for _, v := range values {
		if v != "" {
			kept = append(kept, v)
		}
	}
	return kept
}
