package agent

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"gantry/transfer/agent/wire"
	"gantry/transfer/schedule"
)

// maxReply bounds what the hub may answer, in bytes.
const maxReply = 32 << 20

// hub calls the hub. It does not retry.
type hub struct {
	base       string // without a trailing slash
	client     *http.Client
	agent      string
	site       string
	link       *linkState
	now        func() time.Time
	patience   time.Duration // for one call
	userAgent  string
	configTag  string // of the last configuration; only refreshConfig's goroutine uses it
	leaseGrace time.Duration
}

func newHub(o Options, link *linkState) (*hub, error) {
	u, err := url.Parse(o.Hub)
	if err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") {
		return nil, fmt.Errorf("the hub's URL %q is none: write it as https://host:port", o.Hub)
	}
	return &hub{
		base: strings.TrimRight(o.Hub, "/"), client: o.Client, agent: o.Name, site: o.Site, link: link, now: o.Now,
		patience: 15 * time.Second, leaseGrace: 30 * time.Second, userAgent: "gantry-agent/" + o.Version,
	}, nil
}

// A statusError is an answer of the hub that is no success.
type statusError struct {
	code    int
	message string
}

func (e *statusError) Error() string { return fmt.Sprintf("the hub answers %d: %s", e.code, e.message) }

func isStatus(err error, codes ...int) bool {
	var s *statusError
	if !errors.As(err, &s) {
		return false
	}
	for _, code := range codes {
		if s.code == code {
			return true
		}
	}
	return false
}

// config asks for the configuration. changed is false if it is the one of the last call.
func (h *hub) config(ctx context.Context) (c wire.Config, changed bool, err error) {
	query := url.Values{"agent": {h.agent}, "site": {h.site}}
	header := http.Header{}
	if h.configTag != "" {
		header.Set("If-None-Match", h.configTag)
	}
	answer, err := h.do(ctx, h.patience, http.MethodGet, "/api/v1/agent/config?"+query.Encode(), header, nil, &c)
	switch {
	case isStatus(err, http.StatusNotModified):
		return c, false, nil
	case err != nil:
		return c, false, err
	}
	h.configTag = answer.Get("ETag")
	return c, true, nil
}

func (h *hub) events(ctx context.Context, events []wire.Event) error {
	_, err := h.post(ctx, h.patience, "/api/v1/agent/events", wire.EventBatch{Agent: h.agent, Site: h.site, Events: events}, nil)
	return err
}

// controls waits up to wait for another version of what people want of the agent's work.
func (h *hub) controls(ctx context.Context, after string, wait time.Duration) (c wire.Controls, err error) {
	query := url.Values{"agent": {h.agent}, "site": {h.site}, "after": {after}, "wait": {fmt.Sprint(min(wait, 30*time.Second).Seconds())}}
	_, err = h.do(ctx, wait+h.leaseGrace, http.MethodGet, "/api/v1/agent/controls?"+query.Encode(), http.Header{}, nil, &c)
	return c, err
}

// lease waits up to wait for work, as much as there is room for. A lease's time is told on the hub's clock: good says how
// long it is good from now on.
func (h *hub) lease(ctx context.Context, room map[schedule.Priority]int, wait time.Duration) (orders []wire.Order, good []time.Duration, err error) {
	request := wire.LeaseRequest{Agent: h.agent, Site: h.site, Max: room[schedule.Urgent], Room: room, Wait: wait.Seconds()}
	var reply wire.LeaseReply
	header, err := h.post(ctx, wait+h.leaseGrace, "/api/v1/agent/leases", request, &reply)
	if err != nil {
		return nil, nil, err
	}
	for _, o := range reply.Orders {
		good = append(good, o.LeaseUntil.Sub(h.hubTime(header)))
	}
	return reply.Orders, good, nil
}

// renew reports progress and returns how long the lease is good from now on.
func (h *hub) renew(ctx context.Context, order string, p wire.ProgressReport) (time.Duration, error) {
	var reply wire.ProgressReply
	header, err := h.post(ctx, h.patience, "/api/v1/agent/orders/"+url.PathEscape(order)+"/progress", p, &reply)
	return reply.LeaseUntil.Sub(h.hubTime(header)), err
}

func (h *hub) result(ctx context.Context, order string, r wire.ResultReport) error {
	_, err := h.post(ctx, h.patience, "/api/v1/agent/orders/"+url.PathEscape(order)+"/result", r, nil)
	return err
}

func (h *hub) arrivalProgress(ctx context.Context, id string, p wire.ArrivalProgress) error {
	_, err := h.post(ctx, h.patience, "/api/v1/agent/arrivals/"+url.PathEscape(id)+"/progress", p, nil)
	return err
}

// hubTime is the hub's clock as an answer tells it, because the clocks of venues cannot be relied on.
func (h *hub) hubTime(header http.Header) time.Time {
	if t, err := http.ParseTime(header.Get("Date")); err == nil {
		return t
	}
	return h.now()
}

func (h *hub) post(ctx context.Context, patience time.Duration, path string, in, out any) (http.Header, error) {
	body, err := json.Marshal(in)
	if err != nil {
		return nil, fmt.Errorf("write %s: %w", path, err)
	}
	return h.do(ctx, patience, http.MethodPost, path, http.Header{"Content-Type": {"application/json"}}, body, out)
}

func (h *hub) do(ctx context.Context, patience time.Duration, method, path string, header http.Header, body []byte, out any) (http.Header, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, method, h.base+path, bytes.NewReader(body))
	if err != nil {
		return nil, fmt.Errorf("call the hub: %w", err)
	}
	request.Header = header
	request.Header.Set("User-Agent", h.userAgent)
	answer, err := h.send(request, out)
	h.judge(ctx, err)
	return answer, err
}

// judge decides what an outcome says about the link.
func (h *hub) judge(ctx context.Context, err error) {
	var s *statusError
	switch {
	case err == nil:
		h.link.up()
	case errors.Is(ctx.Err(), context.Canceled):
	case errors.As(err, &s) && s.code < 500 && s.code != http.StatusUnauthorized && s.code != http.StatusForbidden:
		h.link.up()
	default:
		h.link.down(err)
	}
}

func (h *hub) send(request *http.Request, out any) (http.Header, error) {
	response, err := h.client.Do(request)
	if err != nil {
		return nil, fmt.Errorf("call the hub: %w", err)
	}
	defer func() { _ = response.Body.Close() }()
	data, err := io.ReadAll(io.LimitReader(response.Body, maxReply))
	if err != nil {
		return nil, fmt.Errorf("read the hub's answer: %w", err)
	}
	if response.StatusCode/100 != 2 {
		return response.Header, &statusError{response.StatusCode, problem(data)}
	}
	if out == nil || len(data) == 0 {
		return response.Header, nil
	}
	if err := json.Unmarshal(data, out); err != nil {
		return response.Header, fmt.Errorf("read the hub's answer: %w: is %s a Gantry hub?", err, request.URL.Host)
	}
	return response.Header, nil
}

// problem picks the sentence out of a problem document (RFC 9457), or the beginning of any other text.
func problem(data []byte) string {
	var p struct {
		Title, Detail string
		Errors        []struct{ Message, Location string }
	}
	if json.Unmarshal(data, &p) != nil || p.Title+p.Detail == "" {
		return strings.ToValidUTF8(string(data[:min(len(data), 200)]), "?")
	}
	text := p.Title
	if p.Detail != "" {
		text += ": " + p.Detail
	}
	for _, e := range p.Errors {
		text += fmt.Sprintf("; %s %s", e.Location, e.Message)
	}
	return text
}
