package journal

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"pgregory.net/rapid"
)

func briefJob(id string) (Job, Upload) {
	return Job{ID: id}, Upload{Target: Target{"hot", id}, ID: "upload of " + id}
}

func receiptsIn(t *testing.T, j *Journal) map[string]int {
	t.Helper()
	found := map[string]int{}
	for r, err := range j.Receipts() {
		must(t, err)
		found[string(r)]++
	}
	return found
}

// What a process leaves of brief jobs, the next one finds: those that were finished have
// their receipts, and the others are under way like any job.
func TestBriefJobsAreTakenUpByTheNextProcess(t *testing.T) {
	j := open(t, t.TempDir())
	for _, id := range []string{"done", "left", "forgotten"} {
		job, u := briefJob(id)
		must(t, j.BeginBriefly(job, u)())
		if id != "left" {
			must(t, j.FinishAtOnce(id, "receipt of "+id, u.Target))
		}
	}
	must(t, j.FinishAtOnce("sent", "receipt of sent"))
	must(t, j.Forget("forgotten"))
	for range 2 {
		j = reopen(t, j)
		if got := receiptsIn(t, j); len(got) != 2 || got[`"receipt of done"`] != 1 || got[`"receipt of sent"`] != 1 {
			t.Errorf("the receipts are %v", got)
		}
		r, err := j.Record("left")
		must(t, err)
		_, u := briefJob("left")
		if r.Job == nil || r.Uploads[u.Target].ID != u.ID || r.Receipt != nil {
			t.Errorf("what was left is %+v", r)
		}
		if r, err := j.Record("done"); err != nil || string(r.Receipt) != `"receipt of done"` || r.Job != nil {
			t.Errorf("what was done is %+v, %v", r, err)
		}
		if r, err := j.Record("forgotten"); err != nil || r.Receipt != nil || r.Job != nil {
			t.Errorf("what was forgotten is %+v, %v", r, err)
		}
	}
	must(t, j.Finish("left", "receipt of left"))
	must(t, j.Finish("done", "the later receipt"))
	j = reopen(t, j)
	if got := receiptsIn(t, j); len(got) != 3 || got[`"the later receipt"`] != 1 || got[`"receipt of left"`] != 1 {
		t.Errorf("the receipts are %v", got)
	}
	n, err := j.PruneReceipts(time.Now().Add(time.Hour))
	must(t, err)
	if left := receiptsIn(t, j); n != 3 || len(left) > 0 {
		t.Errorf("%d were pruned, and left are %v", n, left)
	}
}

// Pages that say nothing any more are removed, the oldest first, so that what they said
// does not come back.
func TestPagesAreRemovedWithTheirReceipts(t *testing.T) {
	dir := t.TempDir()
	j := open(t, dir)
	pages := func() int {
		list, err := filepath.Glob(filepath.Join(dir, "briefs", "*"))
		must(t, err)
		return len(list)
	}
	long := strings.Repeat("x", MaxValue-100)
	for n := range 3 * pageSize / MaxValue {
		must(t, j.FinishAtOnce(fmt.Sprint("job-", n), long))
	}
	if n := pages(); n < 3 {
		t.Fatalf("there are %d pages", n)
	}
	if _, err := j.PruneReceipts(time.Now().Add(time.Hour)); err != nil || pages() != 1 {
		t.Errorf("%d pages are left, %v", pages(), err)
	}
	j = reopen(t, j)
	if got := receiptsIn(t, j); len(got) > 0 {
		t.Errorf("%d receipts have come back", len(got))
	}
}

// Whatever becomes of a page, what it gives is what was written, and nothing comes after
// the damage.
func TestADamagedPageGivesNothingWrong(t *testing.T) {
	dir := t.TempDir()
	j := open(t, dir)
	quiet := slog.New(slog.DiscardHandler)
	const jobs = 50
	for n := range jobs {
		must(t, j.FinishAtOnce(fmt.Sprint("job-", n), fmt.Sprint("receipt ", n)))
	}
	must(t, j.Close())
	name := filepath.Join(dir, "briefs", "00000001.briefs")
	whole, err := os.ReadFile(name)
	must(t, err)
	rapid.Check(t, func(t *rapid.T) {
		data := append([]byte(nil), whole...)
		at := rapid.IntRange(0, len(data)-1).Draw(t, "at")
		if rapid.Bool().Draw(t, "cut") {
			data = data[:at]
		} else {
			data[at] ^= 1 << rapid.IntRange(0, 7).Draw(t, "bit")
		}
		if err := os.WriteFile(name, data, 0o600); err != nil {
			t.Fatal(err)
		}
		os.Remove(filepath.Join(dir, "briefs", "00000002.briefs"))
		damagedOnly := &Journal{dir: dir}
		reopened := func() int {
			b, err := openBriefs(filepath.Join(dir, "briefs"), quiet)
			if err != nil {
				t.Fatal(err)
			}
			damagedOnly.briefs = b
			n := 0
			err = damagedOnly.eachBrief(finished, func(r *record) bool {
				if r.job != "next" && (r.job != fmt.Sprint("job-", n) || string(r.value) != fmt.Sprintf(`"receipt %d"`, n)) {
					t.Fatalf("record %d is %s: %s", n, r.job, r.value)
				}
				n++
				return true
			})
			if err != nil {
				t.Fatal(err)
			}
			return n
		}
		n := reopened()
		if n == jobs {
			t.Fatal("the damage was not found")
		}
		b := damagedOnly.briefs
		next := &record{kind: finished, job: "next", value: []byte("1")}
		b.expect(next)
		if err := b.write([]*record{next}); err != nil {
			t.Fatal(err)
		}
		b.close()
		if again := reopened(); again != n+1 {
			t.Fatalf("%d were there, and one came; now there are %d", n, again)
		}
		damagedOnly.briefs.close()
		if now, err := os.ReadFile(name); n > 0 && (err != nil || len(now) < len(data)) {
			t.Fatalf("of the damaged file %d of %d bytes are left, %v", len(now), len(data), err)
		}
	})
}

