package objectstore_test

import (
	"encoding/xml"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"gantry/connectors"
)

// A vault stands in for the archive classes of Amazon, which no free server has.
// It answers as Amazon documents it.
type vault struct {
	t *testing.T

	mu     sync.Mutex
	class  string
	status string // X-Amz-Archive-Status
	header string // X-Amz-Restore
	speed  string // of the restore under way
	days   int
	refuse string // code of the answer to an order
	orders []string
	copies []http.Header
	locked http.Header
	hidden string // XML of the lock that HEAD does not tell of
	denied string // code of the answer to who asks for the lock
}

const expiry = "Fri, 21 Dec 2035 00:00:00 GMT"

func (v *vault) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	v.mu.Lock()
	defer v.mu.Unlock()
	switch {
	case r.URL.Path != "/bucket/root/reel.mxf":
		v.fail(w, r, http.StatusNotFound, "NoSuchKey")
	case r.Method == http.MethodHead:
		for name, values := range v.locked {
			w.Header()[name] = values
		}
		v.head(w)
	case r.URL.Query().Has("retention") || r.URL.Query().Has("legal-hold"):
		v.lock(w, r)
	case r.Method == http.MethodGet && v.archived():
		v.fail(w, r, http.StatusForbidden, "InvalidObjectState")
	case r.Method == http.MethodGet:
		v.head(w)
		_, _ = io.WriteString(w, "frames")
	case r.Method == http.MethodPost && r.URL.Query().Has("restore"):
		v.restore(w, r)
	case r.Method == http.MethodPut && r.Header.Get("X-Amz-Copy-Source") != "":
		v.copies = append(v.copies, r.Header.Clone())
		if v.class = r.Header.Get("X-Amz-Storage-Class"); v.refuse != "" {
			_, _ = io.WriteString(w, errorBody(v.refuse)) // with 200
			return
		}
		_, _ = io.WriteString(w, `<CopyObjectResult><ETag>"e2"</ETag></CopyObjectResult>`)
	default:
		v.fail(w, r, http.StatusNotImplemented, "NotImplemented")
	}
}

func (v *vault) lock(w http.ResponseWriter, r *http.Request) {
	switch {
	case v.denied != "":
		v.fail(w, r, map[string]int{"AccessDenied": 403, "InvalidRequest": 400, "NotImplemented": 501, "SlowDown": 503}[v.denied], v.denied)
	case v.hidden != "" && r.URL.Query().Has("retention"):
		_, _ = io.WriteString(w, v.hidden)
	default:
		v.fail(w, r, http.StatusNotFound, "NoSuchObjectLockConfiguration")
	}
}

func (v *vault) head(w http.ResponseWriter) {
	w.Header().Set("Content-Length", "6")
	w.Header().Set("ETag", `"e"`)
	w.Header().Set("Last-Modified", "Thu, 29 Feb 2024 12:00:00 GMT")
	for name, value := range map[string]string{"X-Amz-Storage-Class": v.class, "X-Amz-Archive-Status": v.status, "X-Amz-Restore": v.header} {
		if value != "" {
			w.Header().Set(name, value)
		}
	}
}

func (v *vault) archived() bool {
	return (v.class == "GLACIER" || v.class == "DEEP_ARCHIVE" || v.status != "") && !strings.Contains(v.header, `"false"`)
}

func (v *vault) fail(w http.ResponseWriter, r *http.Request, status int, code string) {
	w.WriteHeader(status)
	if r.Method != http.MethodHead {
		_, _ = io.WriteString(w, errorBody(code))
	}
}

var rank = map[string]int{"Bulk": 1, "Standard": 2, "Expedited": 3}

func (v *vault) restore(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	v.orders = append(v.orders, string(body))
	var order struct {
		XMLName xml.Name
		Days    *int
		Tier    string `xml:"GlacierJobParameters>Tier"`
	}
	if err := xml.Unmarshal(body, &order); err != nil || order.XMLName.Local != "RestoreRequest" || rank[order.Tier] == 0 {
		v.t.Errorf("an order %q, %v", body, err)
	}
	if r.Header.Get("Content-Md5") == "" {
		v.t.Error("an order without Content-MD5")
	}
	tiering := v.class == "INTELLIGENT_TIERING"
	switch {
	case v.refuse != "":
		v.fail(w, r, http.StatusServiceUnavailable, v.refuse)
	case tiering != (order.Days == nil):
		v.fail(w, r, http.StatusBadRequest, "MalformedXML")
	case strings.Contains(v.header, `"true"`) && rank[order.Tier] <= rank[v.speed]:
		v.fail(w, r, http.StatusConflict, "RestoreAlreadyInProgress")
	case strings.Contains(v.header, `"false"`):
		v.days = *order.Days
		v.header = `ongoing-request="false", expiry-date="` + expiry + `"`
	default:
		v.header, v.speed = `ongoing-request="true"`, order.Tier
		w.WriteHeader(http.StatusAccepted)
	}
}

