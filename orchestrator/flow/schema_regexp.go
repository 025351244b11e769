package flow

import (
	"regexp"
	"time"

	"github.com/dlclark/regexp2"
	"github.com/santhosh-tekuri/jsonschema/v6"
)

// compileRegexp prefers the engine that takes linear time; look-arounds and back references of
// ECMA-262 need the other one.
func compileRegexp(s string) (jsonschema.Regexp, error) {
	if re, err := regexp.Compile(s); err == nil {
		return re, nil
	}
	re, err := regexp2.Compile(s, regexp2.ECMAScript)
	if err != nil {
		return nil, err
	}
	re.MatchTimeout = regexpTimeout
	return ecmaRegexp{re}, nil
}

type ecmaRegexp struct{ re *regexp2.Regexp }

func (r ecmaRegexp) String() string { return r.re.String() }

func (r ecmaRegexp) MatchString(s string) bool {
	matched, err := r.re.MatchString(s)
	return err == nil && matched
}

// regexpTimeout stops a pattern of a schema that backtracks without end; the value then counts as
// one that does not match.
const regexpTimeout = 200 * time.Millisecond
