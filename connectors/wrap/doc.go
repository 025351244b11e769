// Package wrap puts one concern around a place: [Around] makes a place that does
// everything as the one inside, with hooks that a concern fills in as far as it
// needs them. The packages below it are such concerns: retry, throttle, meter and
// fault.
//
// A wrapper has the optional interfaces that the place inside has, and no more, if
// one asks by [connectors.As]. Wrappers can be stacked. Order matters: the outer
// one sees what the inner one makes of a call. To retry what was measured and
// slowed down, one writes retry around throttle around meter.
package wrap
