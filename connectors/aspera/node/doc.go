// Package node is a client of the Node API, by which Aspera's servers list, change
// and describe files, and hand out the right to transfer them.
//
// Its calls are POSTs of JSON for the greater part. An answer of 200 may hold an
// error for each path in it; every call looks there. Secrets appear in no error,
// and no redirect is followed, so that they go to no other server.
package node