func (v *vault) set(f func(v *vault)) {
	v.mu.Lock()
	defer v.mu.Unlock()
	f(v)
}

// places opens both wires before a vault each.
func (v *vault) place(t *testing.T, w wire) connectors.Place {
	v.t = t
	return w.place(t, lying(t, v.ServeHTTP), nil)
}

func TestTiers(t *testing.T) {
	until := time.Date(2035, 12, 21, 0, 0, 0, 0, time.UTC)
	copied := `ongoing-request="false", expiry-date="` + expiry + `"`
	for what, test := range map[string]struct {
		class, status, restore string
		want                   connectors.Tier
	}{
		"no class":                       {"", "", "", connectors.Tier{Class: "STANDARD", State: connectors.Online}},
		"a warm class":                   {"STANDARD_IA", "", "", connectors.Tier{Class: "STANDARD_IA", State: connectors.Online}},
		"an archive that reads at once":  {"GLACIER_IR", "", "", connectors.Tier{Class: "GLACIER_IR", State: connectors.Online}},
		"a class of another store":       {"COLDLINE", "", "", connectors.Tier{Class: "COLDLINE", State: connectors.Online}},
		"archived":                       {"GLACIER", "", "", connectors.Tier{Class: "GLACIER", State: connectors.Archived}},
		"archived deep":                  {"DEEP_ARCHIVE", "", "", connectors.Tier{Class: "DEEP_ARCHIVE", State: connectors.Archived}},
		"under way":                      {"GLACIER", "", `ongoing-request="true"`, connectors.Tier{Class: "GLACIER", State: connectors.Restoring}},
		"restored, and still of a class": {"DEEP_ARCHIVE", "", copied, connectors.Tier{Class: "DEEP_ARCHIVE", State: connectors.Restored, Expires: until}},
		"tiering":                        {"INTELLIGENT_TIERING", "", "", connectors.Tier{Class: "INTELLIGENT_TIERING", State: connectors.Online}},
		"tiering, archived":              {"INTELLIGENT_TIERING", "ARCHIVE_ACCESS", "", connectors.Tier{Class: "INTELLIGENT_TIERING", State: connectors.Archived}},
		"tiering, under way":             {"INTELLIGENT_TIERING", "DEEP_ARCHIVE_ACCESS", `ongoing-request="true"`, connectors.Tier{Class: "INTELLIGENT_TIERING", State: connectors.Restoring}},
		"tiering, back again":            {"INTELLIGENT_TIERING", "", `ongoing-request="false"`, connectors.Tier{Class: "INTELLIGENT_TIERING", State: connectors.Online}},
	} {
		for _, w := range wires {
			v := &vault{class: test.class, status: test.status, header: test.restore}
			got, err := can[connectors.Tierer](t, v.place(t, w)).Tier(t.Context(), "reel.mxf")
			if err != nil || got != test.want {
				t.Errorf("%s, %s: %+v, %v; want %+v", w.name, what, got, err, test.want)
			}
		}
	}
}

