// Package peers measures Gantry beside the programs that people use for the same
// work, on the same servers and the same machine: rates, the client's own CPU time
// and memory, and Gantry's ratio to the fastest of the others.
//
// Gantry proves every file before it becomes visible, the others do not: its
// figures have that in them.
package peers
