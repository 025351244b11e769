package connectors

import "time"

// Traits are facts about a place that a caller plans with.
type Traits struct {
	MinPart       int64         // bytes; every part but the last is at least this long; 0 = no limit
	MaxPart       int64         // bytes; 0 = no limit
	MaxParts      int           // 0 = no limit
	MaxSize       int64         // bytes of one file; 0 = no limit
	Concurrency   int           // calls that move bytes which the place can make use of at once; 0 = not known
	Start         int           // of these, how many are worth trying from the beginning; 0 = not known
	Sequential    bool          // parts must be written one after the other, in order
	AtomicCommit  bool          // an existing file is replaced in one step
	TimePrecision time.Duration // of ModTime; 0 = the place cannot set it
	BestPart      int64         // bytes; a part that is much smaller costs more for its round trips than for its bytes; 0 = any will do
	Streamed      bool          // an upload is one request: it cannot be taken up again by its ID, nor read back before all of it is written
	EqualParts    bool          // all parts but the last have the same size
	WriteOnly     bool          // a drop box: files can be sent and not looked at afterwards
	FoldsCase     bool          // "A" and "a" are the same name
	FoldsUnicode  bool          // the composed and the decomposed form of a name are the same name
	DoubtfulLists bool          // a listing may lack files without saying so: nothing may be concluded from what is missing
	PartDigest    Algorithm     // the place checks this digest of each part on arrival; "" = none
	WholeDigest   Algorithm     // the place vouches for this digest of the whole object at commit; "" = none
	Unchecked     bool          // bytes can change on the way unnoticed: neither TLS nor SSH guards them, and no checksum need go with them
	OneStream     bool          // a large file is read best through one stream from its beginning to its end: to open it at each part costs more than the place makes of many streams
	Far           bool          // the way there and back takes 5 ms or more, as far as is known: what is read once more costs time that is the link's
	OpenStaged    bool          // what is staged can be read while more of it is written, at the pace of both alone
	Computes      []Algorithm   // the place computes these from a file's bytes when it is asked (Hasher, StagedHasher), as far as is known, the quickest first; not to be changed
	ComputesFrom  int64         // bytes; a smaller file is read sooner than the place has computed its digest. If it is not 0 and Computes is empty, a Surveyor may find some
}
