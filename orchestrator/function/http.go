package function

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"gantry/connectors"
)

// HTTPInput is a call as the workflow language writes it.
type HTTPInput struct {
	Method   string            `json:"method"`
	Endpoint any               `json:"endpoint"` // a URL, or {uri: URL}
	Headers  map[string]string `json:"headers,omitempty"`
	Query    map[string]any    `json:"query,omitempty"`
	Body     any               `json:"body,omitempty"`
	Output   string            `json:"output,omitempty"`   // content (default), response or raw
	Redirect bool              `json:"redirect,omitempty"` // a redirect is an answer, not a failure
}

// maxAnswer bounds what is read of an answer, in bytes.
const maxAnswer = 4 << 20

func (h *Host) http() Function {
	f := New("http", "Calls an HTTP endpoint. The output is its content, or the whole response.", h.callHTTP)
	f.Output = nil // whatever the endpoint answers
	return f
}

func (h *Host) callHTTP(ctx context.Context, c Call, in HTTPInput) (any, error) {
	request, err := newRequest(ctx, c, in)
	if err != nil {
		return nil, err
	}
	response, err := h.HTTP.Do(request)
	if err != nil {
		return nil, unreached("call", request.URL.Redacted(), err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer+1))
	if err != nil {
		return nil, connectors.Errorf(connectors.KindIncomplete, "call", request.URL.Redacted(), "%w", err)
	}
	if len(body) > maxAnswer {
		return nil, &Fault{Type: "communication", Status: 502, Title: "the answer is larger than 4 MiB", Detail: "let the endpoint answer with a reference"}
	}
	good := response.StatusCode >= 200 && response.StatusCode < 300
	redirected := response.StatusCode >= 300 && response.StatusCode < 400
	if !good && !(redirected && in.Redirect) {
		return nil, failedCall("call", request.URL.Redacted(), response, body)
	}
	return shape(in.Output, request, response, body)
}

// failedCall says what the endpoint refused. A server's trouble may pass; a
// refusal of the request does not.
func failedCall(op, what string, response *http.Response, body []byte) error {
	text := strings.TrimSpace(string(body[:min(len(body), 500)]))
	switch {
	case response.StatusCode == http.StatusTooManyRequests:
		return connectors.Errorf(connectors.KindBusy, op, what, "it answered %s", response.Status)
	case response.StatusCode >= 500:
		return connectors.Errorf(connectors.KindUnavailable, op, what, "it answered %s: %s", response.Status, text)
	}
	if target, err := response.Location(); text == "" && err == nil {
		text = "it points to " + target.Host + ": write the final address if that is right"
	}
	if text == "" {
		text = "it gave no reason: ask whoever runs it"
	}
	return &Fault{
		Type: "communication", Status: response.StatusCode,
		Title: fmt.Sprintf("%s %q: it answered %s", op, what, response.Status), Detail: text,
	}
}

// unreached says why there is no answer. What we refuse ourselves is no matter of
// time.
func unreached(op, what string, err error) error {
	why := cause(err)
	switch {
	case errors.Is(why, errInner), errors.Is(why, errRedirect):
		return &Fault{Type: "configuration", Status: 403, Title: fmt.Sprintf("%s %q is refused", op, what), Detail: why.Error(), Err: why}
	case errors.Is(why, context.Canceled):
		return why
	case isTimeout(why):
		return connectors.Errorf(connectors.KindTimeout, op, what, "%w", why)
	}
	return connectors.Errorf(connectors.KindUnavailable, op, what, "%w", why)
}

func isTimeout(err error) bool {
	t, ok := errors.AsType[net.Error](err)
	return ok && t.Timeout()
}

func newRequest(ctx context.Context, c Call, in HTTPInput) (*http.Request, error) {
	bad := func(format string, args ...any) error {
		return &Fault{Type: "validation", Status: 400, Title: "the input of http does not fit", Detail: fmt.Sprintf(format, args...)}
	}
	address, _ := in.Endpoint.(string)
	if m, ok := in.Endpoint.(map[string]any); ok {
		address, _ = m["uri"].(string)
		if len(m) > 1 {
			return nil, bad("endpoint: only uri is known: credentials go into headers")
		}
	}
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") {
		return nil, bad("endpoint is no address: write an http or https URL")
	}
	if !slices.Contains([]string{"", "content", "response", "raw"}, in.Output) {
		return nil, bad("output is %q: write content, response or raw", in.Output)
	}
	query := u.Query()
	for name, value := range in.Query {
		text, err := queryText(value)
		if err != nil {
			return nil, bad("query.%s: %v", name, err)
		}
		query.Set(name, text)
	}
	u.RawQuery = query.Encode()
	var body io.Reader
	kind := ""
	switch b := in.Body.(type) {
	case nil:
	case string:
		body, kind = strings.NewReader(b), "text/plain; charset=utf-8"
	default:
		data, err := json.Marshal(b)
		if err != nil {
			return nil, bad("body: %v", err)
		}
		body, kind = bytes.NewReader(data), "application/json"
	}
	request, err := http.NewRequestWithContext(ctx, strings.ToUpper(in.Method), u.String(), body)
	if err != nil {
		return nil, bad("%v", err)
	}
	if kind != "" {
		request.Header.Set("Content-Type", kind)
	}
	request.Header.Set("Idempotency-Key", c.Key)
	for name, value := range in.Headers {
		if !headerName.MatchString(name) || strings.ContainsAny(value, "\r\n\x00") {
			return nil, bad("headers: %q cannot be sent", name)
		}
		request.Header.Set(name, value)
	}
	return request, nil
}

var headerName = regexp.MustCompile("^[-!#$%&'*+.^_`|~0-9A-Za-z]+$")

// queryText writes a value as a person would: numbers without an exponent.
func queryText(value any) (string, error) {
	if text, ok := value.(string); ok {
		return text, nil
	}
	data, err := json.Marshal(value)
	return string(data), err
}

// shape gives the answer the form that the workflow asked for.
func shape(form string, request *http.Request, response *http.Response, body []byte) (any, error) {
	switch form {
	case "raw":
		return base64.StdEncoding.EncodeToString(body), nil
	case "response":
		headers := map[string]string{}
		for name := range response.Header {
			headers[name] = response.Header.Get(name)
		}
		return map[string]any{
			"request":    map[string]any{"method": request.Method, "uri": request.URL.Redacted()},
			"statusCode": response.StatusCode, "headers": headers, "content": content(body),
		}, nil
	case "", "content":
		return content(body), nil
	}
	return nil, fmt.Errorf("there is no form of answers %q", form) // newRequest has checked it
}

// content is JSON where it is some, text elsewhere, and nothing where it is empty.
func content(body []byte) any {
	switch {
	case len(body) == 0:
		return nil
	case json.Valid(body):
		return json.RawMessage(body)
	}
	return string(body)
}

// cause takes off the URL, which may hold a secret, that net/http puts around.
func cause(err error) error {
	if u, ok := err.(*url.Error); ok {
		return u.Err
	}
	return err
}
