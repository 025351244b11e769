package function

import (
	"context"
	"path"
	"path/filepath"

	"gantry/orchestrator/media"
	"gantry/orchestrator/resources"
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
			asset, err := h.asset(ctx, c)
			if err != nil {
				return out, err
			}
			to, err := h.withRole(resources.RoleRenditions)
			if err != nil {
				return out, err
			}
			file, done, err := h.Files.Local(ctx, c.Key, in.Source, c.Progress)
			if err != nil {
				return out, err
			}
			defer done()
			dir, err := h.Files.Folder(c.Key)
			if err != nil {
				return out, err
			}
			defer h.Files.Clear(c.Key)
			at := in.Media.Duration / 3
			if in.At != nil {
				at = *in.At
			}
			const name = "poster.jpg"
			if err := h.Media.Still(ctx, file, at, filepath.Join(dir, name)); err != nil {
				return out, unreadable(err)
			}
			under := path.Join(renditionsFolder(asset), "poster")
			files, err := h.Files.Keep(ctx, c.Key, dir, []Item{{From: name, To: path.Join(under, stem(asset.Name)+".jpg")}}, to, c.Progress)
			if err != nil {
				return out, err
			}
			out.File = refs(files)[0]
			poster := Rendition{Profile: "poster", Main: out.File.Path, Files: refs(files), proof: weakest(files)}
			return out, h.register(ctx, asset, to, map[string]Rendition{poster.Profile: poster})
		})
}
