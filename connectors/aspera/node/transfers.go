package node

import (
	"context"
	"net/http"
	"net/url"

	"gantry/connectors/aspera/spec"
)

// A Transfer is one that the node itself does, with another server. The states of
// it are the node's words: waiting, running, completed, failed and more.
type Transfer struct {
	ID          string    `json:"id"`
	Status      string    `json:"status"`
	Spec        spec.Spec `json:"start_spec"`
	Bytes       int64     `json:"bytes_transferred"`
	Written     int64     `json:"bytes_written"`
	Files       int       `json:"files_completed"`
	ErrorCode   int       `json:"error_code"`
	Description string    `json:"error_desc"`
}

const transfers = "ops/transfers"

// StartTransfer has the node send or receive.
func (c *Client) StartTransfer(ctx context.Context, s spec.Spec) (t Transfer, err error) {
	k := call{op: "start transfer", path: s.DestinationRoot, method: http.MethodPost, to: transfers, body: s, answer: &t}
	_, err = c.do(ctx, k)
	return t, err
}

// Transfers lists those that the node knows.
func (c *Client) Transfers(ctx context.Context) (list []Transfer, err error) {
	_, err = c.do(ctx, call{op: "list transfers", path: "Node API", method: http.MethodGet, to: transfers, answer: &list})
	return list, err
}

// Transfer describes one. KindNotFound if the node has forgotten it.
func (c *Client) Transfer(ctx context.Context, id string) (t Transfer, err error) {
	_, err = c.do(ctx, transfer("look at transfer", id, http.MethodGet, nil, &t))
	return t, err
}

// SetTransferRate changes a transfer while it runs.
func (c *Client) SetTransferRate(ctx context.Context, id string, rate spec.Kbps) error {
	_, err := c.do(ctx, transfer("change transfer", id, http.MethodPut, map[string]any{"target_rate_kbps": rate}, nil))
	return err
}

// CancelTransfer ends one, by an HTTP method that only this API has.
func (c *Client) CancelTransfer(ctx context.Context, id string) error {
	_, err := c.do(ctx, transfer("cancel transfer", id, "CANCEL", nil, nil))
	return err
}

func transfer(op, id, method string, body, answer any) call {
	return call{op: op, path: id, method: method, to: transfers + "/" + url.PathEscape(id), body: body, answer: answer}
}