// An error of reading is not the end of a page: there is more than was seen.
func TestAPageThatCannotBeReadIsAnError(t *testing.T) {
	bad := errors.New("input/output error")
	whole := (&record{kind: finished, job: "a", value: []byte("1")}).append(nil)
	for n := range len(whole) {
		if _, err := readRecord(io.MultiReader(bytes.NewReader(whole[:n]), iotest.ErrReader(bad))); !errors.Is(err, bad) {
			t.Errorf("after %d bytes it is %v", n, err)
		}
		want := errNoRecord
		if n == 0 {
			want = io.EOF
		}
		if _, err := readRecord(bytes.NewReader(whole[:n])); err != want {
			t.Errorf("at an end after %d bytes it is %v", n, err)
		}
	}
	j := open(t, t.TempDir())
	must(t, j.FinishAtOnce("a", "receipt"))
	must(t, os.Truncate(j.briefs.pages[0].file.Name(), 10))
	for _, err := range j.Receipts() {
		if !errors.Is(err, ErrDamaged) {
			t.Errorf("the receipts end with %v", err)
		}
	}
	if _, err := j.Record("a"); !errors.Is(err, ErrDamaged) {
		t.Errorf("the record is %v", err)
	}
}

// A receipt that the store cannot take is not there, and what was known before is.
func TestAReceiptThatIsRefusedIsNotKnown(t *testing.T) {
	j := open(t, t.TempDir())
	job, u := briefJob("a")
	must(t, j.Begin(job, u))
	must(t, j.Finish("a", "the first"))
	must(t, j.BeginBriefly(job, u)())
	if err := j.FinishAtOnce("a", strings.Repeat("x", MaxValue+1)); err == nil {
		t.Error("it is said to be written")
	}
	if r, err := j.Record("a"); err != nil || r.Uploads[u.Target].ID != u.ID {
		t.Errorf("what was begun is %+v, %v", r, err)
	}
}

// What is written of a job within one moment counts in its order.
func TestTheLatestRecordOfAJobCounts(t *testing.T) {
	j := open(t, t.TempDir())
	first, u := briefJob("a")
	second := u
	second.ID = "another upload"
	list := []*record{}
	for _, r := range []struct {
		kind  recordKind
		value any
	}{{begun, underWay{first, u}}, {forgotten, nil}, {begun, underWay{first, second}}} {
		data, err := json.Marshal(r.value)
		must(t, err)
		list = append(list, &record{kind: r.kind, job: "a", value: data})
		j.briefs.expect(list[len(list)-1])
	}
	must(t, j.briefs.write(list))
	if r, err := j.Record("a"); err != nil || r.Uploads[u.Target].ID != second.ID {
		t.Errorf("it is %+v, %v", r, err)
	}
	must(t, j.FinishAtOnce("b", "old"))
	old := j.briefs.latest("b")
	must(t, j.FinishAtOnce("b", "new"))
	must(t, j.startForgetting("b", old)())
	if r, err := j.Record("b"); err != nil || string(r.Receipt) != `"new"` {
		t.Errorf("the old one was forgotten, and now there is %s, %v", r.Receipt, err)
	}
}

// A page that could not be written is not written to again.
func TestAPageThatFailsIsLeft(t *testing.T) {
	dir := t.TempDir()
	j := open(t, dir)
	must(t, j.FinishAtOnce("a", "receipt of a"))
	page := j.briefs.pages[0]
	file := page.file
	readOnly, err := os.Open(file.Name())
	must(t, err)
	page.file = readOnly
	if err := j.FinishAtOnce("b", "receipt of b"); err == nil {
		t.Fatal("it is said to be written")
	}
	must(t, j.FinishAtOnce("c", "receipt of c"))
	if len(j.briefs.pages) != 2 {
		t.Errorf("there are %d pages", len(j.briefs.pages))
	}
	must(t, file.Close())
	j = reopen(t, j)
	if got := receiptsIn(t, j); len(got) != 2 || got[`"receipt of a"`] != 1 || got[`"receipt of c"`] != 1 {
		t.Errorf("the receipts are %v", got)
	}
}

func FuzzReadRecord(f *testing.F) {
	f.Add((&record{kind: finished, job: "a", value: []byte("1")}).append(nil))
	f.Fuzz(func(t *testing.T, data []byte) {
		r, err := readRecord(bytes.NewReader(data))
		if err == nil && string(r.append(nil)) != string(data[:r.size()]) {
			t.Errorf("%+v is read from %q", r, data)
		}
	})
}
