package flow

import (
	"fmt"
	"math/big"

	"github.com/itchyny/gojq"
)

// Most instructions of jq do a bounded amount of work. The others are guarded: what may double a
// text or a list has its result measured, repetition is measured before it is done, what walks
// through a whole value has the value measured first, and no index makes an array of a size
// of its own choosing.
const (
	guardSize  = "_flow_size"
	guardWhole = "_flow_whole"
	guardPair  = "_flow_pair"
	guardIndex = "_flow_index"

	maxLength = 1 << 20 // bytes of a text, members of a list or object
)

// growing give a result that may be longer than their input.
var growing = set("add join gsub sub implode flatten format tojson tostring ascii combinations")

// walking go through the whole of their input.
var walking = set(`tojson tostring format flatten add join sort sort_by group_by unique unique_by min min_by
	max max_by contains inside index indices rindex bsearch transpose IN INDEX`)

// guardFunctions are the guards themselves. Their names begin with an underscore, which
// expressions cannot use.
func guardFunctions() []gojq.CompilerOption {
	return []gojq.CompilerOption{
		gojq.WithFunction(guardSize, 0, 0, func(v any, _ []any) any {
			if length(v) > maxLength {
				return fmt.Errorf("the result is longer than %d", maxLength)
			}
			return v
		}),
		gojq.WithFunction(guardWhole, 0, 0, func(v any, _ []any) any {
			if _, err := canonical(v); err != nil {
				return err
			}
			return v
		}),
		gojq.WithFunction(guardPair, 2, 2, func(_ any, args []any) any {
			if err := checkProduct(args[0], args[1]); err != nil {
				return err
			}
			return []any{args[0], args[1]}
		}),
		gojq.WithFunction(guardIndex, 0, 0, func(v any, _ []any) any {
			if i, ok := gojq.ToInt(v); ok && i > maxLength {
				return fmt.Errorf("index %d is larger than %d", i, maxLength)
			}
			return v
		}),
	}
}

func length(v any) int {
	switch v := v.(type) {
	case string:
		return len(v)
	case []any:
		return len(v)
	case map[string]any:
		return len(v)
	}
	return 0
}

// checkProduct refuses a repetition or a whole number that would be too long.
func checkProduct(a, b any) error {
	for _, v := range []any{a, b} {
		if m, ok := v.(map[string]any); ok {
			if _, err := canonical(m); err != nil {
				return err
			}
		}
	}
	text, isText := a.(string)
	times := b
	if !isText {
		text, isText = b.(string)
		times = a
	}
	n, isNumber := gojq.ToFloat64(times)
	if isText && isNumber && float64(len(text))*n > maxLength {
		return fmt.Errorf("the text would be longer than %d bytes", maxLength)
	}
	if bits(a)+bits(b) > maxLength {
		return fmt.Errorf("the number would be longer than %d bits", maxLength)
	}
	return nil
}

func bits(v any) int {
	if i, ok := v.(*big.Int); ok {
		return i.BitLen()
	}
	return 64
}
