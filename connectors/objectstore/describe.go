package objectstore

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"gantry/connectors"
)

// Describe asks for the bucket, and for its versioning, Object Lock and
// encryption. What the credentials may not ask is told as a feature that is not
// known, and is no error.
func (p *Place) Describe(ctx context.Context) (connectors.Description, error) {
	ctx, done := p.use(ctx)
	defer done()
	resp, err := p.ask(ctx, Request{Method: http.MethodHead}, nil)
	if err != nil {
		// An answer to HEAD has no body to give the reason.
		resp, err = p.ask(ctx, Request{Method: http.MethodGet, Query: map[string][]string{"list-type": {"2"}, "max-keys": {"1"}, "prefix": {p.config.Root}}}, nil)
	}
	if err != nil {
		return connectors.Description{}, p.failed(ctx, "describe", "", err)
	}
	kind := kindOf(p.config.Endpoint, resp.Header)
	d := connectors.Description{Software: kind.name, Quirks: append([]connectors.Quirk(nil), kind.quirks...)}
	if server := resp.Header.Get("Server"); server != "" && !strings.EqualFold(server, kind.name) {
		d.Software = fmt.Sprintf("%s (%s)", kind.name, server)
	}
	if at, err := http.ParseTime(resp.Header.Get("Date")); err == nil {
		d.Clock = at.UTC()
	}
	if region := resp.Header.Get("X-Amz-Bucket-Region"); region != "" {
		d.Features = append(d.Features, "region "+region)
	}
	for _, about := range bucketFacts {
		fact, err := p.fact(ctx, about)
		if err != nil {
			return d, p.failed(ctx, "describe", "", err)
		}
		d.Features = append(d.Features, about.name+" "+fact)
	}
	switch {
	case p.sums.wanted() && !p.sums.untold():
		d.Features = append(d.Features, "crc64nvme")
	case !p.sums.wanted():
		d.Quirks = append(d.Quirks, connectors.Quirk{
			Name: "no-crc64nvme", Meaning: "the store checks no CRC64NVME: Gantry keeps its own digest and reads files back to prove them",
		})
	}
	return d, nil
}

// A bucketFact is something that a bucket is set to.
type bucketFact struct {
	name, query string
	none        string // the code for: it is not set
	read        func(s settings) string
}

var bucketFacts = []bucketFact{
	{"versioning", "versioning", "", func(s settings) string { return s.Status }},
	{"object-lock", "object-lock", "ObjectLockConfigurationNotFoundError", settings.lock},
	{"encryption", "encryption", "ServerSideEncryptionConfigurationNotFoundError", settings.encryption},
}

// settings are what the documents about a bucket have in them.
type settings struct {
	Status            string // of versioning
	ObjectLockEnabled string
	Rules             []struct {
		DefaultRetention struct {
			Mode        string
			Days, Years int
		}
		Encryption struct {
			SSEAlgorithm, KMSMasterKeyID string
		} `xml:"ApplyServerSideEncryptionByDefault"`
	} `xml:"Rule"`
}

func (s settings) lock() string {
	text := s.ObjectLockEnabled
	for _, rule := range s.Rules {
		switch r := rule.DefaultRetention; {
		case r.Years > 0:
			text += fmt.Sprintf(" %s %d years", r.Mode, r.Years)
		case r.Days > 0:
			text += fmt.Sprintf(" %s %d days", r.Mode, r.Days)
		}
	}
	return text
}

func (s settings) encryption() string {
	for _, rule := range s.Rules {
		if e := rule.Encryption; e.SSEAlgorithm != "" {
			return strings.TrimSpace(e.SSEAlgorithm + " " + e.KMSMasterKeyID)
		}
	}
	return ""
}

// fact asks for one of them. A refusal is a fact too.
func (p *Place) fact(ctx context.Context, about bucketFact) (string, error) {
	var s settings
	_, err := p.ask(ctx, Request{Method: http.MethodGet, Query: sub(about.query)}, &s)
	var fault *Fault
	switch {
	case errors.As(err, &fault) && fault.Code != "" && fault.Code == about.none:
		return "off", nil
	case errors.As(err, &fault) && fault.Status/100 == 4, status(err) == http.StatusNotImplemented:
		return fmt.Sprintf("not told (%s)", fault.short()), nil
	case connectors.KindOf(err) == connectors.KindIncomplete, connectors.KindOf(err) == connectors.KindUnsupported:
		return "not told", nil
	case err != nil:
		return "", err
	}
	if text := about.read(s); text != "" {
		return text, nil
	}
	return "off", nil
}

// short is the answer in a word.
func (f *Fault) short() string {
	if f.Code != "" {
		return f.Code
	}
	return http.StatusText(f.Status)
}
