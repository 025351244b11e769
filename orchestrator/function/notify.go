package function

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"gantry/connectors"
	"gantry/orchestrator/resources"
)

// NotifyInput is what to tell, and whom.
type NotifyInput struct {
	Webhook string         `json:"webhook"` // name of a Webhook document
	Type    string         `json:"type"`    // of the event, such as clip.published
	Data    map[string]any `json:"data"`
}

// NotifyOutput is what the receiver answered.
type NotifyOutput struct {
	ID     string `json:"id"` // of the message: the same for each attempt, and when a run is retried
	Status int    `json:"status"`
}

func (h *Host) notify() Function {
	return New("notify", "Tells a webhook of an event, signed after Standard Webhooks.",
		func(ctx context.Context, c Call, in NotifyInput) (NotifyOutput, error) {
			var out NotifyOutput
			hook, ok := h.Resources.Current().Webhooks[in.Webhook]
			if !ok {
				return out, &Fault{Type: "configuration", Status: 400, Title: fmt.Sprintf("there is no Webhook %q", in.Webhook), Detail: "apply a Webhook of that name, or correct the workflow"}
			}
			key, err := signingKey(hook)
			if err != nil {
				return out, err
			}
			now := h.Now()
			body, err := json.Marshal(map[string]any{"type": in.Type, "timestamp": now.UTC().Format(time.RFC3339), "data": in.Data})
			if err != nil {
				return out, err
			}
			if out.ID, err = messageID(c, in); err != nil {
				return out, err
			}
			request, err := http.NewRequestWithContext(ctx, http.MethodPost, hook.URL, bytes.NewReader(body))
			if err != nil {
				return out, err
			}
			for name, value := range map[string]string{
				"Content-Type": "application/json", "webhook-id": out.ID, "webhook-timestamp": fmt.Sprint(now.Unix()),
				"webhook-signature": sign(key, out.ID, now, body),
			} {
				request.Header.Set(name, value)
			}
			out.Status, err = h.post(request, in.Webhook)
			return out, err
		})
}

// post sends a message. A redirect is a refusal: the message was not taken, and
// would go on as something else.
func (h *Host) post(request *http.Request, webhook string) (status int, err error) {
	client := *h.HTTP
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	response, err := client.Do(request)
	if err != nil {
		return 0, unreached("notify", webhook, err)
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(response.Body, 4<<10))
	if response.StatusCode < 200 || response.StatusCode > 299 {
		return response.StatusCode, failedCall("notify", webhook, response, answer)
	}
	if err != nil {
		return response.StatusCode, unreached("notify", webhook, err)
	}
	return response.StatusCode, nil
}

// messageID is the same for each attempt of a call. About an asset, it is the same
// in each run too, as long as step and message are the same: a receiver that has
// the message drops it when the run is retried.
func messageID(c Call, in NotifyInput) (string, error) {
	subject := []any{c.Key}
	if c.Asset != "" {
		subject = []any{c.Asset, strings.TrimPrefix(c.Key, c.Run), in}
	}
	text, err := json.Marshal(subject)
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(text)
	return "msg_" + base64.RawURLEncoding.EncodeToString(sum[:18]), nil
}

// signingKey gives the key of a webhook. One with the prefix whsec_ is base64.
func signingKey(hook resources.Webhook) ([]byte, error) {
	bad := func(detail string) error {
		return &Fault{Type: "configuration", Status: 400, Title: fmt.Sprintf("the secret of Webhook %q cannot be used", hook.Name), Detail: detail}
	}
	secret, err := connectors.Secret(hook.Secret)
	if err != nil {
		return nil, bad(err.Error())
	}
	key := []byte(secret)
	if encoded, ok := strings.CutPrefix(secret, "whsec_"); ok {
		if key, err = base64.StdEncoding.DecodeString(encoded); err != nil {
			return nil, bad("what follows whsec_ is no base64: copy it again from the receiver")
		}
	}
	if len(key) == 0 {
		return nil, bad("it is empty: copy it from the receiver")
	}
	return key, nil
}

// sign makes a signature of Standard Webhooks 1.0.0: v1, and the HMAC-SHA256 of
// "id.timestamp.body" in base64.
func sign(key []byte, id string, at time.Time, body []byte) string {
	mac := hmac.New(sha256.New, key)
	fmt.Fprintf(mac, "%s.%d.", id, at.Unix())
	mac.Write(body)
	return "v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil))
}
