package resources

import (
	"maps"
	"slices"
	"strings"
)

// reached refuses a folder that is on the machines of none of the sites that would
// use it. With no site to ask, or no such location, there is nothing to say.
func (c *checker) reached(use, location string, sites []string) {
	l, ok := c.set.Locations[location]
	if !ok || len(sites) == 0 || slices.ContainsFunc(sites, l.ReachedFrom) {
		return
	}
	c.problem("%s: %s is a folder (file://) of the site %s, which the agents of %s do not reach: name a location of their site, or one that is reached over the network",
		use, KindLocation+"/"+location, l.Site, strings.Join(sites, ", "))
}

// arrivalSites are those whose agents copy originals onward: the sites of the
// locations that routes bring arrivals to.
func (s *Set) arrivalSites() []string {
	sites := map[string]bool{}
	for _, r := range s.Routes {
		if to, ok := s.Locations[r.To]; ok {
			sites[to.Site] = true
		}
	}
	return slices.Sorted(maps.Keys(sites))
}

// sitesOf are those whose agents deliver a rendition.
func (s *Set) sitesOf(profile string) []string {
	if profile == ProfileOriginal {
		return s.arrivalSites()
	}
	sites := map[string]bool{}
	for _, l := range s.Locations {
		if l.Role == RoleRenditions {
			sites[l.Site] = true
		}
	}
	return slices.Sorted(maps.Keys(sites))
}
