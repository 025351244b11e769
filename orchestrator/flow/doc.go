// Package flow is the workflow language: a pure, deterministic core for documents of the
// Open Workflow Specification (DSL 1.0.0 to 1.0.3, expressions in jq).
//
// Parse checks a document completely and gives an immutable Definition. A run of it is a State,
// plain JSON that survives being stored, and one function:
//
//	state, commands := flow.Advance(definition, state, event)
//
// Events say what happened outside (the start, a call's result, a timer, a cancellation).
// Commands say what has to happen outside next (calls, timers, runs of other workflows, the end).
// Whoever drives a run stores the new state and carries out the commands in one transaction;
// there is no replay, and no history that grows.
//
// Promises:
//   - Advance does no I/O, never blocks, never panics on any event or state, and takes the time
//     from Event.At alone. The same definition, state and event always give the same result.
//   - It leaves the state that it was given as it was.
//   - An event that the run does not wait for (unknown, late, repeated) changes nothing and gives
//     no command. A run that has ended ignores every event.
//   - Each key names one execution of one task in a run, is unique in it, and never changes:
//     it serves as an idempotency key. See Command.Key for its form.
//   - The work of one Advance is bounded: tasks started, instructions of expressions, size and
//     depth of values. A run that goes over faults; it does not spin.
//
// Where the specification leaves a choice, README.md says which one was taken.
package flow
