package function

import (
	"context"
	"encoding/json"
	"errors"

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
	switch {
	case errors.Is(err, media.ErrEmpty):
		return &Fault{Type: "unreadable", Status: 422, Title: "the file is empty", Err: err}
	case errors.Is(err, media.ErrUnreadable):
		return &Fault{Type: "unreadable", Status: 422, Title: "the file cannot be read as media", Detail: err.Error(), Err: err}
	case errors.Is(err, media.ErrUnsupported):
		return &Fault{Type: "unreadable", Status: 422, Title: "the file is of a kind that is not accepted", Detail: err.Error(), Err: err}
	}
	return err
}