func TestRestores(t *testing.T) {
	for _, w := range wires {
		t.Run(w.name, func(t *testing.T) {
			v := &vault{class: "GLACIER"}
			p := v.place(t, w)
			tierer := can[connectors.Tierer](t, p)
			order := func(o connectors.RestoreOptions, want connectors.Availability) connectors.Tier {
				t.Helper()
				got, err := tierer.Restore(t.Context(), "reel.mxf", o)
				if err != nil || got.State != want || got.Class != "GLACIER" {
					t.Errorf("restore %+v = %+v, %v; want it %s", o, got, err, want)
				}
				return got
			}
			_, err := read(p, t.Context(), "reel.mxf", 0, -1)
			isKind(t, "read what is archived", err, connectors.KindArchived, "restore it first")

			order(connectors.RestoreOptions{Days: 3, Speed: connectors.Bulk}, connectors.Restoring)
			order(connectors.RestoreOptions{Days: 3}, connectors.Restoring) // faster
			order(connectors.RestoreOptions{Days: 3}, connectors.Restoring) // the same again: a conflict
			order(connectors.RestoreOptions{Days: 3, Speed: connectors.Bulk}, connectors.Restoring)
			v.set(func(v *vault) {
				if v.speed != "Standard" || len(v.orders) != 4 {
					t.Errorf("it comes by %s after %q", v.speed, v.orders)
				}
				v.header = `ongoing-request="false", expiry-date="Fri, 14 Dec 2035 00:00:00 GMT"`
			})
			if got, err := read(p, t.Context(), "reel.mxf", 0, -1); got != "frames" {
				t.Errorf("read what is restored: %q, %v", got, err)
			}
			longer := order(connectors.RestoreOptions{Days: 10}, connectors.Restored)
			if longer.Expires.Day() != 21 || v.days != 10 {
				t.Errorf("after it was made longer: %+v, %d days", longer, v.days)
			}
		})
	}
}

func TestRestoresThatAreRefused(t *testing.T) {
	fast := connectors.RestoreOptions{Days: 1, Speed: connectors.Expedited}
	for what, test := range map[string]struct {
		vault  *vault
		o      connectors.RestoreOptions
		kind   connectors.Kind
		says   string
		orders int
	}{
		"expedited of a deep archive":     {&vault{class: "DEEP_ARCHIVE"}, fast, connectors.KindUnsupported, "standard (within 12 hours) or bulk", 0},
		"expedited of a deep access tier": {&vault{class: "INTELLIGENT_TIERING", status: "DEEP_ARCHIVE_ACCESS"}, fast, connectors.KindUnsupported, "bulk", 0},
		"no capacity":                     {&vault{class: "GLACIER", refuse: "GlacierExpeditedRetrievalNotAvailable"}, fast, connectors.KindBusy, "take standard", 1},
		"a busy store":                    {&vault{class: "GLACIER", refuse: "SlowDown"}, connectors.RestoreOptions{Days: 1}, connectors.KindBusy, "", 1},
		"no days":                         {&vault{class: "GLACIER"}, connectors.RestoreOptions{}, connectors.KindInvalid, "at least 1", 0},
		"an unknown speed":                {&vault{class: "GLACIER"}, connectors.RestoreOptions{Days: 1, Speed: "warp"}, connectors.KindInvalid, "bulk", 0},
		"nothing to restore":              {&vault{class: "STANDARD_IA"}, connectors.RestoreOptions{}, "", "", 0},
		"tiering has no days":             {&vault{class: "INTELLIGENT_TIERING", status: "ARCHIVE_ACCESS"}, connectors.RestoreOptions{Days: 7}, "", "", 1},
		"a state that nobody knows":       {&vault{class: "GLACIER", header: "perhaps"}, connectors.RestoreOptions{Days: 1}, connectors.KindOther, "perhaps", 0},
	} {
		for _, w := range wires {
			v := &vault{class: test.vault.class, status: test.vault.status, header: test.vault.header, refuse: test.vault.refuse}
			_, err := can[connectors.Tierer](t, v.place(t, w)).Restore(t.Context(), "reel.mxf", test.o)
			if test.kind == "" && err == nil {
				test.says = "" // as it should be
			} else {
				isKind(t, w.name+", "+what, err, test.kind, test.says)
			}
			if len(v.orders) != test.orders {
				t.Errorf("%s, %s: orders %q", w.name, what, v.orders)
			}
		}
	}
	for _, w := range wires {
		_, err := can[connectors.Tierer](t, (&vault{}).place(t, w)).Restore(t.Context(), "none", fast)
		isKind(t, w.name+", restore nothing", err, connectors.KindNotFound)
	}
}

