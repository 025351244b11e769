package function

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"gantry/orchestrator/catalog"
	"gantry/orchestrator/media"
	"gantry/policy"
)

// TierInput is what the rules decide on, beside the asset itself.
type TierInput struct {
	Media media.Info `json:"media"`
}

// TierOutput is the decision and the location that stands for the tier.
type TierOutput struct {
	Tier     string `json:"tier"`
	Rule     string `json:"rule"`
	Reason   string `json:"reason"`
	Location string `json:"location"`
}

func (h *Host) tier() Function {
	return New("tier", "Decides by the TieringPolicy which tier the archive copy belongs on.",
		func(ctx context.Context, c Call, in TierInput) (TierOutput, error) {
			asset, err := h.asset(ctx, c)
			if err != nil {
				return TierOutput{}, err
			}
			set := h.Resources.Current()
			names := slices.Sorted(maps.Keys(set.Tiering))
			if len(names) == 0 {
				return TierOutput{}, &Fault{Type: "configuration", Status: 400, Title: "there is no TieringPolicy", Detail: "apply one, as in configs/policies"}
			}
			decision, err := set.Tiering[names[0]].Decide(facts(asset, in.Media))
			if err != nil {
				return TierOutput{}, &Fault{Type: "configuration", Status: 400, Title: "the TieringPolicy could not decide", Detail: err.Error(), Err: err}
			}
			out := TierOutput{Tier: decision.Tier, Rule: decision.Rule, Reason: decision.Reason}
			site := set.Locations[set.Routes[asset.Route].To].Site // whose agents would write; "" = not known
			for _, name := range slices.Sorted(maps.Keys(set.Locations)) {
				l := set.Locations[name]
				if l.Tier == out.Tier && l.Role == "" && (site == "" || l.ReachedFrom(site)) {
					out.Location = name
					break
				}
			}
			if out.Location == "" {
				remedy := "set spec.tier of a Location"
				if site != "" {
					remedy += " that the agents of " + site + " reach"
				}
				return out, &Fault{Type: "configuration", Status: 400, Title: fmt.Sprintf("no location is of tier %q", out.Tier), Detail: remedy}
			}
			return out, h.note(ctx, c, func(a *catalog.Asset) { a.Tier, a.TierReason = out.Tier, out.Reason })
		})
}

// facts are what the rules may speak of.
func facts(a catalog.Asset, info media.Info) policy.Facts {
	f := policy.Facts{
		Asset:  policy.AssetFacts{Name: a.SourcePath, Site: a.Site, Route: a.Route, Size: a.Size, Digest: a.Digests["xxh128"]},
		Labels: a.Labels,
		Media: policy.MediaFacts{
			Container: info.Container, Duration: info.Duration, BitRate: info.BitRate, Timecode: info.Timecode, AudioStreams: int64(len(info.Audio)),
		},
	}
	for _, s := range info.Audio {
		if f.Media.AudioCodec == "" {
			f.Media.AudioCodec = s.Codec
		}
		f.Media.AudioChannels += int64(s.Channels)
	}
	if len(info.Video) > 0 {
		v := info.Video[0]
		f.Media.VideoCodec, f.Media.Width, f.Media.Height, f.Media.FrameRate = v.Codec, int64(v.Width), int64(v.Height), v.FPS
		f.Media.Interlaced = v.Scan == "tff" || v.Scan == "bff"
		f.Media.HDR = v.Colour.Transfer == "smpte2084" || v.Colour.Transfer == "arib-std-b67"
	}
	return f
}
