// Package schedule decides whose part goes next. Each part that a job wants to read
// from or write to an endpoint asks for a [Slot] there, so that an urgent clip
// overtakes a running transfer inside its files, and no site, destination or job is
// starved by another.
//
// A job enters the [Scheduler] with its [Work], and its [Ticket] begins when there is
// room for it. It opens a [Flow] for each endpoint and direction, acquires a slot of
// it for each part, and lets the slot pass each byte.
//
// The rules:
//   - The highest priority goes first; among equals the site, and then the job, that
//     has had the fewest bytes. A deadline raises a job's priority as its slack shrinks.
//   - An urgent part takes a slot from the lowest priority at once, the one that has
//     moved the least, or gets an extra one. While urgent parts move, lower ones of
//     the same endpoint and direction have a tenth of its rate.
//   - Nobody starves: one turn in sixteen, of slots, of bandwidth and of beginning, goes
//     to the lower one that has waited for the longest, if that is ten seconds or more.
//     Such a part is taken away once at most, and others go before one whose job has
//     lost two in a row.
//   - How many parts at once an endpoint is worth is found out: more while they bring
//     more bytes, half when it asks to slow down, three quarters when it fails.
//   - Limits of bandwidth hold for a job, a route, a site or an endpoint, by a
//     timetable, and may be changed at any time.
//
// The decisions are made by a core without a clock and without goroutines.
package schedule
