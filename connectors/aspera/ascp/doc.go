// Package ascp runs IBM Aspera's transfer program: where it is, what its error
// codes mean, and one session of it from its start to its end.
//
// ascp is proprietary and no part of Gantry. It never resumes by itself: whoever
// runs a session starts the next one.
package ascp
