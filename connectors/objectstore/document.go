package objectstore

import (
	"bytes"
	"context"
	"encoding/xml"
	"io"
	"net/http"
)

// document makes a call whose answer is a document. A success that holds an error
// is the error: S3 begins to answer long calls before it knows how they end.
func (p *Place) document(ctx context.Context, r Request) ([]byte, http.Header, error) {
	resp, err := p.client.Call(ctx, r)
	if err != nil {
		return nil, nil, err
	}
	defer resp.Body.Close()
	data, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	if err != nil {
		return nil, nil, err
	}
	if fault := faultIn(data); fault != nil {
		fault.Status = resp.StatusCode
		return nil, nil, fault
	}
	return data, resp.Header, nil
}

// faultIn gives the error that a document is, or nil if it is none.
func faultIn(data []byte) *Fault {
	if !bytes.Contains(data[:min(len(data), 512)], []byte("<Error")) {
		return nil
	}
	var document struct {
		XMLName       xml.Name `xml:"Error"`
		Code, Message string
	}
	if err := xml.Unmarshal(data, &document); err != nil {
		return nil
	}
	return &Fault{Code: document.Code, Message: document.Message}
}

// result makes a call and reads the document that answers it.
func (p *Place) result(ctx context.Context, r Request, into any) (http.Header, error) {
	data, header, err := p.document(ctx, r)
	if err != nil {
		return nil, err
	}
	if err := xml.Unmarshal(data, into); err != nil {
		return nil, unreadable(r, err)
	}
	return header, nil
}
