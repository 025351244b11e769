package api

import (
	"path"
	"reflect"
	"strings"

	"github.com/danielgtaylor/huma/v2"
)

// schemaName gives each type a name of its own in the description: those that are
// not the API's or the catalogue's carry their package's, as WireEvent does.
func schemaName(t reflect.Type, hint string) string {
	name := huma.DefaultSchemaNamer(t, hint)
	for t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice {
		t = t.Elem()
	}
	switch home := path.Base(t.PkgPath()); home {
	case ".", "api", "catalog":
		return name
	default:
		return strings.ToUpper(home[:1]) + home[1:] + name
	}
}