func TestClassesAreChangedByACopy(t *testing.T) {
	for _, w := range wires {
		v := &vault{class: "STANDARD", locked: http.Header{
			"X-Amz-Object-Lock-Mode": {"COMPLIANCE"}, "X-Amz-Object-Lock-Retain-Until-Date": {"2035-12-21T00:00:00Z"}, "X-Amz-Object-Lock-Legal-Hold": {"ON"},
		}}
		tierer := can[connectors.Tierer](t, v.place(t, w))
		if err := tierer.SetTier(t.Context(), "reel.mxf", "DEEP_ARCHIVE"); err != nil {
			t.Fatal(err)
		}
		h := v.copies[0]
		for name, want := range map[string]string{
			"X-Amz-Storage-Class": "DEEP_ARCHIVE", "X-Amz-Copy-Source": "/bucket/root/reel.mxf", "X-Amz-Copy-Source-If-Match": `"e"`,
			"X-Amz-Metadata-Directive": "COPY", "X-Amz-Tagging-Directive": "COPY",
			"X-Amz-Object-Lock-Mode": "COMPLIANCE", "X-Amz-Object-Lock-Retain-Until-Date": "2035-12-21T00:00:00Z", "X-Amz-Object-Lock-Legal-Hold": "ON",
		} {
			if got := h.Get(name); got != want {
				t.Errorf("%s: the copy's %s is %q; want %q", w.name, name, got, want)
			}
		}
		isKind(t, w.name+", out of the archive at once", tierer.SetTier(t.Context(), "reel.mxf", "STANDARD"), connectors.KindArchived, "restore it first")
		if err := tierer.SetTier(t.Context(), "reel.mxf", "DEEP_ARCHIVE"); err != nil || len(v.copies) != 1 {
			t.Errorf("%s: to where it is: %v, %d copies", w.name, err, len(v.copies))
		}
		isKind(t, w.name+", no class", tierer.SetTier(t.Context(), "reel.mxf", "A B"), connectors.KindInvalid)
		v.set(func(v *vault) { v.class, v.refuse = "STANDARD_IA", "InternalError" })
		isKind(t, w.name+", 200 with an error", tierer.SetTier(t.Context(), "reel.mxf", "GLACIER"), connectors.KindUnavailable)
	}
}

// HEAD tells nothing of a lock to who may not ask for it: the lock is asked for, and
// no class is changed at its cost.
func TestLocksThatHEADDoesNotTell(t *testing.T) {
	for what, test := range map[string]struct {
		vault *vault
		kind  connectors.Kind
	}{
		"no lock":             {&vault{}, ""},
		"a lock":              {&vault{hidden: `<Retention><Mode>COMPLIANCE</Mode><RetainUntilDate>2035-12-21T00:00:00Z</RetainUntilDate></Retention>`}, ""},
		"a store without":     {&vault{denied: "NotImplemented"}, ""},
		"nobody may ask":      {&vault{denied: "AccessDenied"}, connectors.KindPermission},
		"nobody knows by now": {&vault{denied: "SlowDown"}, connectors.KindBusy},
	} {
		for _, w := range wires {
			v := &vault{class: "STANDARD", hidden: test.vault.hidden, denied: test.vault.denied}
			err := can[connectors.Tierer](t, v.place(t, w)).SetTier(t.Context(), "reel.mxf", "GLACIER")
			isKind(t, w.name+", "+what, err, test.kind)
			if (len(v.copies) == 1) != (test.kind == "") {
				t.Errorf("%s, %s: %d copies", w.name, what, len(v.copies))
			}
			if len(v.copies) == 0 {
				continue
			}
			h := v.copies[0]
			want := v.hidden != ""
			if (h.Get("X-Amz-Object-Lock-Mode") == "COMPLIANCE") != want || (h.Get("X-Amz-Object-Lock-Retain-Until-Date") == "2035-12-21T00:00:00Z") != want {
				t.Errorf("%s, %s: the copy is locked by %q", w.name, what, h)
			}
		}
	}
}

// A real server that has one class only says so, and keeps the file as it is.
func TestClassesOnARealServer(t *testing.T) {
	g, _ := keeper(t)
	for _, w := range wires {
		p := w.place(t, g.Endpoint, nil)
		put(t, p, w.name, []byte("small"))
		isKind(t, w.name, can[connectors.Tierer](t, p).SetTier(t.Context(), w.name, "STANDARD_IA"), connectors.KindUnsupported, "no other class")
		if got, err := read(p, t.Context(), w.name, 0, -1); got != "small" {
			t.Errorf("%s: it reads %q, %v", w.name, got, err)
		}
		if tier, err := can[connectors.Tierer](t, p).Restore(t.Context(), w.name, connectors.RestoreOptions{Days: 1}); err != nil || tier.State != connectors.Online {
			t.Errorf("%s: restore of what is online: %+v, %v", w.name, tier, err)
		}
		_, err := can[connectors.Tierer](t, p).Tier(t.Context(), "none")
		isKind(t, w.name+", tier of nothing", err, connectors.KindNotFound)
	}
}
