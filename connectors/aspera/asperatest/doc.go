// Package asperatest has stand-ins for tests, as ascp and Aspera's servers are
// proprietary: a program that takes ascp's command line, speaks its management
// protocol and moves the bytes between this disk and a folder that plays the
// server's, and a Node API on the same folder. Both are written from IBM's public
// documents and tools, and share no code with what they test.
//
// A test binary becomes the program: its TestMain calls [Main] first.
package asperatest
