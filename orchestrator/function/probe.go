package function

import (
	"context"
	"encoding/json"
	"errors"
	"strings"

	"gantry/orchestrator/catalog"
	"gantry/orchestrator/media"
)

// ProbeInput is the file to look into.
type ProbeInput struct {
	Source Source `json:"source"`
}

func (h *Host) probe() Function {
	return New("probe", "Finds out what a media file is: container, codecs, frame rate, duration, timecode, channels, colour.",
		func(ctx context.Context, c Call, in ProbeInput) (media.Info, error) {
			file, done, err := h.Files.Local(ctx, c.Key, in.Source, c.Progress)
			if err != nil {
				return media.Info{}, err
			}
			defer done()
			info, err := h.Media.Probe(ctx, file)
			if err != nil {
				return media.Info{}, unreadable(err)
			}
			facts, err := json.Marshal(info)
			if err != nil {
				return media.Info{}, err
			}
			return info, h.note(ctx, c, func(a *catalog.Asset) { a.Facts = facts })
		})
}

// note keeps what a step found out about the run's asset.
func (h *Host) note(ctx context.Context, c Call, change func(a *catalog.Asset)) error {
	if c.Asset == "" {
		return nil
	}
	return h.Store.Write(ctx, func(ctx context.Context, tx catalog.Tx) error {
		_, err := tx.UpdateAsset(ctx, c.Asset, func(a *catalog.Asset) error {
			a.UpdatedAt = h.Now()
			change(a)
			return nil
		})
		return err
	})
}

// unreadable turns what the media tools say of a bad file into a fault that a
// workflow can catch; other errors stay as they are.
func unreadable(err error) error {
	for _, each := range []struct {
		kind  error
		title string
	}{
		{media.ErrEmpty, "the file is empty"},
		{media.ErrUnreadable, "the file cannot be read as media"},
		{media.ErrUnsupported, "the file is of a kind that is not accepted"},
		{media.ErrLimit, "the file asks for more than a clip may"},
		{media.ErrStalled, "the file cannot be decoded to its end"},
		{media.ErrOutput, "the file cannot be made into a rendition"},
	} {
		if errors.Is(err, each.kind) {
			_, detail, _ := strings.Cut(err.Error(), each.kind.Error()+": ")
			return &Fault{Type: "unreadable", Status: 422, Title: each.title, Detail: detail, Err: err}
		}
	}
	return err
}
