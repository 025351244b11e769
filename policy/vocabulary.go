package policy

import (
	"fmt"
	"slices"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/types"
)

// fact is one thing that a rule may ask for.
type fact struct {
	typ  *cel.Type
	get  func(*Facts) any
	need bool // its zero value means that it is not known
}

// vocabulary lists the facts by object and field.
var vocabulary = map[string]map[string]fact{
	"asset": {
		"name":     {typ: cel.StringType, get: func(f *Facts) any { return f.Asset.Name }},
		"site":     {typ: cel.StringType, get: func(f *Facts) any { return f.Asset.Site }},
		"route":    {typ: cel.StringType, get: func(f *Facts) any { return f.Asset.Route }},
		"size":     {typ: cel.IntType, get: func(f *Facts) any { return f.Asset.Size }},
		"digest":   {typ: cel.StringType, get: func(f *Facts) any { return f.Asset.Digest }, need: true},
		"duration": {typ: cel.DoubleType, get: func(f *Facts) any { return f.Media.Duration }, need: true},
	},
	"media": {
		"container":     {typ: cel.StringType, get: func(f *Facts) any { return f.Media.Container }},
		"duration":      {typ: cel.DoubleType, get: func(f *Facts) any { return f.Media.Duration }, need: true},
		"bitRate":       {typ: cel.IntType, get: func(f *Facts) any { return f.Media.BitRate }},
		"timecode":      {typ: cel.StringType, get: func(f *Facts) any { return f.Media.Timecode }},
		"videoCodec":    {typ: cel.StringType, get: func(f *Facts) any { return f.Media.VideoCodec }},
		"width":         {typ: cel.IntType, get: func(f *Facts) any { return f.Media.Width }},
		"height":        {typ: cel.IntType, get: func(f *Facts) any { return f.Media.Height }},
		"frameRate":     {typ: cel.DoubleType, get: func(f *Facts) any { return f.Media.FrameRate }},
		"interlaced":    {typ: cel.BoolType, get: func(f *Facts) any { return f.Media.Interlaced }},
		"hdr":           {typ: cel.BoolType, get: func(f *Facts) any { return f.Media.HDR }},
		"audioCodec":    {typ: cel.StringType, get: func(f *Facts) any { return f.Media.AudioCodec }},
		"audioStreams":  {typ: cel.IntType, get: func(f *Facts) any { return f.Media.AudioStreams }},
		"audioChannels": {typ: cel.IntType, get: func(f *Facts) any { return f.Media.AudioChannels }},
	},
}

// units are constants for sizes in bytes.
var units = map[string]int64{
	"KB": 1e3, "MB": 1e6, "GB": 1e9, "TB": 1e12,
	"KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30, "TiB": 1 << 40,
}

// factTypes tells CEL the types of the objects, and reads their fields from *Facts.
type factTypes struct{ *types.Registry }

func (t factTypes) FindStructType(name string) (*types.Type, bool) {
	if _, ok := vocabulary[name]; ok {
		return types.NewTypeTypeWithParam(types.NewObjectType(name)), true
	}
	return t.Registry.FindStructType(name)
}

func (t factTypes) FindStructFieldNames(name string) ([]string, bool) {
	fields, ok := vocabulary[name]
	if !ok {
		return t.Registry.FindStructFieldNames(name)
	}
	return sortedKeys(fields), true
}

func (t factTypes) FindStructFieldType(object, field string) (*types.FieldType, bool) {
	fields, ok := vocabulary[object]
	if !ok {
		return t.Registry.FindStructFieldType(object, field)
	}
	known, ok := fields[field]
	if !ok {
		return nil, false
	}
	return &types.FieldType{
		Type: known.typ,
		IsSet: func(target any) bool {
			f, ok := target.(*Facts)
			return ok && !isZero(known.get(f))
		},
		GetFrom: func(target any) (any, error) {
			f, ok := target.(*Facts)
			if !ok {
				return nil, fmt.Errorf("%s.%s cannot be read from %T", object, field, target)
			}
			v := known.get(f)
			if known.need && isZero(v) {
				return nil, fmt.Errorf("%s.%s is not known: ask has(%s.%s) first", object, field, object, field)
			}
			return v, nil
		},
	}, true
}

func isZero(v any) bool {
	switch v := v.(type) {
	case string:
		return v == ""
	case int64:
		return v == 0
	case float64:
		return v == 0
	case bool:
		return !v
	}
	return false
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

// speech is how CEL sees one set of facts.
type speech struct{ facts *Facts }

func (s speech) ResolveName(name string) (any, bool) {
	switch name {
	case "asset", "media":
		return s.facts, true
	case "labels":
		return s.facts.Labels, true
	}
	return nil, false
}

func (speech) Parent() cel.Activation { return nil }
