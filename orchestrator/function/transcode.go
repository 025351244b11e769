package function

import (
	"context"
	"encoding/json"
	"fmt"
	"path"
	"strings"

	"gantry/orchestrator/catalog"
	"gantry/orchestrator/media"
	"gantry/orchestrator/resources"
	"gantry/transfer/agent/wire"
)

// TranscodeInput names the source, what probe said of it, and the profiles wanted.
type TranscodeInput struct {
	Source   Source     `json:"source"`
	Media    media.Info `json:"media"`
	Profiles []string   `json:"profiles"`
}

// TranscodeOutput holds a rendition for each profile.
type TranscodeOutput struct {
	Renditions map[string]Rendition `json:"renditions"`
}

// A Rendition is one form of an asset, as files.
type Rendition struct {
	Profile string         `json:"profile"`
	Main    string         `json:"main"` // path of the file to open first
	Files   []wire.FileRef `json:"files"`
	Media   media.Info     `json:"media"`
	proof   string         // that all files have at least
}

func (h *Host) transcode() Function {
	return New("transcode", "Makes all wanted renditions of a file in one decode, checks them, and keeps them in the renditions' location.",
		func(ctx context.Context, c Call, in TranscodeInput) (TranscodeOutput, error) {
			var out TranscodeOutput
			outputs, err := h.outputs(in.Profiles)
			if err != nil {
				return out, err
			}
			b, err := h.bench(ctx, c, in.Source)
			if err != nil {
				return out, err
			}
			defer b.clear()
			name := stem(b.asset.Name)
			results, err := h.Media.Transcode(ctx, b.file, in.Media, b.dir, outputs, mediaProgress(c, strings.Join(in.Profiles, ", ")))
			if err != nil {
				return out, unreadable(err)
			}
			out.Renditions = map[string]Rendition{}
			for _, result := range results {
				under := path.Join(renditionsFolder(b.asset), result.Profile)
				files, err := h.Files.Keep(ctx, c.Key, b.dir, items(result, under, name), b.to, c.Progress)
				if err != nil {
					return out, err
				}
				out.Renditions[result.Profile] = Rendition{
					Profile: result.Profile, Main: path.Join(under, finalName(result, result.Main, name)), Files: refs(files), Media: result.Info, proof: weakest(files),
				}
			}
			return out, h.register(ctx, b.asset, b.to, out.Renditions)
		})
}

// items says where each file of a rendition is kept.
func items(r media.Result, under, name string) []Item {
	list := make([]Item, len(r.Files))
	for i, f := range r.Files {
		list[i] = Item{From: f.Path, To: path.Join(under, finalName(r, f.Path, name))}
	}
	return list
}

// finalName names a single file after the asset; the files of a ladder, which name
// each other, keep their names.
func finalName(r media.Result, file, name string) string {
	if folder, rest, ok := strings.Cut(file, "/"); ok && folder == r.Profile {
		return rest
	}
	return name + path.Ext(file)
}

func (h *Host) outputs(profiles []string) ([]media.Output, error) {
	outputs := make([]media.Output, 0, len(profiles))
	for _, wanted := range profiles {
		profile, ok := h.Resources.Current().Profiles[wanted]
		if !ok {
			return nil, &Fault{Type: "configuration", Status: 400, Title: fmt.Sprintf("there is no Profile %q", wanted), Detail: "apply a Profile of that name, or correct the workflow"}
		}
		outputs = append(outputs, media.Output{Profile: profile})
	}
	return outputs, nil
}

// register writes the renditions and their copies into the catalogue. Copies of an
// earlier form of a rendition, which it no longer consists of, are forgotten.
func (h *Host) register(ctx context.Context, asset catalog.Asset, at resources.Location, renditions map[string]Rendition) error {
	return h.Store.Write(ctx, func(ctx context.Context, tx catalog.Tx) error {
		for _, r := range renditions {
			if err := h.registerOne(ctx, tx, asset, at, r); err != nil {
				return err
			}
		}
		return nil
	})
}

func (h *Host) registerOne(ctx context.Context, tx catalog.Tx, asset catalog.Asset, at resources.Location, r Rendition) error {
	now := h.Now()
	facts, err := json.Marshal(r.Media)
	if err != nil {
		return err
	}
	total := int64(0)
	for _, f := range r.Files {
		total += f.Size
	}
	rendition, err := tx.PutRendition(ctx, catalog.Rendition{
		ID: catalog.NewID(catalog.PrefixRendition, now), AssetID: asset.ID, Profile: r.Profile, Path: r.Main, Files: len(r.Files), Size: total, Facts: facts, CreatedAt: now,
	})
	if err != nil {
		return err
	}
	kept := map[string]bool{}
	for _, f := range r.Files {
		c, err := tx.PutCopy(ctx, catalog.Copy{
			ID: catalog.NewID(catalog.PrefixCopy, now), AssetID: asset.ID, RenditionID: rendition.ID, Location: f.Location, Path: f.Path, Size: f.Size,
			Digests: f.Digests, Proof: r.proof, Tier: at.Tier, Kind: catalog.CopyWork, VerifiedAt: now,
		})
		if err != nil {
			return err
		}
		kept[c.ID] = true
	}
	all, err := sources(ctx, tx.Reader, rendition.ID)
	if err != nil {
		return err
	}
	for _, c := range all {
		if !kept[c.ID] && c.Kind == catalog.CopyWork {
			if err := tx.RemoveCopy(ctx, c.ID); err != nil {
				return err
			}
		}
	}
	return nil
}

// renditionsFolder keeps what belongs to an asset together.
func renditionsFolder(a catalog.Asset) string { return "renditions/" + a.ID }

// stem is a file's name without its ending. A name that is all ending is its own.
func stem(name string) string {
	if s := strings.TrimSuffix(name, path.Ext(name)); s != "" {
		return s
	}
	return name
}
