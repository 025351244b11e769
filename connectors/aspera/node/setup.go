package node

import (
	"context"
	"encoding/json"
	"net/http"

	"gantry/connectors"
	"gantry/connectors/aspera/spec"
)

// UploadSetup asks for the right to send files into a folder. The answer says where
// and how, with a token; the paths are the caller's to fill in.
func (c *Client) UploadSetup(ctx context.Context, folder string) (spec.Spec, error) {
	return c.setup(ctx, folder, "files/upload_setup", map[string]any{"paths": []any{map[string]any{"destination": folder}}})
}

// DownloadSetup asks for the right to receive one file.
func (c *Client) DownloadSetup(ctx context.Context, path string) (spec.Spec, error) {
	return c.setup(ctx, path, "files/download_setup", map[string]any{"paths": []any{map[string]any{"source": path}}})
}

// setup looks for errors where the API puts them: inside of the array, with status
// 200 outside.
func (c *Client) setup(ctx context.Context, path, to string, request map[string]any) (s spec.Spec, err error) {
	var answer struct {
		Specs []struct {
			Error *Fault          `json:"error"`
			Spec  json.RawMessage `json:"transfer_spec"`
		} `json:"transfer_specs"`
	}
	k := call{op: "ask for the transfer of", path: path, method: http.MethodPost, to: to, answer: &answer}
	k.body = map[string]any{"transfer_requests": []any{map[string]any{"transfer_request": request}}}
	if _, err := c.do(ctx, k); err != nil {
		return s, err
	}
	if len(answer.Specs) == 0 {
		return s, connectors.Errorf(connectors.KindUnavailable, k.op, path, "the Node API's answer has no transfer in it")
	}
	first := answer.Specs[0]
	var inside struct {
		Error *Fault `json:"error"`
	}
	_ = json.Unmarshal(first.Spec, &inside) // no object is found out below
	for _, f := range []*Fault{first.Error, inside.Error} {
		if f != nil {
			return s, c.fault(k, f)
		}
	}
	if err := json.Unmarshal(first.Spec, &s); err != nil {
		return s, k.notNode(err)
	}
	return s, nil
}
