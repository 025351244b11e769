// Package objectstore is a [connectors.Place] over a bucket of any store that
// speaks the object model of Amazon S3. The wire is given as a [Client]: packages
// s3 and s3compat are two of them.
//
// What a caller of either has to know:
//
//   - A file is the object whose key is the location's prefix and the path.
//     Keys that end in a slash mark folders and are passed over. Keys that
//     [connectors.CleanPath] refuses are passed over too, and reported to the
//     function that [connectors.WithPassedOver] put into the context.
//
//   - Modification times are the store's own (Traits.TimePrecision is 0), in
//     whole seconds. The time of the original is kept in the metadata "mtime",
//     in seconds since 1970, where other tools look for it.
//
//   - A version is the object's ETag, the only one that a listing has too.
//
//   - An upload whose announced size is at most [SmallSize] is kept in memory
//     and becomes one PutObject at Commit. Its one part is not durable before
//     Commit, its ID is "single", and taking it up again is KindNotFound: a
//     crash costs sending this one part again. All others are multipart uploads,
//     durable part by part.
//
//   - CRC64NVME is sent with each part and with the whole, as the caller gives
//     it, so that the store refuses anything else. Nothing is hashed twice, and
//     nothing by MD5 or SHA-256, but for what is locked at a store that knows no
//     other checksum. A store that does not know it is found out by
//     the first answers, and Traits tell so from then on.
//
//   - What a location's options ask for with every request, beyond the request
//     itself, are its [Terms]: who pays, encryption, class, tags, and the lock of
//     new objects. They are put into a request just before it is signed, whoever
//     made it.
//
//   - Locks are of versions. Remove without a version only adds a marker in a
//     bucket that keeps versions. Changing a file's class is a copy onto itself,
//     and hence a new version there.
//
//   - A listing of more than one page has several requests under way
//     (Habits.Listers), and is still a stream in byte order in bounded memory:
//     lister says how. What is wrong with one page makes the listing incomplete
//     at that place, never shorter.
//
//   - Where the store keeps no digest of the whole, ours is left beside the object
//     (Habits.State) and is told as Entry.Stated: our word, and no proof.
//
//   - There is a Copier, in parts where the object is large, and a Sweeper. There
//     is a Notifier where the location names a source of events. There is no
//     Renamer, since S3 has nothing that is one step.
//
// Nothing is retried, with two exceptions: a request that a store refuses because
// it does not know the checksum is made once more without, and a page of a listing
// that failed while others were asked for is asked for once more alone.
package objectstore
