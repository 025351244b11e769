package flow

import (
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/itchyny/gojq"
)

// allowed are jq's builtins that give the same value each time, wherever they run: nothing of the
// clock, the time zone, the environment, files, further inputs or the process.
var allowed = set(`
	abs acos acosh add all any arrays ascii ascii_downcase ascii_upcase asin asinh atan atan2 atanh
	booleans bsearch capture cbrt ceil combinations contains copysign cos cosh del delpaths drem
	empty endswith erf erfc error exp exp10 exp2 explode expm1 fabs fdim finites first flatten floor
	fma fmax fmin fmod format frexp from_entries fromdate fromdateiso8601 fromjson gamma getpath
	gmtime group_by gsub has hypot implode in index indices infinite inside isempty isfinite
	isinfinite isnan isnormal iterables j0 j1 jn join keys last ldexp length lgamma limit log log10
	log1p log2 logb ltrim ltrimstr map map_values match max max_by min min_by mktime modf nan
	nearbyint nextafter nexttoward normals not nth nulls numbers objects path paths pick pow range
	recurse remainder repeat reverse rindex rint round rtrim rtrimstr scalars scalb scalbln scan
	select setpath significand sin sinh skip sort sort_by split splits sqrt startswith strftime
	strings strptime sub tan tanh test tgamma to_entries toboolean todate todateiso8601 tojson
	tonumber tostring transpose trim trimstr trunc type unique unique_by until utf8bytelength values
	walk while with_entries y0 y1 yn IN INDEX JOIN`)

// refused are the other names that people know, with what to do instead.
var refused = map[string]string{
	"now":               "use $workflow.startedAt or $task.startedAt",
	"localtime":         "use gmtime",
	"strflocaltime":     "use strftime",
	"env":               "pass the value in as input",
	"$ENV":              "pass the value in as input",
	"input":             "the input is .",
	"inputs":            "the input is .",
	"debug":             "leave it out",
	"stderr":            "leave it out",
	"halt":              "use a raise task",
	"halt_error":        "use a raise task",
	"input_line_number": "leave it out",
	"input_filename":    "leave it out",
	"fromstream":        "use reduce or foreach",
	"tostream":          "use paths and getpath",
	"truncate_stream":   "use paths and getpath",
}

func set(words string) map[string]bool {
	m := map[string]bool{}
	for _, w := range strings.Fields(words) {
		m[w] = true
	}
	return m
}

// usage is what a query refers to.
type usage struct {
	names   map[string]bool // functions and variables
	defined map[string]bool // functions, parameters and variables that it defines
	imports bool
}

// walkQuery finds all names in a query by walking its syntax tree.
func walkQuery(q *gojq.Query) usage {
	u := usage{names: map[string]bool{}, defined: map[string]bool{}}
	u.walk(reflect.ValueOf(q))
	return u
}

func (u *usage) walk(v reflect.Value) {
	switch v.Kind() {
	case reflect.Pointer:
		if v.IsNil() {
			return
		}
		switch n := v.Interface().(type) {
		case *gojq.Func:
			u.names[n.Name] = true
		case *gojq.FuncDef:
			u.defined[n.Name] = true
			for _, a := range n.Args {
				u.defined[a] = true
				u.defined[strings.TrimPrefix(a, "$")] = true
			}
		case *gojq.Pattern:
			u.defined[n.Name] = true
		case *gojq.PatternObject:
			u.defined[n.Key] = true // {$name} binds $name
		case *gojq.ObjectKeyVal:
			if strings.HasPrefix(n.Key, "$") { // {$name} reads $name
				u.names[n.Key] = true
			}
		case *gojq.Import:
			u.imports = true
		}
		u.walk(v.Elem())
	case reflect.Struct:
		for i := range v.NumField() {
			u.walk(v.Field(i))
		}
	case reflect.Slice:
		for i := range v.Len() {
			u.walk(v.Index(i))
		}
	}
}

// check refuses what an expression must not use. A forbidden builtin is refused even where the
// expression defines a function of that name.
func (u usage) check(vars []string) error {
	if u.imports {
		return errors.New("jq: modules cannot be imported")
	}
	for _, name := range slices.Sorted(maps.Keys(u.names)) {
		if instead, ok := refused[name]; ok {
			return fmt.Errorf("jq: %s is not allowed, an expression must give the same value each time: %s", name, instead)
		}
		if allowed[name] || u.defined[name] && !strings.HasPrefix(name, "_") {
			continue
		}
		if bare, isVar := strings.CutPrefix(name, "$"); isVar {
			if !slices.Contains(vars, bare) {
				return undefinedVariable(bare, vars)
			}
			continue
		}
		if hint := didYouMean(name, slices.Sorted(maps.Keys(allowed))); hint != "" {
			return fmt.Errorf("jq: there is no function %s: %s", name, hint)
		}
		return fmt.Errorf("jq: there is no function %s", name)
	}
	return nil
}

func undefinedVariable(name string, vars []string) error {
	available := make([]string, len(vars))
	for i, v := range vars {
		available[i] = "$" + v
	}
	return fmt.Errorf("jq: $%s is not available here; there are %s", name, strings.Join(available, ", "))
}
