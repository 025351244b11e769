// Package growing follows a file that is still written: how long it is, and whether
// it is finished, gone, or another file by now.
//
// A file is finished by one of these rules ([Rule]):
//
//   - its writer has closed it, where the system tells who has it open, and it rests
//     for a moment;
//   - it was renamed from its temporary name to its final one;
//   - a sidecar file has come. Where one is asked for, nothing but it and a signal
//     counts;
//   - it has not changed for a time, and nobody has it open;
//   - somebody says so ([File.Finish]).
//
// One that does none of this ends in an error, as does one that shrinks, is replaced
// or is deleted. Clocks of cameras and servers are not believed: time counts from
// when a change was seen.
//
// The decisions are a pure state machine (judge) over what is seen and a given
// clock; [File] is its edge.
package growing
