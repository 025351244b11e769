package resources

import (
	"fmt"
	"maps"
	"slices"

	"gantry/configs/resource"
)

// check finds what the documents say of each other and is not so.
func (s *Set) check() []error {
	c := &checker{set: s}
	for _, name := range slices.Sorted(maps.Keys(s.Locations)) {
		c.subject(KindLocation, name)
		l := s.Locations[name]
		need(c, "site", KindSite, l.Site, s.Sites)
		if l.Tier != "" && l.Role == "" {
			c.reached("archive copies", name, s.arrivalSites())
		}
	}
	for _, name := range slices.Sorted(maps.Keys(s.Routes)) {
		c.subject(KindRoute, name)
		r := s.Routes[name]
		need(c, "site", KindSite, r.Site, s.Sites)
		need(c, "from", KindLocation, r.From, s.Locations)
		need(c, "to", KindLocation, r.To, s.Locations)
		c.reached("from", r.From, []string{r.Site})
		c.reached("to", r.To, []string{r.Site})
		if r.Workflow != "" {
			need(c, "workflow", KindWorkflow, r.Workflow, s.Workflows)
		}
		if r.From == r.To {
			c.problem("from and to are the same location: name another one")
		}
	}
	for _, name := range slices.Sorted(maps.Keys(s.Partners)) {
		c.subject(KindPartner, name)
		p := s.Partners[name]
		need(c, "location", KindLocation, p.Location, s.Locations)
		c.reached("location", p.Location, s.sitesOf(p.Profile))
		if p.Profile != ProfileOriginal {
			need(c, "profile", KindProfile, p.Profile, s.Profiles)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(s.Tiering))[min(1, len(s.Tiering)):] {
		c.subject(KindTiering, name)
		c.problem("there is another TieringPolicy: keep one")
	}
	return c.problems
}

// A checker collects problems about one document after the other.
type checker struct {
	set      *Set
	document Document
	problems []error
}

func (c *checker) subject(kind, name string) {
	c.document, _ = c.set.Document(kind, name)
}

func (c *checker) problem(format string, args ...any) {
	d := c.document
	message := fmt.Sprintf(format, args...)
	c.problems = append(c.problems, &resource.Problem{File: d.File, Line: d.Line, Message: d.Kind + "/" + d.Name + ": " + message})
}

func need[V any](c *checker, field, kind, name string, in map[string]V) {
	if _, ok := in[name]; !ok {
		c.problem("%s names %s/%s, which does not exist: add it or correct the name", field, kind, name)
	}
}
