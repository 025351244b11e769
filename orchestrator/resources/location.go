package resources

import (
	"fmt"
	"net/url"
	"slices"
	"strings"

	"gantry/connectors/all"
)

// dataFolder stands for the hub's data folder in a location's URL and options.
const dataFolder = "${DATA}"

// expand puts the data folder in, escaped where it becomes part of the URL.
func (l *Location) expand(data string) {
	l.URL = strings.ReplaceAll(l.URL, dataFolder, (&url.URL{Path: data}).EscapedPath())
	for name, value := range l.Options {
		l.Options[name] = strings.ReplaceAll(value, dataFolder, data)
	}
}

// ReachedFrom tells whether the agents of a site may use the location. A folder is
// reached from its own site only: on another site's machines, the same URL is
// another folder.
func (l Location) ReachedFrom(site string) bool {
	u, err := url.Parse(l.URL)
	return err == nil && (u.Scheme != "file" || l.Site == site)
}

func (l *Location) check() error {
	if tiers := []string{"hot", "warm", "cold", "deep"}; l.Tier != "" && !slices.Contains(tiers, l.Tier) {
		return fmt.Errorf("tier is %q: write one of %s", l.Tier, strings.Join(tiers, ", "))
	}
	if roles := []string{RoleRenditions, RoleQuarantine}; l.Role != "" && !slices.Contains(roles, l.Role) {
		return fmt.Errorf("role is %q: write one of %s, or none", l.Role, strings.Join(roles, ", "))
	}
	return all.Check(l.Location)
}
