package transfer

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"gantry/connectors"
	"gantry/transfer/digest"
)

// A ProofPlan is how a copy is going to be proved, and why so. What turns out
// otherwise is in the receipt.
type ProofPlan struct {
	Proof  Proof                `json:"proof,omitempty"`  // "" = a copy there cannot be proved
	Digest connectors.Algorithm `json:"digest,omitempty"` // by which the place vouches
	Reason string               `json:"reason"`

	asked bool // the place computes the digest when it is asked
}

// PlanProof chooses the proof of a copy to a destination, for a job that wants these
// digests: the strongest that the place is good for, by what it states of itself and
// by what a probe has found out. It asks nothing of the network.
func PlanProof(d Destination, verify Verify, digests ...connectors.Algorithm) ProofPlan {
	return planProof(d, verify, unknownSize, "", digests...)
}

// unknownSize plans for a large file.
const unknownSize = -1

// planProof is PlanProof for a file of this size. missing is why the place was found to
// compute no digest, "" if it was not.
func planProof(d Destination, verify Verify, size int64, missing string, digests ...connectors.Algorithm) ProofPlan {
	_, readable := d.Place.(connectors.Source)
	if !readable {
		_, readable = connectors.As[connectors.Mover](d.Place)
	}
	_, hashes := connectors.As[connectors.Hasher](d.Place)
	l := ladder{traits: d.traits(), readable: readable, hashes: hashes, verify: cmp.Or(d.Verify, verify), wanted: digests, size: size, missing: missing}
	if d.Profile != nil {
		l.profile = *d.Profile
	}
	l.readable = l.readable && !l.traits.WriteOnly
	return l.choose()
}

// A ladder is what is known of a destination.
type ladder struct {
	traits   connectors.Traits
	readable bool
	hashes   bool
	verify   Verify
	profile  connectors.Profile // empty without a probe
	wanted   []connectors.Algorithm
	size     int64
	missing  string
}

func (l ladder) choose() ProofPlan {
	if l.verify == VerifyReadback && l.readable {
		return ProofPlan{Proof: ProofReadback, Reason: "it was asked for"}
	}
	plan, why := l.native()
	switch {
	case plan.Proof != "":
		return plan
	case l.verify == VerifySize:
		return ProofPlan{Proof: ProofSize, Reason: "it was allowed, and " + why}
	case l.readable:
		return ProofPlan{Proof: ProofReadback, Reason: why}
	case l.hashes && !l.traits.WriteOnly:
		return ProofPlan{Proof: ProofNative, asked: true, Reason: "the place cannot be read, and may know a digest"}
	default:
		return ProofPlan{Reason: why + " and cannot be read"}
	}
}

// native is the place's own digest, or why there is none that would do.
func (l ladder) native() (ProofPlan, string) {
	if wrong := wrongDigests(l.profile); wrong != "" {
		return ProofPlan{}, "a probe found the place's digests wrong: " + wrong
	}
	why := l.without()
	switch a := l.traits.WholeDigest; {
	case a == "":
	case digest.Strong(a):
		return ProofPlan{Proof: ProofNative, Digest: a, Reason: fmt.Sprintf("the place states the %s of each file that it stores", a)}, ""
	default:
		why = fmt.Sprintf("the place states a %s, which is too short for a proof", a)
	}
	if l.tooSmall() {
		return ProofPlan{}, why
	}
	a, ok := l.computed()
	if !ok && len(l.traits.Computes) > 0 {
		return ProofPlan{}, "the place computes no digest that a probe found right and that is long enough"
	}
	if !ok {
		return ProofPlan{}, why
	}
	return ProofPlan{Proof: ProofNative, Digest: a, asked: true, Reason: fmt.Sprintf("the place computes the %s of what it has stored", a)}, ""
}

// without says why a place that states no digest is not asked for one either.
func (l ladder) without() string {
	const none = "the place has no digest of its own"
	switch from := l.traits.ComputesFrom; {
	case l.missing != "":
		return none + ": " + l.missing
	case l.tooSmall():
		return "a file of this size is sooner read than digested by its place"
	case from > 0 && len(l.traits.Computes) == 0 && l.size == unknownSize:
		return none + " that is known before the first large file is sent there"
	default:
		return none
	}
}

func (l ladder) tooSmall() bool { return l.size != unknownSize && l.size < l.traits.ComputesFrom }

// computed is the digest that the place is asked for: one that the job wants anyway,
// else the one that costs the place least.
func (l ladder) computed() (connectors.Algorithm, bool) {
	good := func(a connectors.Algorithm) bool {
		return digest.Strong(a) && slices.Contains(l.traits.Computes, a) && foundRight(l.profile, a)
	}
	for _, list := range [][]connectors.Algorithm{l.wanted, l.traits.Computes} {
		if i := slices.IndexFunc(list, good); i >= 0 {
			return list[i], true
		}
	}
	return "", false
}

// wrongDigests gives what a probe says of digests that are not those of the bytes, or
// that a place repeats without having looked at them.
func wrongDigests(p connectors.Profile) string {
	for _, q := range p.Quirks {
		if q.Name == "wrong-digest" || q.Name == "echoed-digest" {
			return q.Meaning
		}
	}
	return ""
}

// foundAny tells whether a place may compute digests: a probe that asked for some has found
// one right, or there was no such probe.
func foundAny(p connectors.Profile) bool {
	answer, asked := p.Can["digests on demand"]
	return !asked || strings.HasPrefix(answer, "yes")
}

// foundRight tells whether a digest that the place computes may be believed: a probe
// that asked for digests has found this one right, or there was no such probe.
func foundRight(p connectors.Profile, a connectors.Algorithm) bool {
	answer, asked := p.Can["digests on demand"]
	return !asked || strings.HasPrefix(answer, "yes") && slices.Contains(p.Features, "digest "+string(a))
}
