package transfer

import (
	"encoding/json"
	"reflect"
	"testing"
	"time"

	"pgregory.net/rapid"

	"gantry/connectors"
)

// A receipt is written as encoding/json would: whatever its fields hold, and whichever
// fields are added to it.
func TestReceiptsAreWrittenAsByEncodingJSON(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		var c Receipt
		fillIn(t, reflect.ValueOf(&c).Elem())
		if rapid.IntRange(0, 4).Draw(t, "usual") > 0 {
			c.Restarts, c.Removed, c.Removing = nil, time.Time{}, time.Time{}
		}
		want, wrong := json.Marshal(c)
		got, err := c.text()
		if (err == nil) != (wrong == nil) || err == nil && string(got) != string(want) {
			t.Fatalf("%s, %v\nwant %s, %v", got, err, want, wrong)
		}
	})
}

// fillIn puts something or nothing into each field.
func fillIn(t *rapid.T, v reflect.Value) {
	if rapid.IntRange(0, 3).Draw(t, "none") == 0 {
		return
	}
	if v.Type() == reflect.TypeFor[time.Time]() {
		at := time.Unix(rapid.Int64Range(-70000000000, 260000000000).Draw(t, "s"), rapid.Int64Range(0, 999_999_999).Draw(t, "ns")).UTC()
		if rapid.Bool().Draw(t, "zone") {
			at = at.In(time.FixedZone("", rapid.IntRange(-90000, 90000).Draw(t, "offset")))
		}
		v.Set(reflect.ValueOf(at))
		return
	}
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Field(i).CanSet() && v.Type().Field(i).Tag.Get("json") != "-" {
				fillIn(t, v.Field(i))
			}
		}
	case reflect.Slice:
		list := reflect.MakeSlice(v.Type(), rapid.IntRange(0, 2).Draw(t, "n"), 2)
		for i := range list.Len() {
			fillIn(t, list.Index(i))
		}
		v.Set(list)
	case reflect.Map:
		v.Set(reflect.ValueOf(connectors.Digests(rapid.MapOfN(rapid.Map(rapid.StringMatching(`[a-z0-9"é-]{0,9}`), func(s string) connectors.Algorithm { return connectors.Algorithm(s) }),
			rapid.StringMatching(`[a-f0-9]{0,16}<?`), 0, 3).Draw(t, "digests"))))
	case reflect.String:
		v.SetString(rapid.OneOf(rapid.String(), rapid.StringMatching(`[ -~]{1,9}`), rapid.Just("\xff\u2028")).Draw(t, "text"))
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Int, reflect.Int64:
		v.SetInt(rapid.Int64().Draw(t, "number"))
	}
}
