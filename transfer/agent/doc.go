// Package agent is the edge node: it watches the folders of its site, moves what has settled, and tells a hub. It has
// no inbound port, and works alone while the hub cannot be reached.
//
// Its promises:
//
//   - A version of a file that has settled on a route is moved until it is proved at its destination, and told to the
//     hub as one event: by one ID, at least once, in order. A restart at any instant changes none of this.
//   - The event and the note that the file is dealt with become durable together.
//   - A file that cannot be moved is told once for each reason, and holds no other file up.
//   - Without a hub the agent works by the last configuration that it had; events wait in the journal.
//   - An order is carried out as often as it is leased and has the same effect each time, manifest included. When its
//     lease is lost it stops.
//   - A damaged journal is set aside. That costs time, and no file: what still lies in the watched folders is read and
//     sent once more, to the same path unless the route's template has a date in it, and its event comes under the
//     same ID. Events about files that have left the folders, and that the hub did not have, are in what was set aside.
//
// The hub is spoken to in the documents of package wire; bytes are moved by package transfer.
package agent
