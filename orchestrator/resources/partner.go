package resources

import (
	"errors"
	"fmt"

	"gantry/configs/template"
	"gantry/connectors"
)

// DefaultPath is where a partner's deliveries go unless its document says so: a
// folder of its own for each asset.
const DefaultPath = "{{.Asset.Stem}}-{{.Asset.Short}}"

// A Subject is what a partner's templates may speak of.
type Subject struct {
	Asset    SubjectAsset
	Partner  SubjectPartner
	Profile  string // of the rendition
	Main     string // path of the main media file, below the delivery's folder
	Files    []SubjectFile
	Duration float64 // seconds
	Video    SubjectVideo
	Audio    int    // audio streams
	Timecode string // of the first frame; may be empty
}

// SubjectAsset is the asset of a delivery.
type SubjectAsset struct {
	ID, Short  string // Short is the last eight letters of ID
	Name, Stem string // file name, with and without its ending
	Site       string
	RecordedAt string // RFC 3339
	Digest     string // xxh128 of the original
}

// SubjectPartner is who gets the delivery.
type SubjectPartner struct{ Name, Title string }

// SubjectVideo is the picture of the rendition.
type SubjectVideo struct {
	Codec, FrameRate string
	Width, Height    int
}

// SubjectFile is one media file of a delivery.
type SubjectFile struct {
	Path   string
	Size   int64
	XXH128 string
}

// Folder gives the delivery's folder in the partner's location.
func (p Partner) Folder(s Subject) (string, error) {
	text := p.Path
	if text == "" {
		text = DefaultPath
	}
	folder, err := template.Render(text, template.Plain, s)
	if err != nil {
		return "", fmt.Errorf("partner %s: path: %w", p.Name, err)
	}
	return connectors.CleanPath(folder)
}

// escapers are the formats that a sidecar may have.
var escapers = map[string]template.Escaper{"xml": template.XML, "json": template.JSON}

// Render gives the sidecar's file name and its text, proved to be well-formed.
func (c Sidecar) Render(s Subject) (name, text string, err error) {
	name, err = template.Render(c.Name, template.Plain, s)
	if err != nil {
		return "", "", fmt.Errorf("name: %w", err)
	}
	if name, err = connectors.CleanPath(name); err != nil {
		return "", "", err
	}
	text, err = template.Render(c.Template, escapers[c.Format], s)
	if err != nil {
		return "", "", fmt.Errorf("template: %w", err)
	}
	if err := wellFormed(c.Format, text); err != nil {
		return "", "", fmt.Errorf("template: its result is no well-formed %s: %w", c.Format, err)
	}
	return name, text, nil
}

// check renders the templates with a made-up asset, so that a mistake is found
// when the document is read and not at the first delivery.
func (p Partner) check() error {
	if p.Location == "" || p.Profile == "" {
		return errors.New("a partner needs a location and a profile")
	}
	if _, err := p.Folder(sample); err != nil {
		return err
	}
	if p.Sidecar == nil {
		return nil
	}
	if p.Sidecar.Format != "xml" && p.Sidecar.Format != "json" {
		return fmt.Errorf("sidecar: format is %q: write xml or json", p.Sidecar.Format)
	}
	if _, _, err := p.Sidecar.Render(sample); err != nil {
		return fmt.Errorf("sidecar: %w", err)
	}
	return nil
}

var sample = Subject{
	Asset: SubjectAsset{
		ID: "as_01J00000000000000000000000", Short: "00000000", Name: "Clip & <1>.mxf", Stem: "Clip & <1>",
		Site: "venue", RecordedAt: "2026-01-01T00:00:00Z", Digest: "00000000000000000000000000000000",
	},
	Partner: SubjectPartner{Name: "partner", Title: `The "Partner"`},
	Profile: "profile", Main: "clip.mxf", Duration: 20, Audio: 1, Timecode: "10:00:00:00",
	Files: []SubjectFile{{Path: "clip.mxf", Size: 1, XXH128: "00000000000000000000000000000000"}, {Path: "clip2.mxf", Size: 2, XXH128: "00000000000000000000000000000000"}},
	Video: SubjectVideo{Codec: "h264", FrameRate: "25/1", Width: 1920, Height: 1080},
}
