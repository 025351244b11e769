package function

import (
	"context"
	"path"
	"path/filepath"

	"gantry/orchestrator/media"
	"gantry/transfer/agent/wire"
)

// StillInput names the source and the moment.
type StillInput struct {
	Source Source     `json:"source"`
	Media  media.Info `json:"media"`
	At     *float64   `json:"at,omitempty"` // seconds; a third of the way if absent
}

// StillOutput is the picture.
type StillOutput struct {
	File wire.FileRef `json:"file"`
}

func (h *Host) still() Function {
	return New("still", "Takes a poster frame as JPEG.",
		func(ctx context.Context, c Call, in StillInput) (StillOutput, error) {
			var out StillOutput
			b, err := h.bench(ctx, c, in.Source)
			if err != nil {
				return out, err
			}
			defer b.clear()
			at := in.Media.Duration / 3
			if in.At != nil {
				at = *in.At
			}
			const name = "poster.jpg"
			if err := h.Media.Still(ctx, b.file, at, filepath.Join(b.dir, name)); err != nil {
				return out, unreadable(err)
			}
			under := path.Join(renditionsFolder(b.asset), "poster")
			files, err := h.Files.Keep(ctx, c.Key, b.dir, []Item{{From: name, To: path.Join(under, stem(b.asset.Name)+".jpg")}}, b.to, c.Progress)
			if err != nil {
				return out, err
			}
			out.File = refs(files)[0]
			poster := Rendition{Profile: "poster", Main: out.File.Path, Files: refs(files), proof: weakest(files)}
			return out, h.register(ctx, b.asset, b.to, map[string]Rendition{poster.Profile: poster})
		})
}
