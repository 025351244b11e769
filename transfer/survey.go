package transfer

import (
	"cmp"
	"context"
	"sync"

	"gantry/connectors"
	"gantry/transfer/journal"
)

// survey has those destinations find out which digests they compute that can only tell so
// by a trial, before it is planned how the copies are proved.
func (r *run) survey(ctx context.Context, todo []Destination) {
	missing := make([]string, len(todo))
	var group sync.WaitGroup
	for i, to := range todo {
		if s, ok := connectors.As[connectors.Surveyor](to.Place); ok && r.worthSurvey(to) {
			group.Go(func() { missing[i] = s.Survey(ctx, r.plan().Size) })
		}
	}
	group.Wait()
	for i, to := range todo {
		if missing[i] == "" {
			continue
		}
		if r.missing == nil {
			r.missing = map[journal.Target]string{}
		}
		r.missing[to.target()] = missing[i]
	}
}

// worthSurvey is false where the answer would not be asked for: of a file that grows, whose
// parts are read back as they arrive, of a copy that is to be read in any case, and where a
// probe has found the place's digests wrong, or none.
func (r *run) worthSurvey(to Destination) bool {
	if r.growth != nil || cmp.Or(to.Verify, r.job.Verify) == VerifyReadback {
		return false
	}
	return to.Profile == nil || wrongDigests(*to.Profile) == "" && foundAny(*to.Profile)
}

// planProof plans for the file of the run. The parts of one that grows are read back as
// they arrive, so that nothing has to be computed where that is worth it for large files.
func (r *run) planProof(to Destination) ProofPlan {
	size := r.plan().Size
	if r.growth != nil {
		size = 0
	}
	return planProof(to, r.job.Verify, size, r.missing[to.target()], r.job.algorithms()...)
}
