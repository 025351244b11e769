package resources

import (
	"math"

	"gantry/configs/resource"
	"gantry/orchestrator/media"
	"gantry/policy"
	"gantry/transfer/agent/naming"
	"gantry/transfer/agent/wire"
)

func empty() *Set {
	return &Set{
		Sites: map[string]Site{}, Locations: map[string]Location{}, Routes: map[string]wire.Route{},
		Partners: map[string]Partner{}, Webhooks: map[string]Webhook{}, Profiles: map[string]media.Profile{},
		QC: map[string]media.QCRules{}, Tiering: map[string]*policy.Tiering{}, Workflows: map[string]Workflow{}, at: map[ref]int{},
	}
}

// decoders turn the spec of each kind into its type.
var decoders = map[string]func(s *Set, r resource.Resource, data string) error{
	KindSite: func(s *Set, r resource.Resource, _ string) error {
		v := Site{Name: r.Name}
		return put(s.Sites, r, &v)
	},
	KindLocation: func(s *Set, r resource.Resource, data string) error {
		var v Location
		if err := r.Decode(&v); err != nil {
			return err
		}
		v.Name = r.Name
		v.expand(data)
		if err := v.check(); err != nil {
			return r.ProblemAt(r.Spec, "%v", err)
		}
		s.Locations[r.Name] = v
		return nil
	},
	KindRoute: func(s *Set, r resource.Resource, _ string) error {
		v := wire.Route{Name: r.Name}
		if err := put(s.Routes, r, &v); err != nil {
			return err
		}
		if stable := v.Settle.Stable; stable < 0 || math.IsNaN(stable) || math.IsInf(stable, 0) || v.Settle.MinSize < 0 {
			return r.ProblemAt(r.Spec, "settle: write a number of seconds and a size, from 0 on")
		}
		if err := naming.CheckPath(v.Path); err != nil {
			return r.ProblemAt(r.Spec, "path: %v", err)
		}
		if err := checkGrowing(v); err != nil {
			return r.ProblemAt(r.Spec, "growing: %v", err)
		}
		return nil
	},
	KindPartner: func(s *Set, r resource.Resource, _ string) error {
		v := Partner{Name: r.Name}
		if err := put(s.Partners, r, &v); err != nil {
			return err
		}
		if err := v.check(); err != nil {
			return r.ProblemAt(r.Spec, "%v", err)
		}
		return nil
	},
	KindWebhook: func(s *Set, r resource.Resource, _ string) error {
		v := Webhook{Name: r.Name}
		if err := put(s.Webhooks, r, &v); err != nil {
			return err
		}
		if err := v.check(); err != nil {
			return r.ProblemAt(r.Spec, "%v", err)
		}
		return nil
	},
	KindProfile: func(s *Set, r resource.Resource, _ string) error {
		v := media.NewProfile(r.Name)
		if err := put(s.Profiles, r, &v); err != nil {
			return err
		}
		if err := v.Validate(); err != nil {
			return r.ProblemAt(r.Spec, "%v", err)
		}
		return nil
	},
	KindQC: func(s *Set, r resource.Resource, _ string) error {
		v := media.NewRules(r.Name)
		if err := put(s.QC, r, &v); err != nil {
			return err
		}
		if err := v.Validate(); err != nil {
			return r.ProblemAt(r.Spec, "%v", err)
		}
		return nil
	},
	KindTiering: func(s *Set, r resource.Resource, _ string) error {
		v, err := policy.CompileTiering(r)
		if err != nil {
			return err
		}
		s.Tiering[r.Name] = v
		return nil
	},
}

func put[T any](into map[string]T, r resource.Resource, v *T) error {
	if err := r.Decode(v); err != nil {
		return err
	}
	into[r.Name] = *v
	return nil
}
