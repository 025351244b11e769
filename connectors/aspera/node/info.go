package node

import (
	"context"
	"net/http"
	"strings"
	"time"

	"gantry/connectors"
)

// Info is what a node says of itself.
type Info struct {
	Application  string    `json:"application"`
	Version      string    `json:"version"`
	System       string    `json:"os"`
	Time         time.Time `json:"current_time"`
	TransferUser string    `json:"transfer_user"`
	Capabilities []struct {
		Name  string `json:"name"`
		Value any    `json:"value"`
	} `json:"capabilities"`
	Settings []struct {
		Name  string `json:"name"`
		Value any    `json:"value"`
	} `json:"settings"`
}

// Can tells whether a capability is there and not switched off.
func (i Info) Can() (names []string) {
	for _, c := range i.Capabilities {
		switch value := c.Value.(type) {
		case bool:
			if value {
				names = append(names, c.Name)
			}
		case string:
			names = append(names, c.Name+" "+value)
		}
	}
	return names
}

// Info asks for it.
func (c *Client) Info(ctx context.Context) (i Info, err error) {
	_, err = c.do(ctx, call{op: "ask about", path: "Node API", method: http.MethodGet, to: "info", answer: &i})
	return i, err
}

// Ping tells whether the node answers.
func (c *Client) Ping(ctx context.Context) error {
	_, err := c.do(ctx, call{op: "ping", path: "Node API", method: http.MethodGet, to: "ping"})
	return err
}

// Space tells how much room a path's storage has, in bytes.
type Space struct {
	Path  string `json:"path"`
	Total int64  `json:"bytes_total"`
	Free  int64  `json:"bytes_free"`
}

// Space asks for it.
func (c *Client) Space(ctx context.Context, path string) (Space, error) {
	var r struct {
		Paths []struct {
			Space
			Error *Fault `json:"error"`
		} `json:"paths"`
	}
	k := call{op: "ask for the space of", path: path, method: http.MethodPost, to: "space", answer: &r}
	k.body = map[string]any{"paths": []any{map[string]any{"path": path}}}
	if _, err := c.do(ctx, k); err != nil {
		return Space{}, err
	}
	if len(r.Paths) == 0 || strings.TrimSpace(r.Paths[0].Path) == "" {
		return Space{}, connectors.Errorf(connectors.KindUnavailable, k.op, path, "the Node API's answer does not say")
	}
	if f := r.Paths[0].Error; f != nil {
		return Space{}, c.fault(k, f)
	}
	return r.Paths[0].Space, nil
}
