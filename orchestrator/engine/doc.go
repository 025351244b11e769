// Package engine runs workflows durably. It drives the pure core of package flow:
// what happens is an event, and what the core wants done becomes a job in River.
//
// The new state of a run, the events of its timeline and the jobs that follow
// commit in one transaction. A process that is killed at any instant leaves runs
// that go on where they were at the next start.
//
//   - A call is made at least once, and its result counts exactly once: the step
//     that it belongs to is open until the first result, and closed from then on.
//     Each start of a call has a fence, and a result that an older start brings is
//     dropped.
//   - A function that fails in passing (see Retry) is called again by the engine.
//     Any other failure is the workflow's to decide on.
//   - A timer fires when it is due, to the millisecond while the engine runs, and
//     at the next start if it was due before.
//   - A run ends on the version of the workflow that it began with. One whose
//     state cannot be read fails with the reason.
//
// On SQLite the engine is the only one on its database. On PostgreSQL several
// share one, and River spreads the jobs.
package engine
