package function

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"gantry/orchestrator/catalog"
	"gantry/orchestrator/media"
)

// QCInput is the file to check and the rules to check it by.
type QCInput struct {
	Source Source `json:"source"`
	Rules  string `json:"rules,omitempty"` // name of a QCRules document; "default" if empty
}

// QCOutput is the report, and its verdict in one sentence.
type QCOutput struct {
	media.Report
	Reason string `json:"reason,omitempty"` // why it failed or is doubtful
}

func (h *Host) qc() Function {
	return New("qc", "Checks a media file in one decode: decodability, black, freeze, silence, loudness, duration, audio layout.",
		func(ctx context.Context, c Call, in QCInput) (QCOutput, error) {
			if in.Rules == "" {
				in.Rules = "default"
			}
			rules, ok := h.Resources.Current().QC[in.Rules]
			if !ok {
				return QCOutput{}, &Fault{Type: "configuration", Status: 400, Title: fmt.Sprintf("there are no QCRules %q", in.Rules), Detail: "apply QCRules of that name, or correct the workflow"}
			}
			file, done, err := h.Files.Local(ctx, c.Key, in.Source, c.Progress)
			if err != nil {
				return QCOutput{}, err
			}
			defer done()
			report, err := h.Media.QC(ctx, file, rules, mediaProgress(c, "checking"))
			if err != nil {
				return QCOutput{}, unreadable(err)
			}
			out := QCOutput{Report: report, Reason: reason(report)}
			data, err := json.Marshal(out)
			if err != nil {
				return QCOutput{}, err
			}
			return out, h.note(ctx, c, func(a *catalog.Asset) { a.QC = data })
		})
}

// reason joins the findings that decided the outcome.
func reason(r media.Report) string {
	var said []string
	for _, f := range r.Findings {
		if string(f.Severity) == r.Outcome {
			said = append(said, f.Message)
		}
	}
	return strings.Join(said, "; ")
}

// mediaProgress passes on seconds of media.
func mediaProgress(c Call, note string) func(media.Progress) {
	return func(p media.Progress) {
		c.Progress(Progress{Done: p.Done, Total: p.Total, Unit: "seconds", Rate: p.Speed, Note: note})
	}
}
