package journal

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
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
		b, err := openBriefs(filepath.Join(dir, "briefs"))
		if err != nil {
			t.Fatal(err)
		}
		defer b.close()
		n := 0
		b.each(finished, func(r *record) bool {
			if r.job != fmt.Sprint("job-", n) || string(r.value) != fmt.Sprintf(`"receipt %d"`, n) {
				t.Fatalf("record %d is %s: %s", n, r.job, r.value)
			}
			n++
			return true
		})
		if n == jobs {
			t.Fatal("the damage was not found")
		}
		b.expect("next", finished)
		if err := b.write([]*record{{kind: finished, job: "next", value: []byte("1")}}); err != nil || b.read("next") == nil {
			t.Fatalf("what comes next is lost: %v", err)
		}
	})
}

func FuzzReadRecord(f *testing.F) {
	f.Add((&record{kind: finished, job: "a", value: []byte("1")}).append(nil))
	f.Fuzz(func(t *testing.T, data []byte) {
		r, ok := readRecord(strings.NewReader(string(data)))
		if ok && string(r.append(nil)) != string(data[:r.size()]) {
			t.Errorf("%+v is read from %q", r, data)
		}
	})
}
