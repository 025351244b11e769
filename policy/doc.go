// Package policy decides, and says why: pure functions from facts to decisions, governed by rules that people write as documents.
//
// A rule's condition is an expression of CEL (the Common Expression Language) over typed facts. A policy is compiled once, and refused as a whole if
// any of its rules is wrong, with the place in the document and in the expression. Compiled policies do not change, and may be used from many
// goroutines at once.
//
// # Promises
//
//   - No I/O, no clock, no randomness: the same facts give the same decision.
//   - Rules are asked in the order of the document; the first that holds decides. The decision names it, its reason, and the facts that were looked at.
//   - A rule that cannot be evaluated is an error that names it, never a decision.
//   - An expression cannot run away: its cost is estimated when the policy is loaded, and limited while it runs.
//
// # Kinds
//
//   - TieringPolicy: the tier that an asset goes to when it is taken in.
//
// README.md says how to add another.
package policy
